//go:build unix

package extract

import (
	"runtime/debug"

	"golang.org/x/sys/unix"
)

// maxMemory bounds the child, in bytes. It dies where it would need more.
const maxMemory = 768 << 20

func boundMemory() error {
	debug.SetMemoryLimit(maxMemory / 2)
	return unix.Setrlimit(unix.RLIMIT_DATA, &unix.Rlimit{Cur: maxMemory, Max: maxMemory})
}
