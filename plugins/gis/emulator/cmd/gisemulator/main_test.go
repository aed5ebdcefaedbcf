package main

import (
	"bufio"
	"context"
	"encoding/json"
	"io"
	"net/http"
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
	stop()
	if err := <-done; err != nil {
		t.Error(err)
	}
}

func TestListensOnLoopbackOnly(t *testing.T) {
	if err := run(t.Context(), []string{"-addr", "0.0.0.0:0"}, io.Discard); err == nil {
		t.Error("listens for everybody")
	}
}
