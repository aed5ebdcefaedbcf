package wire_test

import (
	"errors"
	"fmt"
	"strings"
	"testing"
	"time"
	"unicode/utf8"

	"google.golang.org/protobuf/proto"
	"google.golang.org/protobuf/types/known/timestamppb"

	"github.com/uzel-hub/uzel/api/plugin"
	pluginv1 "github.com/uzel-hub/uzel/api/plugin/v1"
	"github.com/uzel-hub/uzel/core"
	"github.com/uzel-hub/uzel/core/pluginhost/internal/wire"
)

func TestFileNamesAreMadeSafe(t *testing.T) {
	for given, want := range map[string]string{
		"письмо.pdf":                     "письмо.pdf",
		"../../etc/passwd":               "passwd",
		`C:\Users\Иван\отчёт.docx`:       "отчёт.docx",
		"":                               "файл",
		"..":                             "файл",
		"/":                              "файл",
		".bashrc":                        "bashrc",
		"a\x00b\nc.txt":                  "abc.txt",
		"фото\u202egpj.exe":              "фотоgpj.exe",
		"  имя. ":                        "имя",
		"a<b>:c?.txt":                    "abc.txt",
		"\xff\xfe.txt":                   "\uFFFD.txt",
		strings.Repeat("ё", 300) + ".md": strings.Repeat("ё", 98) + ".md",
	} {
		if got := wire.FileName(given); got != want {
			t.Errorf("FileName(%q) = %q, want %q", given, got, want)
		}
	}
}

func TestMessageKeepsWhatTheConnectorSaid(t *testing.T) {
	at := time.Date(2026, 11, 21, 10, 0, 0, 0, time.UTC)
	in := &pluginv1.Message{
		ExternalId: "<1@x>", Kind: "status", Change: "edited", About: "<0@x>", At: timestamppb.New(at), DueAt: timestamppb.New(at),
		From:    &pluginv1.Party{Kind: "person", Name: "Иван", Addresses: []*pluginv1.Address{{Kind: "email", Value: " a@b "}, {Kind: "phone"}}},
		To:      []*pluginv1.Party{{Kind: "robot", Name: "X"}},
		Subject: "Тема", Text: "Текст", Html: "<p>", Details: []byte(`{"a":1}`),
		Thread: &pluginv1.ThreadHint{External: "t", References: []string{"<0@x>", ""}, Numbers: []string{"Вх-1"}},
		Marks:  []*pluginv1.Mark{{Kind: "bounce", Reason: "почему"}, {}},
		Fields: map[string]string{"account": "12", "": "x"},
		Status: &pluginv1.Status{Delivery: "dlv_1", State: "delivered", Code: "2.0.0", Text: "OK", At: timestamppb.New(at)},
	}
	m, err := wire.Message(in, nil)
	if err != nil {
		t.Fatal(err)
	}
	want := &core.Message{
		ExternalID: "<1@x>", Kind: core.MessageStatus, Change: core.ChangeEdited, About: "<0@x>", At: at, DueAt: &at,
		From:    core.Correspondent{Kind: core.PartyPerson, Name: "Иван", Addresses: []core.Address{{Kind: core.AddressEmail, Value: "a@b"}}},
		To:      []core.Correspondent{{Name: "X"}},
		Subject: "Тема", Text: "Текст", HTML: "<p>", Details: []byte(`{"a":1}`),
		Thread: core.ThreadHint{External: "t", References: []string{"<0@x>"}, Numbers: []string{"Вх-1"}},
		Marks:  []core.Mark{{Kind: core.MarkBounce, Reason: "почему"}},
		Fields: map[string]string{"account": "12"},
		Status: &core.OutsideStatus{Delivery: "dlv_1", State: core.DeliveryDelivered, Code: "2.0.0", Text: "OK", At: at},
	}
	if got, expected := fmt.Sprintf("%+v %+v %v", *m, *m.Status, m.DueAt), fmt.Sprintf("%+v %+v %v", *want, *want.Status, want.DueAt); normal(got) != normal(expected) {
		t.Errorf("got  %s\nwant %s", got, expected)
	}
}

