package main

import (
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"errors"
	"io/fs"
	"os"
	"path/filepath"
	"strconv"
	"strings"

	"github.com/google/uuid"

	"github.com/uzel-hub/uzel/plugins/gis/internal/appeals"
)

// The steps of the exchanges. An answer goes out as a draft that is then sent by
// its number: a draft made twice harms nobody, and one draft cannot be sent twice.
const (
	stepLoad        = "load"
	stepSend        = "send"
	stepClose       = "close"
	stepPerform     = "perform"
	stepRedirect    = "redirect"
	stepExtend      = "extend"
	stepNotRequired = "not-required"
	stepDone        = "done"
)

// exchange is one delivery on its way, or one operation: what has to be known to
// go on with it in another process. It is the token the hub keeps.
type exchange struct {
	ID       string `json:"i"` // of the delivery; its request ids are made of it
	Step     string `json:"s"`
	Appeal   string `json:"a"`
	Answerer string `json:"w"`
	Ack      string `json:"k,omitempty"` // GIS's number of the request under way; "" = none, or not known
	// Try tells requests apart that are not repetitions of each other: it begins
	// with the hub's attempt and grows when GIS fails at one it had taken.
	Try      int    `json:"t,omitempty"`
	Sum      string `json:"x,omitempty"` // of the answer's text
	After    string `json:"d,omitempty"` // day before which nobody can have sent the answer
	Answer   string `json:"g,omitempty"` // AnswerGUID
	Number   string `json:"n,omitempty"` // the answer's
	Close    bool   `json:"c,omitempty"` // after the answer
	Planned  string `json:"p,omitempty"` // day
	Until    string `json:"u,omitempty"` // day
	Receiver string `json:"r,omitempty"`
	Comment  string `json:"m,omitempty"`
	Lost     bool   `json:"l,omitempty"` // the hub has been told that it is unknown
	// Note is what went wrong beside what was to be done.
	Code string `json:"e,omitempty"`
	Note string `json:"o,omitempty"`
}

// space is where the ids below come from.
var space = uuid.MustParse("6f1f6a52-6a0a-4c57-9f37-3f0b1a7f2c11")

// guid is always the same for the same thing, so that GIS sees a repetition as
// one.
func (x *exchange) guid(what string) string {
	return uuid.NewSHA1(space, []byte(x.ID+"/"+x.Step+"/"+what)).String()
}

func (x *exchange) message() string { return x.guid("message/" + strconv.Itoa(x.Try)) }

func (x *exchange) action(do appeals.Doing) appeals.Action {
	return appeals.Action{Transport: x.guid("action"), Appeal: x.Appeal, Answerer: x.Answerer, Do: do}
}

// next goes on to a step with a request of its own.
func (x *exchange) next(step string) { x.Step, x.Ack = step, "" }

// sumOf is a short sum of a text, its white space left aside.
func sumOf(text string) string {
	sum := sha256.Sum256([]byte(strings.Join(strings.Fields(appeals.Clean(text)), " ")))
	return hex.EncodeToString(sum[:10])
}

func (x *exchange) token() string {
	raw, err := json.Marshal(x)
	if err != nil {
		panic(err) // strings always marshal
	}
	return string(raw)
}

func exchangeOf(token string) (*exchange, bool) {
	var x exchange
	if err := json.Unmarshal([]byte(token), &x); err != nil || x.Appeal == "" || x.Step == "" {
		return nil, false
	}
	return &x, true
}

// journal keeps the exchanges of this process's deliveries in the scratch
// folder, on disk before the next step: a process that was killed goes on where
// it was. It is a cache; without it the appeal is read back.
type journal struct{ dir string }

func (j journal) path(id string) string {
	sum := sha256.Sum256([]byte(id))
	return filepath.Join(j.dir, "exchanges", hex.EncodeToString(sum[:16])+".json")
}

func (j journal) load(id string) (*exchange, bool) {
	raw, err := os.ReadFile(j.path(id))
	if err != nil {
		return nil, false
	}
	x, ok := exchangeOf(string(raw))
	return x, ok && x.ID == id
}

func (j journal) save(x *exchange) error {
	path := j.path(x.ID)
	if err := os.MkdirAll(filepath.Dir(path), 0o700); err != nil {
		return err
	}
	f, err := os.CreateTemp(filepath.Dir(path), "new-*")
	if err != nil {
		return err
	}
	_, err = f.WriteString(x.token())
	if err = errors.Join(err, f.Sync(), f.Close()); err != nil {
		return errors.Join(err, os.Remove(f.Name()))
	}
	return os.Rename(f.Name(), path)
}

func (j journal) drop(id string) error {
	err := os.Remove(j.path(id))
	if errors.Is(err, fs.ErrNotExist) {
		return nil
	}
	return err
}
