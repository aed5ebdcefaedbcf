package form_test

import (
	"encoding/json"
	"flag"
	"fmt"
	"os"
	"path/filepath"
	"reflect"
	"strings"
	"testing"
	"time"

	"github.com/google/jsonschema-go/jsonschema"

	"github.com/uzel-hub/uzel/sdk/internal/form"
)

var update = flag.Bool("update", false, "write the golden files")

type secret string

type mailbox struct {
	Server  string            `setting:"server" title:"Сервер" required:"true" example:"imap.yandex.ru"`
	Port    int               `setting:"port" title:"Порт" default:"993" min:"1" max:"65535"`
	Auth    string            `setting:"auth" title:"Вход" default:"password" enum:"password=Пароль,token=Ключ"`
	Pass    secret            `setting:"password" title:"Пароль" required:"true" when:"auth=password"`
	Token   secret            `setting:"token" title:"Ключ" required:"true" when:"auth=token" help:"Из кабинета"`
	Every   time.Duration     `setting:"every" title:"Период опроса" default:"5m" min:"10s" max:"24h"`
	Since   time.Time         `setting:"since" title:"Забирать письма с"`
	Rate    float64           `setting:"rate" title:"Писем в секунду" default:"0.5" max:"100"`
	Seen    bool              `setting:"seen" title:"Помечать прочитанным"`
	Own     []string          `setting:"own" title:"Свои адреса" default:"a@b.ru,c@d.ru" max:"3"`
	Level   int8              `setting:"level" title:"Уровень" enum:"1=Первый,2=Второй"`
	Headers map[string]string `setting:"headers" title:"Заголовки"`
	Hook    string            `setting:"hook_token" title:"Ключ веб-хука" required:"true" generated:"token"`
	Text    string            `setting:"text" title:"Подпись" multiline:"true" max:"20"`
	IMAP    section           `setting:"imap" title:"Приём"`
	Folders []folder          `setting:"folders" title:"Папки"`
}

type section struct {
	On   bool   `setting:"on" title:"Включён" default:"true"`
	Host string `setting:"host" title:"Узел" required:"true" when:"on=true"`
	Pass secret `setting:"password" title:"Пароль"`
	Deep string `setting:"deep" title:"Глубоко" required:"true" when:"imap.host=deep"`
}

type folder struct {
	Name string `setting:"name" title:"Имя" required:"true"`
	Pass secret `setting:"password" title:"Пароль"`
	Move string `setting:"move" title:"Переносить" enum:"yes=Да,no=Нет" default:"no"`
}

func parse(t testing.TB, v any) form.Form {
	t.Helper()
	f, err := form.Parse(reflect.TypeOf(v), reflect.TypeFor[secret]())
	if err != nil {
		t.Fatal(err)
	}
	return f
}

func TestSettingsAreDecodedWithDefaultsAndSecrets(t *testing.T) {
	var got mailbox
	faults := parse(t, mailbox{}).Decode([]byte(`{
		"server": "imap.example.org", "port": 1e2, "since": "2026-01-31", "rate": 3, "seen": true, "level": 2,
		"headers": {"X-Key": "v"}, "own": ["x@y.ru"],
		"imap": {"host": "h"},
		"folders": [{"name": "INBOX"}, {"name": "Спам", "move": "yes"}]
	}`), map[string]string{"password": "p1", "imap.password": "p2", "folders.1.password": "p3"}, &got)
	if len(faults) > 0 {
		t.Fatal(faults)
	}
	want := mailbox{
		Server: "imap.example.org", Port: 100, Auth: "password", Pass: "p1", Every: 5 * time.Minute,
		Since: time.Date(2026, 1, 31, 0, 0, 0, 0, time.UTC), Rate: 3, Seen: true, Own: []string{"x@y.ru"},
		Level: 2, Headers: map[string]string{"X-Key": "v"}, IMAP: section{On: true, Host: "h", Pass: "p2"},
		Folders: []folder{{Name: "INBOX", Move: "no"}, {Name: "Спам", Pass: "p3", Move: "yes"}},
	}
	if !reflect.DeepEqual(got, want) {
		t.Errorf("got  %+v\nwant %+v", got, want)
	}
}

func TestAllFaultsAreToldAtOnceWithPaths(t *testing.T) {
	var got mailbox
	faults := parse(t, mailbox{}).Decode([]byte(`{
		"port": 70000, "auth": "token", "every": "1s", "since": "вчера", "rate": "1", "seen": "да", "level": 300,
		"own": ["a","b","c","d", 5], "headers": {"k": 1}, "text": "двадцать один символ!", "extra": "value-of-extra",
		"imap": {"on": "no"}, "folders": [{"nmae": "x"}, 7, {"name": "a", "move": "maybe"}]
	}`), map[string]string{"folders.9.password": "top-secret", "server": "top-secret", "nothing.at.all": "top-secret"}, &got)
	texts := make([]string, len(faults))
	for i, f := range faults {
		texts[i] = f.Field + ": " + f.Text
	}
	golden(t, "faults.txt", strings.Join(texts, "\n")+"\n")
	if !reflect.DeepEqual(got, mailbox{}) {
		t.Error("the struct was set in spite of faults")
	}
}

