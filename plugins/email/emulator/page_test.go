package emulator_test

import (
	"encoding/json"
	"net/http"
	"net/http/httptest"
	"slices"
	"strings"
	"testing"

	"github.com/uzel-hub/uzel/plugins/email/emulator"
)

// TestPageShowsAllLetters has the letters of the demonstration read by somebody
// without a mail program.
func TestPageShowsAllLetters(t *testing.T) {
	w, err := emulator.Start(emulator.Options{})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = w.Close() })
	w.AddMailbox("office@uk.test", "demo")
	letters, err := emulator.SeedLetters(emulator.DemoLetters(), "office@uk.test")
	if err != nil {
		t.Fatal(err)
	}
	for _, l := range letters {
		if err := w.Append("office@uk.test", "INBOX", l.Raw); err != nil {
			t.Fatal(err)
		}
	}
	var shown []emulator.Shown
	if err := json.Unmarshal(get(t, w.Page(), "/letters"), &shown); err != nil || len(shown) != len(letters) {
		t.Fatalf("%d letters, %v", len(shown), err)
	}
	leak := shown[0]
	if leak.Box != "office@uk.test" || !strings.Contains(leak.Subject, "Протечка с потолка") || !strings.Contains(leak.From, "Елена Сорокина") ||
		!strings.Contains(leak.Text, "снова потекло с потолка") || len(leak.Files) == 0 {
		t.Errorf("%+v", leak)
	}
	if i := slices.IndexFunc(shown, func(s emulator.Shown) bool { return strings.Contains(s.From, "Федор Ильин") }); i < 0 || !strings.Contains(shown[i].Text, "лифт") {
		t.Errorf("the letter in koi8-r is %d of %+v", i, shown)
	}
	if page := string(get(t, w.Page(), "/")); !strings.Contains(page, "Протечка с потолка") || strings.Contains(page, "<script") {
		t.Error(page)
	}
}

func get(t *testing.T, h http.Handler, path string) []byte {
	t.Helper()
	rec := httptest.NewRecorder()
	h.ServeHTTP(rec, httptest.NewRequestWithContext(t.Context(), http.MethodGet, path, nil))
	if rec.Code != http.StatusOK {
		t.Fatalf("GET %s: %d", path, rec.Code)
	}
	return rec.Body.Bytes()
}
