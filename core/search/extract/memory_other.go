//go:build !unix

package extract

import "runtime/debug"

// boundMemory can only ask here: the time limit of the hub has to do.
func boundMemory() error {
	debug.SetMemoryLimit(384 << 20)
	return nil
}
