package channellog_test

import (
	"context"
	"encoding/base64"
	"errors"
	"fmt"
	"net/url"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/hashicorp/go-hclog"

	"github.com/uzel-hub/uzel/core/pluginhost/internal/channellog"
)

func open(t *testing.T, o channellog.Options) (*channellog.Log, string) {
	t.Helper()
	path := filepath.Join(t.TempDir(), "c.log")
	if o.Now == nil {
		o.Now = time.Now
	}
	log := channellog.Open(path, o)
	t.Cleanup(func() { log.Close() })
	return log, path
}

func texts(t *testing.T, log *channellog.Log, n int) []string {
	t.Helper()
	lines, err := log.Tail(n)
	if err != nil {
		t.Fatal(err)
	}
	var out []string
	for _, l := range lines {
		out = append(out, l.Level+" "+l.Text)
	}
	return out
}

func TestLinesAreFoundHoweverTheyArrive(t *testing.T) {
	log, _ := open(t, channellog.Options{})
	w := log.Output()
	hub := hclog.New(&hclog.LoggerOptions{Output: log, JSONFormat: true})
	for _, part := range []string{"one\ntw", "o\n", "\n", "thr\x00ee\x1b[31m\r\n", `{"@level":"warn","@message":"json","@timestamp":"2026-11-21T10:00:00.5Z","n":1}` + "\n", `{"not":"ours"}` + "\n"} {
		if n, err := w.Write([]byte(part)); n != len(part) || err != nil {
			t.Fatal(n, err)
		}
	}
	hub.Error("from the hub", "pause", "1s")
	want := []string{"info one", "info two", "info three[31m", "warn json", `info {"not":"ours"}`, "error from the hub"}
	if got := texts(t, log, 10); fmt.Sprint(got) != fmt.Sprint(want) {
		t.Errorf("got %q, want %q", got, want)
	}
	lines, _ := log.Tail(3)
	if lines[0].Fields["n"] != 1.0 || lines[0].At.UTC().Format(time.RFC3339Nano) != "2026-11-21T10:00:00.5Z" || lines[2].Fields["pause"] != "1s" {
		t.Errorf("fields = %+v", lines)
	}
	if got := texts(t, log, 2); len(got) != 2 || got[1] != "error from the hub" {
		t.Errorf("last two = %q", got)
	}
}

func TestPanicIsRememberedOnce(t *testing.T) {
	log, _ := open(t, channellog.Options{})
	log.Hide([]string{"s3cret"})
	fmt.Fprint(log.Output(), "panic: with s3cret\n\ngoroutine 1 [running]:\npanic: again\n")
	if p := log.Panic(); p != "panic: with ***" {
		t.Errorf("panic = %q", p)
	}
	if p := log.Panic(); p != "" {
		t.Errorf("again %q", p)
	}
	if got := texts(t, log, 9); got[1] != "error goroutine 1 [running]:" {
		t.Errorf("stack = %q", got)
	}
}

func TestSecretsAreBlottedOutInEveryForm(t *testing.T) {
	log, path := open(t, channellog.Options{})
	const secret = `p"a/s s+w&ö`
	key := "-----BEGIN KEY-----\nMIIBVgIBADANBgkqhkiG9w\n-----END KEY-----\n"
	log.Hide([]string{secret, key, "abc", ""})
	w := log.Output()
	for _, form := range []string{
		secret, url.QueryEscape(secret), url.PathEscape(secret),
		base64.StdEncoding.EncodeToString([]byte(secret)), base64.RawURLEncoding.EncodeToString([]byte(secret)),
		"MIIBVgIBADANBgkqhkiG9w",
	} {
		fmt.Fprintf(w, "before %s after\n", form)
	}
	hclog.New(&hclog.LoggerOptions{Output: w, JSONFormat: true}).Info("login", "password", secret)
	fmt.Fprintln(w, "abc is too short to hide")
	got := texts(t, log, 9)
	for i, text := range got[:6] {
		if text != "info before *** after" {
			t.Errorf("line %d = %q", i, text)
		}
	}
	if got[7] != "info abc is too short to hide" {
		t.Errorf("got %q", got[7])
	}
	if lines, _ := log.Tail(2); lines[0].Fields["password"] != "***" {
		t.Errorf("fields = %v", lines[0].Fields)
	}
	raw, _ := os.ReadFile(path)
	if strings.Contains(string(raw), "w&ö") || strings.Contains(string(raw), "MIIB") {
		t.Errorf("log = %s", raw)
	}
}

