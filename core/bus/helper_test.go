package bus_test

import (
	"context"
	"testing"

	"github.com/uzel-hub/uzel/core/bus"
)

// start runs the bus until stop is called or the test ends.
func start(t testing.TB, b *bus.Bus) (stop func()) {
	t.Helper()
	if err := b.Declare(t.Context()); err != nil {
		t.Fatal(err)
	}
	ctx, cancel := context.WithCancel(context.Background())
	done := make(chan error, 1)
	go func() { done <- b.Run(ctx) }()
	stopped := false
	stop = func() {
		if stopped {
			return
		}
		stopped = true
		cancel()
		if err := <-done; err != nil {
			t.Error(err)
		}
	}
	t.Cleanup(stop)
	return stop
}
