// Package channellog keeps what a channel's process writes to its standard
// error, and what the hub has to say about the channel: one file a channel, a
// JSON object a line in hclog's form, rotated, with the channel's secrets
// blotted out.
package channellog

import (
	"bytes"
	"encoding/json"
	"errors"
	"io"
	"io/fs"
	"os"
	"strings"
	"sync"
	"time"
)

// Options of a log.
type Options struct {
	MaxBytes int64 // a file that grows beyond is set aside; 0 = 5 MB
	Keep     int   // how many set aside; 0 = 3
	// PerSecond bounds what is written in the long run, bytes; four times that may
	// come at once, what is more is dropped and counted. 0 = 1 MB.
	PerSecond int64
	Now       func() time.Time
}

// Log is one channel's log. It is safe for concurrent use.
type Log struct {
	path string
	opts Options

	mu        sync.Mutex
	file      *os.File
	size      int64
	blot      *blotter
	followers map[chan Line]struct{}
	lastPanic string

	allowed  int64     // bytes that may be written now
	refilled time.Time // when that was so
	dropped  int       // lines since the last that was written
}

const (
	defaultMaxBytes = 5 << 20
	defaultKeep     = 3
	defaultRate     = 1 << 20
	burst           = 4 // seconds' worth
	// maxLine bounds one line; what is longer is cut into several.
	maxLine = 64 << 10
)

// Open makes the log in the file at path, which is created when something is
// written.
func Open(path string, opts Options) *Log {
	if opts.MaxBytes == 0 {
		opts.MaxBytes = defaultMaxBytes
	}
	if opts.Keep == 0 {
		opts.Keep = defaultKeep
	}
	if opts.PerSecond == 0 {
		opts.PerSecond = defaultRate
	}
	return &Log{path: path, opts: opts, blot: newBlotter(nil), followers: make(map[chan Line]struct{})}
}

// Hide blots the texts out of all that is written from now on.
func (l *Log) Hide(secrets []string) {
	blot := newBlotter(secrets)
	l.mu.Lock()
	defer l.mu.Unlock()
	l.blot = blot
}

// Write writes whole lines of hclog's JSON, for the hub's own logger.
func (l *Log) Write(p []byte) (int, error) {
	for line := range bytes.Lines(p) {
		l.add(bytes.TrimRight(line, "\n"))
	}
	return len(p), nil
}

// Panic is the first line of the last panic the process wrote, secrets blotted
// out, and forgets it.
func (l *Log) Panic() string {
	l.mu.Lock()
	defer l.mu.Unlock()
	p := l.lastPanic
	l.lastPanic = ""
	return p
}

// Close closes the file. Writing opens it again.
func (l *Log) Close() error {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.closeFile()
}

func (l *Log) closeFile() error {
	if l.file == nil {
		return nil
	}
	err := l.file.Close()
	l.file = nil
	return err
}

// add writes one line. A log that cannot be written does not stop its channel.
func (l *Log) add(raw []byte) {
	if len(bytes.TrimSpace(raw)) == 0 {
		return
	}
	l.mu.Lock()
	defer l.mu.Unlock()
	l.watchPanic(raw)
	if !l.allow(int64(len(raw))) {
		l.dropped++
		return
	}
	if l.dropped > 0 {
		l.write(Line{
			At: l.opts.Now(), Level: "warn", Text: "log lines dropped: too many at once",
			Fields: map[string]any{"count": l.dropped},
		}, nil)
		l.dropped = 0
	}
	raw = l.blot.line(raw)
	line, ok := parse(raw)
	if !ok {
		line, raw = l.wrap(raw), nil
	}
	l.write(line, raw)
}

// allow takes n bytes from what may be written now.
func (l *Log) allow(n int64) bool {
	now := l.opts.Now()
	since := min(now.Sub(l.refilled), burst*time.Second)
	l.allowed = min(l.allowed+int64(since.Seconds()*float64(l.opts.PerSecond)), burst*l.opts.PerSecond)
	l.refilled = now
	if l.allowed < n {
		return false
	}
	l.allowed -= n
	return true
}