func TestFaultsNeverTellASecret(t *testing.T) {
	f := parse(t, mailbox{})
	for _, raw := range []string{
		`{"password": 5551234, "token": {"k": "5551234"}, "folders": [{"password": ["5551234"]}]}`,
		`{"password": "5551234"`, `["5551234"]`,
	} {
		var got mailbox
		faults := f.Decode([]byte(raw), map[string]string{"port": "5551234", "folders.0.name": "5551234"}, &got)
		if len(faults) == 0 || strings.Contains(fmt.Sprint(faults), "5551234") {
			t.Error(raw, faults)
		}
	}
}

func TestMaskedSecretCountsAsMissing(t *testing.T) {
	var got mailbox
	faults := parse(t, mailbox{}).Decode([]byte(`{"server":"s","imap":{"host":"h"},"password":"***"}`), nil, &got)
	if len(faults) != 1 || faults[0].Field != "password" {
		t.Error(faults)
	}
}

func TestConditionSwitchesAFieldOff(t *testing.T) {
	cases := map[string]string{ // settings → the only fault
		`{"auth":"token","imap":{"host":"h"}}`:                              "token",
		`{"auth":"password","imap":{"host":"h"}}`:                           "password",
		`{"imap":{"host":"h"}}`:                                             "password",
		`{"auth":"token","token":"t","password":5,"imap":{"on":false}}`:     "",
		`{"auth":"token","token":"t","imap":{}}`:                            "imap.host",
		`{"auth":"token","token":"t","imap":{"host":"deep"}}`:               "imap.deep",
		`{"auth":"token","token":"t","imap":{"on":false,"host":"deep"}}`:    "",
		`{"auth":"token","token":"t","imap":{"host":"deep","deep":"down"}}`: "",
	}
	for raw, want := range cases {
		var got mailbox
		faults := parse(t, mailbox{}).Decode([]byte(`{"server":"s",`+raw[1:]), nil, &got)
		if want == "" && len(faults) == 0 {
			continue
		}
		if len(faults) != 1 || faults[0].Field != want {
			t.Errorf("%s: %v, want %s", raw, faults, want)
		}
	}
}

func TestMistakesOfTheAuthorAreNamed(t *testing.T) {
	type row struct {
		Inner []string `setting:"inner" title:"x" default:"a" min:"x"`
	}
	type wrong struct {
		NoTag    string            `title:"x"`
		Camel    string            `setting:"camelCase" title:"x"`
		Untitled string            `setting:"untitled"`
		Twice    string            `setting:"untitled" title:"x"`
		Chan     chan int          `setting:"chan" title:"x"`
		Nested   [][]string        `setting:"nested" title:"x"`
		Number   int               `setting:"number" title:"x" default:"many"`
		Range    int               `setting:"range" title:"x" default:"5" max:"3"`
		Choice   string            `setting:"choice" title:"x" enum:"a=А,b=Б" default:"c"`
		Bad      string            `setting:"bad" title:"x" enum:"a"`
		When     string            `setting:"when" title:"x" when:"nobody=1"`
		Self     string            `setting:"self" title:"x" when:"self=1"`
		Loose    string            `setting:"loose" title:"x" when:"loose"`
		Pass     secret            `setting:"pass" title:"x" default:"hunter2"`
		Flag     string            `setting:"flag" title:"x" required:"yes"`
		Made     string            `setting:"made" title:"x" generated:"magic"`
		Rows     []row             `setting:"rows" title:"x"`
		Secrets  map[string]secret `setting:"secrets" title:"x"`
	}
	_, err := form.Parse(reflect.TypeFor[wrong](), reflect.TypeFor[secret]())
	if err == nil {
		t.Fatal("accepted")
	}
	golden(t, "mistakes.txt", err.Error()+"\n")
}

func TestSchemaAndTable(t *testing.T) {
	f := parse(t, mailbox{})
	var schema any
	if err := json.Unmarshal(f.Schema(), &schema); err != nil {
		t.Fatal(err)
	}
	pretty, err := json.MarshalIndent(schema, "", "  ")
	if err != nil {
		t.Fatal(err)
	}
	golden(t, "schema.json", string(pretty)+"\n")
	golden(t, "table.md", f.Markdown())
	validator(t, f)
}