func TestFilesAreRotatedAndReadThrough(t *testing.T) {
	log, path := open(t, channellog.Options{MaxBytes: 500, Keep: 2})
	w := log.Output()
	for i := range 40 {
		fmt.Fprintf(w, "line %d\n", i)
	}
	for i := range 3 {
		name := path
		if i > 0 {
			name = fmt.Sprint(path, ".", i)
		}
		if info, err := os.Stat(name); err != nil || info.Size() > 500 {
			t.Errorf("%s: %v, %v", name, info, err)
		}
	}
	if _, err := os.Stat(path + ".3"); !errors.Is(err, os.ErrNotExist) {
		t.Errorf("too many files: %v", err)
	}
	got := texts(t, log, 12)
	if len(got) != 12 || got[11] != "info line 39" || got[0] != "info line 28" {
		t.Errorf("tail = %q", got)
	}
	log.Close()
	fmt.Fprintln(w, "after closing")
	if got := texts(t, log, 1); got[0] != "info after closing" {
		t.Errorf("tail = %q", got)
	}
	if err := log.Remove(); err != nil {
		t.Fatal(err)
	}
	if got := texts(t, log, 1); len(got) != 0 {
		t.Errorf("after removing: %q", got)
	}
}

func TestFloodIsDroppedAndCounted(t *testing.T) {
	now := time.Date(2026, 11, 21, 9, 0, 0, 0, time.UTC)
	log, _ := open(t, channellog.Options{PerSecond: 100, Now: func() time.Time { return now }})
	w := log.Output()
	for i := range 100 {
		fmt.Fprintf(w, "line %03d\n", i) // 8 bytes; 400 may come at once
	}
	if got := texts(t, log, 100); len(got) != 50 {
		t.Errorf("%d lines written", len(got))
	}
	now = now.Add(time.Second)
	fmt.Fprintln(w, "later")
	lines, _ := log.Tail(2)
	if lines[0].Fields["count"] != 50.0 || lines[1].Text != "later" {
		t.Errorf("tail = %+v", lines)
	}
}

func TestFollowShowsTheLastLinesAndTheNew(t *testing.T) {
	log, _ := open(t, channellog.Options{})
	w := log.Output()
	fmt.Fprint(w, "one\ntwo\nthree\n")
	ctx, cancel := context.WithCancel(t.Context())
	seen := make(chan string, 10)
	done := make(chan error, 1)
	go func() {
		done <- log.Follow(ctx, 2, func(l channellog.Line) error {
			seen <- l.Text
			return nil
		})
	}()
	for _, want := range []string{"two", "three"} {
		if got := <-seen; got != want {
			t.Errorf("saw %q, want %q", got, want)
		}
	}
	fmt.Fprintln(w, "four")
	if got := <-seen; got != "four" {
		t.Errorf("saw %q", got)
	}
	cancel()
	if err := <-done; err != nil {
		t.Error(err)
	}
	stop := errors.New("enough")
	err := log.Follow(t.Context(), 1, func(channellog.Line) error { return stop })
	if !errors.Is(err, stop) {
		t.Errorf("err = %v", err)
	}
}

func TestVeryLongLineIsCut(t *testing.T) {
	log, _ := open(t, channellog.Options{})
	w := log.Output()
	fmt.Fprintln(w, strings.Repeat("x", 150_000))
	lines, _ := log.Tail(9)
	total := 0
	for _, l := range lines {
		total += len(l.Text)
	}
	if len(lines) != 3 || total != 150_000 {
		t.Errorf("%d lines, %d bytes", len(lines), total)
	}
}
