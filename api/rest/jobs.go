package rest

import (
	"time"

	"github.com/uzel-hub/uzel/core"
	"github.com/uzel-hub/uzel/core/jobs"
)

// Job is a background job: its schedule and how it fares.
type Job struct {
	ID        core.JobID      `json:"id"`
	Title     string          `json:"title"`
	Channel   core.ChannelID  `json:"channel,omitempty"`
	Enabled   bool            `json:"enabled"`
	Every     float64         `json:"every"`    // seconds, as it counts
	Declared  float64         `json:"declared"` // seconds, as the job itself says
	Running   bool            `json:"running"`
	Asked     bool            `json:"asked"`
	NextAt    *time.Time      `json:"next_at,omitempty"`
	StartedAt *time.Time      `json:"started_at,omitempty"`
	EndedAt   *time.Time      `json:"ended_at,omitempty"`
	Took      float64         `json:"took,omitempty"` // seconds of the last run
	Outcome   core.JobOutcome `json:"outcome,omitempty"`
	Code      string          `json:"code,omitempty"`
	Text      string          `json:"text,omitempty"`
	Runs      int             `json:"runs"`
	Failures  int             `json:"failures"`
}

func showJob(st *jobs.Status) Job {
	j := Job{
		ID: st.ID, Title: st.Title, Channel: st.Owner, Enabled: !st.Setting.Disabled, Every: st.Schedule().Seconds(),
		Declared: st.Every.Seconds(), Running: st.State.Running, Asked: st.State.Asked, StartedAt: st.State.StartedAt,
		EndedAt: st.State.EndedAt, Outcome: st.State.Outcome, Code: st.State.Code, Text: st.State.Text, Runs: st.State.Runs,
		Failures: st.State.Failures,
	}
	if j.Enabled {
		j.NextAt = st.State.NextAt
	}
	if j.StartedAt != nil && j.EndedAt != nil {
		j.Took = j.EndedAt.Sub(*j.StartedAt).Seconds()
	}
	return j
}

// answerJob has an ETag only if something was ever set.
func answerJob(st *jobs.Status, err error) (answer, error) {
	if err != nil {
		return answer{}, err
	}
	if st.Setting.Version == 0 {
		return ok(showJob(st)), nil
	}
	return versioned(showJob(st), st.Setting.Version), nil
}

func (s *Server) listJobs(c *call) (answer, error) {
	all, err := s.Jobs.List(c.ctx())
	return ok(list[Job]{items(all, showJob)}), err
}

func (s *Server) getJob(c *call) (answer, error) {
	return answerJob(s.Jobs.Get(c.ctx(), core.JobID(c.param("id"))))
}

// JobInput is what a person sets for a job.
type JobInput struct {
	Enabled bool `json:"enabled"`
	Every   int  `json:"every"` // seconds; 0: as declared
}

func (s *Server) updateJob(c *call) (answer, error) {
	version, err := c.firstVersion()
	if err != nil {
		return answer{}, err
	}
	in := JobInput{Enabled: true}
	if err := c.decode(&in); err != nil {
		return answer{}, err
	}
	return answerJob(s.Jobs.Set(c.ctx(), core.Job{
		Meta: core.Meta{Version: version}, ID: core.JobID(c.param("id")), Disabled: !in.Enabled, Every: in.Every,
	}))
}

func (s *Server) runJob(c *call) (answer, error) {
	return answerJob(s.Jobs.RunNow(c.ctx(), core.JobID(c.param("id"))))
}
