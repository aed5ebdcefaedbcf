package mass_test

import (
	"testing"
	"time"
)

// await polls until the condition holds.
func await(t *testing.T, holds func() bool) {
	t.Helper()
	for deadline := time.Now().Add(20 * time.Second); !holds(); time.Sleep(time.Millisecond) { // polls the condition
		if time.Now().After(deadline) {
			t.Fatal("it never came to be")
		}
	}
}