// normal takes the addresses of pointers out.
func normal(s string) string {
	words := strings.Fields(s)
	for i, w := range words {
		if strings.Contains(w, ":0x") {
			words[i] = w[:strings.Index(w, "0x")]
		}
	}
	return strings.Join(words, " ")
}

func TestMessagesTheHubDoesNotTake(t *testing.T) {
	for field, edit := range map[string]func(*pluginv1.Message){
		"external_id":  func(m *pluginv1.Message) { m.ExternalId = "" },
		"external_id ": func(m *pluginv1.Message) { m.ExternalId = "a\x00b" },
		"kind":         func(m *pluginv1.Message) { m.Kind = "poem" },
		"kind ":        func(m *pluginv1.Message) { m.Kind = "chat" }, // not declared
		"change":       func(m *pluginv1.Message) { m.Change = "burnt" },
		"about":        func(m *pluginv1.Message) { m.Change = "withdrawn" },
		"about ":       func(m *pluginv1.Message) { m.About = strings.Repeat("x", 1001) },
		"status":       func(m *pluginv1.Message) { m.Kind = "status" },
		"status.state": func(m *pluginv1.Message) { m.Status = &pluginv1.Status{State: "queued"} },
		"details":      func(m *pluginv1.Message) { m.Details = []byte("{") },
		"fields": func(m *pluginv1.Message) {
			m.Fields = map[string]string{}
			for i := range 201 {
				m.Fields[fmt.Sprint(i)] = "x"
			}
		},
	} {
		m := &pluginv1.Message{ExternalId: "1", Kind: "letter"}
		edit(m)
		_, err := wire.Message(m, []core.MessageKind{core.MessageLetter, core.MessageStatus})
		e, ok := errors.AsType[*core.Error](err)
		if !ok || e.Kind != core.KindInvalid || e.Field != strings.TrimSpace(field) {
			t.Errorf("%s: %v", field, err)
		}
	}
}

func TestReceiptsBecomeOutcomes(t *testing.T) {
	now := time.Date(2026, 11, 21, 10, 0, 0, 0, time.UTC)
	for name, tc := range map[string]struct {
		receipt *pluginv1.Receipt
		fault   *pluginv1.Fault
		state   core.DeliveryState
		kind    string
	}{
		"nothing said":    {receipt: nil, state: core.DeliverySent},
		"read":            {receipt: &pluginv1.Receipt{State: "read"}, state: core.DeliveryRead},
		"retry":           {receipt: &pluginv1.Receipt{State: "retry"}, state: core.DeliveryQueued},
		"nonsense":        {receipt: &pluginv1.Receipt{State: "eaten"}, kind: "unknown"},
		"our own state":   {receipt: &pluginv1.Receipt{State: "cancelled"}, kind: "unknown"},
		"fault":           {fault: &pluginv1.Fault{Kind: "rejected"}, kind: "rejected"},
		"fault in it":     {receipt: &pluginv1.Receipt{Fault: &pluginv1.Fault{Kind: "unavailable"}}, kind: "unavailable"},
		"fault of no one": {fault: &pluginv1.Fault{Kind: "mystery"}, kind: "internal"},
	} {
		o := wire.Sent("d", tc.receipt, tc.fault, now)
		kind := ""
		if o.Err != nil {
			kind = core.KindOf(o.Err).String()
		}
		if o.State != tc.state || kind != tc.kind || !o.At.Equal(now) {
			t.Errorf("%s: %+v", name, o)
		}
	}
}