func TestSchemaAgreesWithTheDecoderOnConditions(t *testing.T) {
	f := parse(t, mailbox{})
	v := validator(t, f)
	for raw, right := range map[string]bool{
		`{"server":"s","imap":{"host":"h"},"password":"p"}`:             true,
		`{"server":"s","imap":{"host":"h"}}`:                            false,
		`{"server":"s","imap":{"host":"h"},"auth":"token"}`:             false,
		`{"server":"s","imap":{"host":"h"},"auth":"token","token":"t"}`: true,
		`{"server":"s","imap":{},"password":"p"}`:                       false,
		`{"server":"s","imap":{"on":false},"password":"p"}`:             true,
		`{"server":"s","imap":{"on":false},"password":"p","x":1}`:       false,
	} {
		var value any
		if err := json.Unmarshal([]byte(raw), &value); err != nil {
			t.Fatal(err)
		}
		var got mailbox
		faults := f.Decode([]byte(raw), nil, &got)
		if err := v.Validate(value); (err == nil) != right || (len(faults) == 0) != right {
			t.Errorf("%s: schema %v, decoder %v", raw, err, faults)
		}
	}
}

func TestEncodedValuesDecodeToTheSame(t *testing.T) {
	f := parse(t, mailbox{})
	want := mailbox{
		Server: "s", Port: 1, Auth: "token", Token: "t", Every: 90 * time.Minute, Rate: 2.5, Own: []string{"a"},
		Since: time.Date(2026, 2, 3, 4, 5, 6, 0, time.UTC), Level: 1, Headers: map[string]string{"a": "b"},
		Folders: []folder{{Name: "n", Move: "no"}}, IMAP: section{On: true, Host: "h"},
	}
	raw, err := json.Marshal(f.Encode(&want))
	if err != nil {
		t.Fatal(err)
	}
	if strings.Contains(string(raw), `"t"`) {
		t.Error("a secret was encoded")
	}
	var got mailbox
	if faults := f.Decode(raw, map[string]string{"token": "t"}, &got); len(faults) > 0 || !reflect.DeepEqual(got, want) {
		t.Errorf("%v\ngot  %+v\nwant %+v", faults, got, want)
	}
}

func validator(t testing.TB, f form.Form) *jsonschema.Resolved {
	t.Helper()
	var s jsonschema.Schema
	if err := json.Unmarshal(f.Schema(), &s); err != nil {
		t.Fatal(err)
	}
	v, err := s.Resolve(&jsonschema.ResolveOptions{ValidateDefaults: true})
	if err != nil {
		t.Fatal(err)
	}
	return v
}

func golden(t *testing.T, name, got string) {
	t.Helper()
	path := filepath.Join("testdata", name)
	if *update {
		if err := os.WriteFile(path, []byte(got), 0o644); err != nil {
			t.Fatal(err)
		}
	}
	want, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	if got != string(want) {
		t.Errorf("%s: got\n%s\nwant\n%s", name, got, want)
	}
}

// FuzzSettings: the decoder survives any input, tells no secret, and takes what
// the schema takes.
func FuzzSettings(f *testing.F) {
	f.Add(`{"server":"s","port":1,"imap":{"host":"h"}}`, "password", "sesame-5551234")
	f.Add(`{"folders":[{"name":"a"}]}`, "folders.0.password", "sesame-5551234")
	f.Add(`{"folders":[{"name":"a"}]}`, "folders.-1.password", "")
	f.Add(`{"imap":7}`, "imap.password", "x")
	f.Add(`null`, "", "")
	type plain struct {
		Text  string            `setting:"text" title:"x" required:"true" min:"2" max:"5"`
		Count int               `setting:"count" title:"x" min:"-3" max:"1e6"`
		Rate  float64           `setting:"rate" title:"x" max:"0.5"`
		On    bool              `setting:"on" title:"x"`
		Kind  string            `setting:"kind" title:"x" enum:"a=А,b=Б"`
		Names []string          `setting:"names" title:"x" max:"2"`
		Map   map[string]string `setting:"map" title:"x"`
		Rows  []folder          `setting:"rows" title:"x"`
		Group folder            `setting:"group" title:"x"`
	}
	rich, flat := parse(f, mailbox{}), parse(f, plain{})
	schema := validator(f, flat)
	f.Fuzz(func(t *testing.T, raw, path, value string) {
		var m mailbox
		faults := rich.Decode([]byte(raw), map[string]string{path: value}, &m)
		if strings.Contains(value, "sesame-") && !strings.Contains(raw+path, value) && strings.Contains(fmt.Sprint(faults), value) {
			t.Error("a fault tells the secret")
		}
		var p plain
		faults = flat.Decode([]byte(raw), nil, &p)
		var v any
		if json.Unmarshal([]byte(raw), &v) != nil || blank(v) {
			return
		}
		if err := schema.Validate(v); (err == nil) != (len(faults) == 0) {
			t.Errorf("schema: %v, decoder: %v", err, faults)
		}
	})
}

// blank tells whether v holds what counts as not given, where the schema and
// the decoder differ on purpose, or is no object at all.
func blank(v any) bool {
	switch v := v.(type) {
	case nil:
		return true
	case string:
		return v == "" || v == form.Mask || strings.Contains(v, "\uFFFD")
	case []any:
		for _, item := range v {
			if blank(item) {
				return true
			}
		}
		return len(v) == 0
	case map[string]any:
		for _, item := range v {
			if blank(item) {
				return true
			}
		}
	}
	return false
}