// write writes a line, whose bytes are raw if it has them already.
func (l *Log) write(line Line, raw []byte) {
	if raw == nil {
		raw, _ = json.Marshal(line) // texts, numbers and a time: cannot fail
	}
	l.put(append(raw, '\n'))
	for f := range l.followers {
		select {
		case f <- line:
		default: // a slow reader misses lines, the channel does not wait
		}
	}
}

// watchPanic keeps the line that tells why a process is about to end.
func (l *Log) watchPanic(raw []byte) {
	for _, start := range []string{"panic: ", "fatal error: "} {
		if bytes.HasPrefix(raw, []byte(start)) && l.lastPanic == "" {
			l.lastPanic = printable(l.blot.line(raw))
		}
	}
}

// wrap makes a line of what is not JSON: prints of a library, a stack trace.
func (l *Log) wrap(raw []byte) Line {
	line := Line{At: l.opts.Now(), Level: "info", Text: printable(raw)}
	if l.lastPanic != "" {
		line.Level = "error" // it and its stack
	}
	return line
}

// printable drops what has no place in a line of text.
func printable(raw []byte) string {
	return strings.Map(func(r rune) rune {
		if r < ' ' && r != '\t' || r == 0x7f {
			return -1
		}
		return r // an invalid byte has come as U+FFFD
	}, string(raw))
}

func (l *Log) put(raw []byte) {
	if l.file == nil && l.open() != nil {
		return
	}
	if l.size > 0 && l.size+int64(len(raw)) > l.opts.MaxBytes {
		l.rotate()
		if l.open() != nil {
			return
		}
	}
	n, _ := l.file.Write(raw)
	l.size += int64(n)
}

func (l *Log) open() error {
	f, err := os.OpenFile(l.path, os.O_CREATE|os.O_APPEND|os.O_WRONLY, 0o600)
	if err != nil {
		return err
	}
	info, err := f.Stat()
	if err != nil {
		return errors.Join(err, f.Close())
	}
	l.file, l.size = f, info.Size()
	return nil
}

// rotate renames log.2 to log.3, log.1 to log.2, log to log.1.
func (l *Log) rotate() {
	_ = l.closeFile() // nothing was buffered
	for i := l.opts.Keep; i > 0; i-- {
		_ = os.Rename(l.aside(i-1), l.aside(i)) // the first ones may not exist yet
	}
}

func (l *Log) aside(i int) string {
	if i == 0 {
		return l.path
	}
	return l.path + "." + string(rune('0'+i))
}

// Remove deletes the log's files.
func (l *Log) Remove() error {
	l.mu.Lock()
	defer l.mu.Unlock()
	err := l.closeFile()
	for i := range l.opts.Keep + 1 {
		if e := os.Remove(l.aside(i)); e != nil && !errors.Is(e, fs.ErrNotExist) {
			err = errors.Join(err, e)
		}
	}
	return err
}

// Output is a writer for one raw output of a process: it finds the lines.
func (l *Log) Output() io.Writer { return &splitter{log: l} }

// splitter gathers bytes to lines. It is used by one goroutine.
type splitter struct {
	log  *Log
	rest []byte
}

func (s *splitter) Write(p []byte) (int, error) {
	n := len(p)
	for len(p) > 0 {
		end := bytes.IndexByte(p, '\n')
		part := p
		if end >= 0 {
			part = p[:end]
		}
		part = part[:min(len(part), maxLine-len(s.rest))]
		s.rest = append(s.rest, part...)
		p = p[len(part):]
		if whole := len(p) > 0 && p[0] == '\n'; whole || len(s.rest) == maxLine {
			s.log.add(s.rest)
			s.rest = s.rest[:0]
			if whole {
				p = p[1:]
			}
		}
	}
	return n, nil
}
