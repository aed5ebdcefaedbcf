package boltstore

import (
	"os"
	"path/filepath"
	"testing"
	"time"
)

// TestWriteOut plays a file of so many parts; in the first rounds of which the
// disk takes a moment for each of them, as for parts that were changed.
func TestWriteOut(t *testing.T) {
	const parts = 32
	closed := make(chan struct{})
	close(closed)
	for name, c := range map[string]struct {
		changed int // rounds that have something to write
		hurry   chan struct{}
		want    int // parts gone through
	}{
		"nothing was changed":            {0, nil, parts},
		"all was changed":                {1, nil, 2 * parts},
		"it is changed again and again":  {99, nil, 8 * parts},
		"the store closes":               {99, closed, 1},
		"it closes, nothing was changed": {0, closed, parts},
	} {
		t.Run(name, func(t *testing.T) {
			path := filepath.Join(t.TempDir(), "file")
			if err := os.WriteFile(path, make([]byte, parts*512<<10), 0o600); err != nil {
				t.Fatal(err)
			}
			asked := 0
			real := writeRange
			t.Cleanup(func() { writeRange = real })
			writeRange = func(*os.File, int64, int64) (time.Duration, error) {
				if asked++; asked <= c.changed*parts {
					return time.Millisecond, nil
				}
				return time.Microsecond, nil
			}
			writeOut(path, c.hurry)
			if asked != c.want {
				t.Errorf("%d parts, want %d", asked, c.want)
			}
		})
	}
}
