package core

import "time"

// JobID names a background job: `hub.deadlines`, or `channel.mail.resync` for
// the operation resync of the channel mail.
type JobID string

// Job (фоновая задача) is what a person has set for a job; a job without a
// record runs as it was declared.
type Job struct {
	Meta
	ID       JobID `json:"id"`
	Disabled bool  `json:"disabled"`
	// Every is the pause between the beginnings of two runs in seconds; 0: as
	// declared.
	Every int `json:"every,omitempty"`
}

// RecordKey implements Record.
func (j *Job) RecordKey() string { return string(j.ID) }

// JobOutcome is how a run of a job ended.
type JobOutcome string

const (
	JobOK          JobOutcome = "ok"
	JobFailed      JobOutcome = "failed"
	JobInterrupted JobOutcome = "interrupted" // the hub stopped while it ran
)

// JobState is how a job fares. Only the hub writes it, apart from Job, so that
// a run does not make a person's edit stale.
type JobState struct {
	Meta
	ID      JobID      `json:"id"`
	Running bool       `json:"running"`
	NextAt  *time.Time `json:"next_at,omitempty"`
	// Asked: a person wants it to run at once. Who stands in the audit.
	Asked     bool       `json:"asked,omitempty"`
	StartedAt *time.Time `json:"started_at,omitempty"` // of the run that runs, or of the last one
	EndedAt   *time.Time `json:"ended_at,omitempty"`
	Outcome   JobOutcome `json:"outcome,omitempty"` // of the last run that ended
	Code      string     `json:"code,omitempty"`    // of its error
	Text      string     `json:"text,omitempty"`    // what it says about itself, or why it failed
	Runs      int        `json:"runs"`
	Failures  int        `json:"failures"` // one after the other, up to now
}

// RecordKey implements Record.
func (s *JobState) RecordKey() string { return string(s.ID) }
