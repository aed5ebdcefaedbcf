package sdk_test

import (
	"context"
	"encoding/json"
	"errors"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/uzel-hub/uzel/sdk"
)

// run is the connector started by a person.
func run(t *testing.T, f *fake, args ...string) (code int, stdout, stderr string) {
	t.Helper()
	var out, errs strings.Builder
	code = sdk.Run(t.Context(), connectorOf(f, nil), args, &out, &errs)
	return code, out.String(), errs.String()
}

func write(t *testing.T, name, text string) string {
	t.Helper()
	path := filepath.Join(t.TempDir(), name)
	if err := os.WriteFile(path, []byte(text), 0o600); err != nil {
		t.Fatal(err)
	}
	return path
}

func TestCheckByHand(t *testing.T) {
	f := &fake{check: func(context.Context) error { return nil }}
	for name, text := range map[string]string{"s.yaml": "name: x\npassword: sesame\nport: 1\n", "s.json": `{"name":"x","password":"sesame"}`} {
		if code, out, errs := run(t, f, "check", "--settings", write(t, name, text)); code != 0 || !strings.Contains(out, "связь есть") {
			t.Error(name, code, out, errs)
		}
	}
	f.check = func(context.Context) error { return errors.New("порт закрыт") }
	if code, _, errs := run(t, f, "check", "--settings", write(t, "s.yaml", "name: x\n")); code != 1 || !strings.Contains(errs, "порт закрыт") {
		t.Error(code, errs)
	}
	code, _, errs := run(t, f, "check", "--settings", write(t, "s.yaml", "nmae: x\nport: 0\n"))
	if code != 1 || !strings.Contains(errs, "nmae: неизвестная настройка") || !strings.Contains(errs, "port: не меньше 1") {
		t.Error(code, errs)
	}
	for _, text := range []string{"password: \"sesame\n", "password: [sesame]\n"} {
		code, _, errs = run(t, f, "check", "--settings", write(t, "s.yaml", text))
		if code != 1 || strings.Contains(errs, "sesame") {
			t.Error(code, errs)
		}
	}
	for _, args := range [][]string{{"check"}, {"check", "--settings", "/is/not/there.yaml"}} {
		if code, _, _ := run(t, f, args...); code != 1 {
			t.Error(args, code)
		}
	}
	for _, args := range [][]string{{"juggle"}, {"check", "--colour"}} {
		if code, _, _ := run(t, f, args...); code != 2 {
			t.Error(args, code)
		}
	}
	if code, out, _ := run(t, f); code != 0 || !strings.Contains(out, "Подделка") {
		t.Error(code, out)
	}
}

func TestReceiveByHandPrintsLinesAndKeepsFilesAndCursor(t *testing.T) {
	began := []string{}
	f := &fake{receive: func(ctx context.Context, after sdk.Cursor, emit sdk.Emitter) error {
		began = append(began, string(after))
		m := letter("1", sdk.Bytes("../../акт.txt", []byte("текст")), sdk.Bytes("", nil))
		m.Subject = "Лифт"
		if err := emit.Emit(ctx, m, sdk.Cursor("after 1")); err != nil {
			return err
		}
		if err := emit.Post(ctx, letter("2"), nil); err != nil {
			return err
		}
		if err := errors.Join(emit.Flush(ctx), emit.Mark(ctx, sdk.Cursor("marked"))); err != nil {
			return err
		}
		<-ctx.Done()
		return ctx.Err()
	}}
	settings, dir, cursor := write(t, "s.yaml", "name: x\n"), t.TempDir(), filepath.Join(t.TempDir(), "cursor")
	for range 2 {
		code, out, errs := run(t, f, "receive", "--once", "--idle", "30ms", "--settings", settings, "--out", dir, "--cursor", cursor)
		lines := strings.Split(strings.TrimSpace(out), "\n")
		if code != 0 || len(lines) != 2 {
			t.Fatal(code, out, errs)
		}
		var first struct {
			ExternalID string `json:"external_id"`
			Subject    string
			Files      []struct {
				Name, Path string
				Size       int
			}
		}
		if err := json.Unmarshal([]byte(lines[0]), &first); err != nil {
			t.Fatal(err)
		}
		if first.ExternalID != "1" || first.Subject != "Лифт" || len(first.Files) != 2 || filepath.Dir(first.Files[0].Path) != dir {
			t.Errorf("%+v", first)
		}
		if body, err := os.ReadFile(first.Files[0].Path); err != nil || string(body) != "текст" {
			t.Error(string(body), err)
		}
	}
	if got := strings.Join(began, "|"); got != "|marked" {
		t.Error("began at", got)
	}
}

func TestSendByHand(t *testing.T) {
	var got sdk.Dispatch
	f := &fake{send: func(_ context.Context, d sdk.Dispatch) (sdk.Receipt, error) {
		got = d
		if d.Document.Subject == "bad" {
			return sdk.Receipt{}, sdk.Rejected(errors.New("ящика нет"))
		}
		return sdk.Receipt{ExternalID: "x1", At: time.Unix(1, 0)}, nil
	}}
	settings := write(t, "s.yaml", "name: x\n")
	dispatch := write(t, "d.json", `{"purpose":"answer","document":{"subject":"s","origin_number":"5"},"to":[{"addresses":[{"kind":"email","value":"a@b.ru"}]}],"files":["act.txt"]}`)
	if err := os.WriteFile(filepath.Join(filepath.Dir(dispatch), "act.txt"), []byte("x"), 0o600); err != nil {
		t.Fatal(err)
	}
	code, out, errs := run(t, f, "send", dispatch, "--settings", settings)
	if code != 0 || !strings.Contains(out, `"external_id":"x1"`) || !strings.Contains(out, `"state":"sent"`) {
		t.Fatal(code, out, errs)
	}
	if got.Delivery == "" || got.Attempt != 1 || got.Document.OriginNumber != "5" || got.To[0].Address("email") != "a@b.ru" || len(got.Files) != 1 {
		t.Errorf("%+v", got)
	}
	if code, _, errs := run(t, f, "send", "--settings", settings, write(t, "d.json", `{"document":{"subject":"bad"}}`)); code != 1 || !strings.Contains(errs, "ящика нет") {
		t.Error(code, errs)
	}
	for _, text := range []string{`{"subject":"s"}`, `[]`, `{"files":"a"}`} {
		if code, _, _ := run(t, f, "send", write(t, "d.json", text), "--settings", settings); code != 1 {
			t.Error(text, code)
		}
	}
}

func TestTableIsPutIntoTheReadme(t *testing.T) {
	readme := write(t, "README.md", "# Подделка\n\n<!-- settings: made by describe --markdown -->\nold\n<!-- /settings -->\n\nafter\n")
	for range 2 {
		if code, _, errs := run(t, &fake{}, "describe", "--markdown", readme); code != 0 {
			t.Fatal(errs)
		}
	}
	got, err := os.ReadFile(readme)
	if err != nil {
		t.Fatal(err)
	}
	text := string(got)
	if strings.Contains(text, "old") || !strings.HasSuffix(text, "<!-- /settings -->\n\nafter\n") || strings.Count(text, "| `password` | Пароль | секрет |") != 1 {
		t.Error(text)
	}
	if code, _, _ := run(t, &fake{}, "describe", "--markdown", write(t, "README.md", "no table")); code != 1 {
		t.Error("a README without the lines was taken")
	}
}