func TestFaultsCrossTheLineBothWays(t *testing.T) {
	in := &core.Error{
		Kind: core.KindInvalid, Code: "a.b", Field: "f", Text: "текст", After: 3 * time.Second,
		Faults: []core.FieldFault{{Field: "x.y", Text: "не то"}},
	}
	got, ok := errors.AsType[*core.Error](wire.Error(wire.Fault(in), "op"))
	if !ok || got.Kind != in.Kind || got.Code != in.Code || got.Field != in.Field || got.Text != in.Text ||
		got.After != in.After || len(got.Faults) != 1 || got.Faults[0] != in.Faults[0] || got.Source != core.SourcePlugin {
		t.Errorf("got %+v", got)
	}
	if f := wire.Fault(errors.New("password=x")); f.GetKind() != "internal" || strings.Contains(f.GetText(), "password") {
		t.Errorf("an inner error crosses the line: %v", f)
	}
	if wire.Fault(nil) != nil || wire.Error(nil, "") != nil || wire.CallError(nil, "") != nil {
		t.Error("nothing became something")
	}
	if !wire.IsBroken(wire.CallError(plugin.Broken("x"), "op")) || wire.IsBroken(in) || wire.IsGone(in) {
		t.Error("a broken protocol is not recognised")
	}
}

func TestDescriptionsTheHubCannotUse(t *testing.T) {
	for name, d := range map[string]*pluginv1.Description{
		"schema":           {SettingsSchema: []byte("{")},
		"operation schema": {Operations: []*pluginv1.Operation{{InputSchema: []byte("{")}}},
		"schedule":         {Operations: []*pluginv1.Operation{{Schedule: "sometimes"}}},
		"schedule back":    {Operations: []*pluginv1.Operation{{Schedule: "-5m"}}},
	} {
		if _, err := wire.Manifest(d); core.KindOf(err) != core.KindInvalid {
			t.Errorf("%s: %v", name, err)
		}
	}
}

func FuzzMessage(f *testing.F) {
	seed, err := proto.Marshal(&pluginv1.Message{
		ExternalId: "1", Kind: "letter", From: &pluginv1.Party{Name: "x"}, Fields: map[string]string{"a": "b"},
		At: &timestamppb.Timestamp{Seconds: -1 << 62}, Thread: &pluginv1.ThreadHint{References: []string{"a\x00"}},
	})
	if err != nil {
		f.Fatal(err)
	}
	f.Add(seed)
	f.Fuzz(func(t *testing.T, raw []byte) {
		var in pluginv1.Message
		if proto.Unmarshal(raw, &in) != nil {
			return
		}
		m, err := wire.Message(&in, nil)
		if err != nil {
			if core.KindOf(err) != core.KindInvalid {
				t.Errorf("refused with %v", err)
			}
			return
		}
		for _, s := range append([]string{m.ExternalID, m.About, m.Subject, m.Text, m.HTML, m.From.Name, m.Thread.External}, m.Thread.References...) {
			if !utf8.ValidString(s) || strings.IndexByte(s, 0) >= 0 {
				t.Errorf("text %q was let through", s)
			}
		}
		if m.ExternalID == "" || len(m.ExternalID) > 1000 {
			t.Errorf("id %q was let through", m.ExternalID)
		}
		for k := range m.Fields {
			if k == "" || strings.IndexByte(k, 0) >= 0 {
				t.Errorf("field %q was let through", k)
			}
		}
	})
}

func FuzzFileName(f *testing.F) {
	for _, s := range []string{"a.txt", "..", `..\x`, "\x00", strings.Repeat("я.", 200)} {
		f.Add(s)
	}
	f.Fuzz(func(t *testing.T, name string) {
		got := wire.FileName(name)
		switch {
		case got == "" || len(got) > 220:
			t.Errorf("%q: length %d", name, len(got))
		case strings.ContainsAny(got, "/\\\x00\n") || got[0] == '.' || !utf8.ValidString(got):
			t.Errorf("%q became %q", name, got)
		case wire.FileName(got) != got:
			t.Errorf("%q is not final: %q", got, wire.FileName(got))
		}
	})
}
