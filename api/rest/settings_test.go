package rest_test

import (
	"encoding/json"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/uzel-hub/uzel/api/rest"
	"github.com/uzel-hub/uzel/core"
	"github.com/uzel-hub/uzel/core/settings"
	"github.com/uzel-hub/uzel/core/store"
)

func withFixed(c *rest.Config) {
	type limits struct {
		FileMB int `json:"file_mb"`
	}
	c.Settings.Fixed = []settings.Fixed{settings.NewFixed("limits", "Пределы приёма", limits{200}, settings.Label{Name: "file_mb", Title: "Один файл, МБ"})}
}

func TestSettingsAreListedWithSchemaAndValues(t *testing.T) {
	c := newHub(t, withFixed).administrator()
	all := read[listed[rest.SettingsSection]](c.get("/api/v1/settings").want(200)).Items
	if len(all) != len(settings.Sections())+1 || !all[len(all)-1].ReadOnly || all[0].ReadOnly {
		t.Fatalf("%+v", all)
	}
	for _, s := range all {
		var schema struct {
			Order      []string       `json:"x-order"`
			Properties map[string]any `json:"properties"`
		}
		var values map[string]any
		if json.Unmarshal(s.Schema, &schema) != nil || json.Unmarshal(s.Values, &values) != nil {
			t.Fatalf("%s: %s %s", s.ID, s.Schema, s.Values)
		}
		if len(schema.Order) != len(values) || len(schema.Properties) != len(values) {
			t.Errorf("%s: the schema has %v, the values are %s", s.ID, schema.Order, s.Values)
		}
		c.get("/api/v1/settings/" + s.ID).want(200)
		c.get("/api/v1/settings/" + s.ID + "/history").want(200)
	}
	english := read[rest.SettingsSection](c.with("Accept-Language", "en").get("/api/v1/settings/appeals").want(200))
	if english.Title != "Appeals" || !strings.Contains(string(english.Schema), "Idle time") {
		t.Errorf("%s %s", english.Title, english.Schema)
	}
}

func TestSettingsAreChangedWithHistoryAndReturned(t *testing.T) {
	c := newHub(t).administrator()
	const path = "/api/v1/settings/appeals"
	set := func(values string) rest.SettingsInput { return rest.SettingsInput{Values: json.RawMessage(values)} }
	c.put(path, set(`{"reject_reason":false,"idle_minutes":5}`)).problem(428, "request.if_match")
	c.with("If-Match", `"1"`).put(path, set(`{"reject_reason":false,"idle_minutes":20}`)).want(200)
	c.with("If-Match", `"1"`).put(path, set(`{"reject_reason":false,"idle_minutes":30}`)).problem(409, "settings.stale")

	entries := read[listed[store.Entry]](c.get(path + "/history").want(200)).Items
	if len(entries) != 2 || entries[1].Actor.ID == "" {
		t.Fatalf("%+v", entries)
	}
	want := []store.FieldChange{{Field: "idle_minutes", Before: 5.0, After: 20.0}, {Field: "reject_reason", Before: true, After: false}}
	if !slices.Equal(entries[1].Changes, want) {
		t.Errorf("%+v", entries[1].Changes)
	}

	back := read[rest.SettingsSection](c.post(path+"/revert", rest.RevertInput{Version: 1}).want(200))
	if back.Version != 3 || string(back.Values) != `{"idle_minutes":5,"reject_reason":true}` {
		t.Errorf("%d %s", back.Version, back.Values)
	}
	back = read[rest.SettingsSection](c.post(path+"/revert", rest.RevertInput{Version: 2}).want(200))
	if back.Version != 4 || string(back.Values) != `{"idle_minutes":20,"reject_reason":false}` {
		t.Errorf("%d %s", back.Version, back.Values)
	}
	c.post(path+"/revert", rest.RevertInput{Version: 9}).problem(404, "settings.version")
}

func TestAllFaultsOfSettingsComeAtOnce(t *testing.T) {
	c := newHub(t, withFixed).administrator().with("If-Match", `"1"`)
	for section, values := range map[string]map[string]string{
		"appeals": {`{"reject_reason":"yes","idle_minutes":0,"colour":1}`: "colour idle_minutes reject_reason", `{}`: "idle_minutes reject_reason", `{"reject_reason":null,"idle_minutes":null}`: "idle_minutes reject_reason"},
		"access":  {`{"idle_hours":1.5,"longest_days":400,"enter_minutes":"x","password_length":7}`: "enter_minutes idle_hours longest_days password_length"},
		"notices": {`{"email":true,"new_desk":["assigned","assigned","x"],"new_email":"all"}`: "new_desk.1 new_desk.2 new_email"},
	} {
		for body, want := range values {
			p := c.put("/api/v1/settings/"+section, rest.SettingsInput{Values: json.RawMessage(body)}).problem(400, "settings.invalid")
			var got []string
			for _, f := range p.Errors {
				got = append(got, strings.TrimPrefix(f.Field, "values."))
			}
			slices.Sort(got)
			if strings.Join(got, " ") != want {
				t.Errorf("%s: %v, want %s", body, got, want)
			}
		}
	}
	c.put("/api/v1/settings/appeals", rest.SettingsInput{Values: json.RawMessage(`[]`)}).problem(400, "settings.invalid")
	c.put("/api/v1/settings/limits", rest.SettingsInput{Values: json.RawMessage(`{"file_mb":1}`)}).problem(409, "settings.fixed")
	c.put("/api/v1/settings/nothing", rest.SettingsInput{Values: json.RawMessage(`{}`)}).problem(404, "settings.not_found")
}

func TestAShorterSessionHoldsAtOnce(t *testing.T) {
	h := newHub(t)
	c := h.administrator()
	c.with("If-Match", `"1"`).put("/api/v1/settings/access", rest.SettingsInput{
		Values: json.RawMessage(`{"idle_hours":1,"longest_days":30,"enter_minutes":60,"password_length":30}`),
	}).want(200)
	c.get("/api/v1/session").want(200)
	h.pass(61 * time.Minute)
	c.get("/api/v1/session").problem(401, "access.session")
	c.signIn("admin", password)
	c.post("/api/v1/session/password", rest.PasswordChange{Old: password, New: "совсем другой пароль"}).problem(400, "access.password")
}

func TestNewUsersHearWhatTheSettingsSay(t *testing.T) {
	h := newHub(t)
	c := h.administrator()
	c.with("If-Match", `"1"`).put("/api/v1/settings/notices", rest.SettingsInput{
		Values: json.RawMessage(`{"email":true,"new_desk":["assigned"],"new_email":["overdue"]}`),
	}).want(200)
	got := read[struct {
		User struct{ Notify core.NotificationSettings }
	}](h.clerk().get("/api/v1/session").want(200)).User.Notify
	if !slices.Equal(got.Desk, []core.Notice{core.NoticeAssigned}) || !slices.Equal(got.Email, []core.Notice{core.NoticeOverdue}) {
		t.Errorf("%+v", got)
	}
}
