package rest_test

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"io"
	"maps"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"

	"github.com/uzel-hub/uzel/api/rest"
	"github.com/uzel-hub/uzel/core"
	"github.com/uzel-hub/uzel/core/maintenance"
)

// system is a hub's data that says what a test wants to hear.
type system struct {
	fails   error
	withKey bool
}

func (s *system) Check(_ context.Context, progress func(string)) (maintenance.Report, error) {
	progress("таблицы")
	return maintenance.Report{Blobs: 7, Problems: []string{}}, s.fails
}

func (s *system) Backup(_ context.Context, w io.Writer, withKey bool) error {
	s.withKey = withKey
	_, err := io.WriteString(w, strings.Repeat("копия", 100_000))
	return errors.Join(err, s.fails)
}

func (s *system) Status(context.Context) (maintenance.Status, error) {
	return maintenance.Status{Version: "1.2.3", Database: 4096, Pending: 5}, s.fails
}

func TestStatusIsForWhoReadsMetrics(t *testing.T) {
	sys := &system{}
	h := newHub(t, func(c *rest.Config) { c.System = sys })
	var got maintenance.Status
	if err := json.Unmarshal(h.administrator().get("/api/v1/system").want(200).body, &got); err != nil || got.Version != "1.2.3" || got.Pending != 5 {
		t.Errorf("status %+v, %v", got, err)
	}
	h.clerk().get("/api/v1/system").problem(403, "access.forbidden")
}

func TestCheckShowsItsStepsAndTheReport(t *testing.T) {
	sys := &system{}
	h := newHub(t, func(c *rest.Config) { c.System = sys })
	admin := h.administrator()
	lines := func() (all []rest.CheckLine) {
		for dec := json.NewDecoder(bytes.NewReader(admin.post("/api/v1/system/check", nil).body)); ; {
			var line rest.CheckLine
			if dec.Decode(&line) != nil {
				return all
			}
			all = append(all, line)
		}
	}
	if got := lines(); len(got) != 2 || got[0].Progress != "таблицы" || got[1].Report == nil || got[1].Report.Blobs != 7 {
		t.Errorf("lines %+v", got)
	}
	sys.fails = core.Unavailable("store.disk", "диск не отвечает", nil)
	if got := lines(); got[1].Error == "" || got[1].Report != nil {
		t.Errorf("a check that was broken off: %+v", got)
	}
	h.clerk().post("/api/v1/system/check", nil).problem(403, "access.forbidden")
}

func TestBackupThatFailsIsNotTakenForAWholeOne(t *testing.T) {
	sys := &system{}
	h := newHub(t, func(c *rest.Config) { c.System = sys })
	admin := h.administrator()
	if got := admin.post("/api/v1/system/backup?with_key=true", nil); len(got.body) != 1_000_000 || !sys.withKey {
		t.Errorf("%d bytes, with key: %v", len(got.body), sys.withKey)
	}
	sys.fails = errors.New("the disk is full")
	req, err := http.NewRequestWithContext(t.Context(), http.MethodPost, h.url+"/api/v1/system/backup", nil)
	if err != nil {
		t.Fatal(err)
	}
	maps.Copy(req.Header, admin.header)
	resp, err := http.DefaultClient.Do(req)
	if err == nil {
		_, err = io.Copy(io.Discard, resp.Body)
		err = errors.Join(err, resp.Body.Close())
	}
	if err == nil {
		t.Error("a copy that broke off looks whole")
	}
	h.clerk().post("/api/v1/system/backup", nil).problem(403, "access.forbidden")
}

func TestTheSocketOfTheCommandLineNeedsNoPassword(t *testing.T) {
	h := newHub(t)
	request := httptest.NewRequestWithContext(rest.FromCommandLine(t.Context()), http.MethodGet, "/api/v1/users", nil)
	answer := httptest.NewRecorder()
	h.server.ServeHTTP(answer, request)
	if answer.Code != http.StatusOK {
		t.Errorf("status %d: %s", answer.Code, answer.Body)
	}
	h.anonymous().get("/api/v1/users").problem(401, "access.none")
}
