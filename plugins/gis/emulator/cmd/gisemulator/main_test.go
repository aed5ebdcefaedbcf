package main

import (
	"bufio"
	"context"
	"encoding/json"
	"io"
	"net/http"
	"strings"
	"testing"

	"github.com/uzel-hub/uzel/plugins/gis/emulator"
)

// TestTellsWhereItIs runs the program and reads what GIS knows.
func TestTellsWhereItIs(t *testing.T) {
	ctx, stop := context.WithCancel(t.Context())
	r, w := io.Pipe()
	done := make(chan error, 1)
	go func() { done <- run(ctx, nil, w) }() // ends with stop below
	line, err := bufio.NewReader(r).ReadBytes('\n')
	var f facts
	if err != nil || json.Unmarshal(line, &f) != nil || f.Org != emulator.DemoOrg {
		t.Fatalf("printed %q, %v", line, err)
	}
	resp, err := http.Get(f.URL + "/emulator/appeals")
	if err != nil {
		t.Fatal(err)
	}
	defer resp.Body.Close() //nolint:errcheck // only read
	var seen []emulator.Seen
	if err := json.NewDecoder(resp.Body).Decode(&seen); err != nil || len(seen) != 4 || seen[0].Status != "Send" {
		t.Errorf("appeals %+v, %v", seen, err)
	}
	if now := writes(t, f.URL, `{"surname":"Пробный","topic":"Тёмный подъезд","text":"Не горит свет."}`); len(now) != 5 || now[4].Status != "Send" {
		t.Errorf("after one more was written: %+v", now)
	}
	stop()
	if err := <-done; err != nil {
		t.Error(err)
	}
}

// writes has a resident write, and reads what GIS knows then.
func writes(t *testing.T, url, text string) (all []emulator.Seen) {
	t.Helper()
	for _, method := range []string{http.MethodPost, http.MethodGet} {
		r, err := http.NewRequestWithContext(t.Context(), method, url+"/emulator/appeals", strings.NewReader(text))
		if err != nil {
			t.Fatal(err)
		}
		resp, err := http.DefaultClient.Do(r)
		if err != nil {
			t.Fatal(err)
		}
		defer resp.Body.Close() //nolint:errcheck // only read
		if method == http.MethodGet {
			err = json.NewDecoder(resp.Body).Decode(&all)
		}
		if err != nil || resp.StatusCode >= 300 {
			t.Fatalf("%s: %s, %v", method, resp.Status, err)
		}
	}
	return all
}

func TestListensOnLoopbackOnly(t *testing.T) {
	if err := run(t.Context(), []string{"-addr", "0.0.0.0:0"}, io.Discard); err == nil {
		t.Error("listens for everybody")
	}
}
