package rest

import (
	"encoding/json"
	"net/http"

	"github.com/uzel-hub/uzel/core/maintenance"
)

// CheckLine is one line of the answer of a check.
type CheckLine struct {
	Progress string              `json:"progress,omitempty"`
	Report   *maintenance.Report `json:"report,omitempty"`
	Error    string              `json:"error,omitempty"`
}

// systemStatus tells how the hub fares.
func (s *Server) systemStatus(c *call) (answer, error) {
	status, err := s.System.Status(c.ctx())
	return ok(status), err
}

// checkSystem shows what the check is at, line by line, and then its report.
func (s *Server) checkSystem(c *call) (answer, error) {
	w := newPatientWriter(c.w)
	w.Header().Set("Content-Type", "application/x-ndjson")
	flush := http.NewResponseController(c.w)
	lines := json.NewEncoder(w)
	say := func(line CheckLine) error {
		if err := lines.Encode(line); err != nil {
			return err
		}
		return flush.Flush()
	}
	report, err := s.System.Check(c.ctx(), func(step string) {
		say(CheckLine{Progress: step}) //nolint:errcheck // the last line tells whether anybody is there
	})
	last := CheckLine{Report: &report}
	if err != nil {
		s.Log.Error("check broken off", "request", c.id, "error", err)
		last = CheckLine{Error: problemOf(err, c.id, languageOf(c.r)).Detail}
	}
	return answer{}, say(last)
}

// backupSystem streams a copy of the hub.
func (s *Server) backupSystem(c *call) (answer, error) {
	q := c.query()
	withKey := q.flag("with_key")
	if err := q.err(); err != nil {
		return answer{}, err
	}
	w := newPatientWriter(c.w)
	w.Header().Set("Content-Type", "application/x-tar")
	return answer{}, s.System.Backup(c.ctx(), w, withKey)
}
