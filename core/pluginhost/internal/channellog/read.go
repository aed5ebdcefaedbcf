package channellog

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"io/fs"
	"os"
	"slices"
	"time"
)

// Line is one line of a channel's log.
type Line struct {
	At     time.Time
	Level  string // trace, debug, info, warn, error
	Text   string
	Fields map[string]any // what stood beside the text
}

// The names hclog gives the fixed parts of a line.
const (
	keyAt     = "@timestamp"
	keyLevel  = "@level"
	keyText   = "@message"
	keyModule = "@module"
	keyCaller = "@caller"
)

// MarshalJSON writes the line as hclog does.
func (l Line) MarshalJSON() ([]byte, error) {
	all := map[string]any{keyAt: l.At.UTC().Format(time.RFC3339Nano), keyLevel: l.Level, keyText: l.Text}
	for k, v := range l.Fields {
		all[k] = v
	}
	return json.Marshal(all)
}

// parse reads a line hclog wrote; false for anything else.
func parse(raw []byte) (Line, bool) {
	if len(raw) == 0 || raw[0] != '{' {
		return Line{}, false
	}
	var all map[string]any
	if json.Unmarshal(raw, &all) != nil {
		return Line{}, false
	}
	text, isText := all[keyText].(string)
	level, hasLevel := all[keyLevel].(string)
	at, err := parseTime(all[keyAt])
	if !isText || !hasLevel || err != nil {
		return Line{}, false
	}
	for _, k := range []string{keyAt, keyLevel, keyText, keyModule, keyCaller} {
		delete(all, k)
	}
	return Line{At: at, Level: level, Text: text, Fields: all}, true
}

func parseTime(v any) (time.Time, error) {
	text, _ := v.(string)
	return time.Parse("2006-01-02T15:04:05.999999999Z07:00", text)
}

// Tail is the last n lines, oldest first.
func (l *Log) Tail(n int) ([]Line, error) {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.tail(n)
}

func (l *Log) tail(n int) ([]Line, error) {
	var out []Line // newest first
	for i := 0; i <= l.opts.Keep && len(out) < n; i++ {
		raw, err := os.ReadFile(l.aside(i)) // bounded by MaxBytes
		if errors.Is(err, fs.ErrNotExist) {
			break
		}
		if err != nil {
			return nil, err
		}
		out = backwards(raw, out, n)
	}
	slices.Reverse(out)
	return out, nil
}

// backwards appends the lines of raw from the last one until out has n.
func backwards(raw []byte, out []Line, n int) []Line {
	for len(raw) > 0 && len(out) < n {
		raw = bytes.TrimSuffix(raw, []byte("\n"))
		start := bytes.LastIndexByte(raw, '\n') + 1
		if line, ok := parse(raw[start:]); ok {
			out = append(out, line)
		}
		raw = raw[:start]
	}
	return out
}

// followerBuffer is how many lines a reader may be behind before it misses some.
const followerBuffer = 256

// Follow calls each for the last n lines and then for every new one, until ctx
// is done or each returns an error, which Follow returns.
func (l *Log) Follow(ctx context.Context, n int, each func(Line) error) error {
	fresh := make(chan Line, followerBuffer)
	l.mu.Lock()
	last, err := l.tail(n)
	l.followers[fresh] = struct{}{}
	l.mu.Unlock()
	defer func() {
		l.mu.Lock()
		defer l.mu.Unlock()
		delete(l.followers, fresh)
	}()
	if err != nil {
		return err
	}
	for _, line := range last {
		if err := each(line); err != nil {
			return err
		}
	}
	for {
		select {
		case <-ctx.Done():
			return nil
		case line := <-fresh:
			if err := each(line); err != nil {
				return err
			}
		}
	}
}
