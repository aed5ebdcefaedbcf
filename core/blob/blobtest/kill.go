package blobtest

import (
	"bufio"
	"bytes"
	"fmt"
	"io"
	"math/rand/v2"
	"os"
	"os/exec"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/uzel-hub/uzel/core/blob"
)

const (
	// childDir is set in the process that is killed.
	childDir = "UZEL_BLOBTEST_CHILD"
	kills    = 24
)

// putForever is what the killed process does: it puts and deletes, and writes
// to its third file a line before each deletion and after each success.
func putForever(t *testing.T, s blob.Store) {
	out := os.NewFile(3, "acknowledged")
	var wg sync.WaitGroup
	for range 8 {
		wg.Go(func() {
			for {
				if err := putSome(t, s, out); err != nil {
					fmt.Fprintf(out, "error %v\n", err)
					return
				}
			}
		})
	}
	wg.Wait()
}

func putSome(t *testing.T, s blob.Store, out io.Writer) error {
	ref, err := s.Put(t.Context(), bytes.NewReader(content(randomSize())))
	if err != nil {
		return err
	}
	fmt.Fprintf(out, "put %s %d\n", ref.Hash, ref.Size)
	if rand.IntN(8) > 0 {
		return nil
	}
	fmt.Fprintf(out, "deleting %s %d\n", ref.Hash, ref.Size)
	if err := s.Delete(t.Context(), ref.Hash); err != nil {
		return err
	}
	fmt.Fprintf(out, "deleted %s %d\n", ref.Hash, ref.Size)
	return nil
}

// randomSize is never zero: there is only one empty file.
func randomSize() int {
	switch n := rand.IntN(100); {
	case n < 10:
		return 1 + rand.IntN(100)
	case n < 85:
		return 1 + rand.IntN(40<<10)
	case n < 95:
		return 200<<10 + rand.IntN(56<<10)
	default:
		return 257<<10 + rand.IntN(700<<10)
	}
}

// testKill kills a process in the middle of its puts, again and again on one
// store: what was acknowledged is there and whole, what was deleted is not.
func testKill(t *testing.T, open Open) {
	dir, all := t.TempDir(), map[string]*fate{}
	for range kills {
		round := killOnce(t, dir)
		s := open(t, dir)
		checkFates(t, s, round)
		for hash, f := range round {
			all[hash] = f
		}
		if err := s.Close(); err != nil {
			t.Fatal(err)
		}
	}
	s := open(t, dir)
	checkFates(t, s, all)
	for hash, size := range list(t, s) {
		wantStored(t, s, blob.Ref{Hash: hash, Size: size})
	}
	t.Logf("%d kills, %d files acknowledged", kills, len(all))
	if err := s.Close(); err != nil {
		t.Fatal(err)
	}
}

// fate is what the killed process told of a file.
type fate struct {
	size              int64
	deleting, deleted bool
}

func checkFates(t *testing.T, s blob.Store, fates map[string]*fate) {
	t.Helper()
	for hash, f := range fates {
		switch {
		case f.deleted:
			wantMissing(t, s, hash)
		case !f.deleting:
			wantStored(t, s, blob.Ref{Hash: hash, Size: f.size})
		}
	}
}

// killOnce starts the process, kills it after some acknowledged puts or some
// time, whichever comes first, and returns what it told.
func killOnce(t *testing.T, dir string) map[string]*fate {
	t.Helper()
	r, w, err := os.Pipe()
	if err != nil {
		t.Fatal(err)
	}
	defer r.Close()
	top, _, _ := strings.Cut(t.Name(), "/")
	cmd := exec.CommandContext(t.Context(), os.Args[0], "-test.run=^"+top+"$", "-test.count=1")
	cmd.Env = append(os.Environ(), childDir+"="+dir)
	cmd.ExtraFiles = []*os.File{w}
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	w.Close()
	timer := time.AfterFunc(time.Duration(rand.IntN(400))*time.Millisecond, func() { _ = cmd.Process.Kill() })
	defer timer.Stop()
	fates := readFates(t, r, rand.IntN(300), func() { _ = cmd.Process.Kill() })
	_ = cmd.Wait() // it was killed
	return fates
}

// readFates reads until the process is dead and kills it after n lines.
func readFates(t *testing.T, r io.Reader, n int, kill func()) map[string]*fate {
	t.Helper()
	fates := map[string]*fate{}
	in := bufio.NewReader(r)
	for lines := 0; ; lines++ {
		if lines == n {
			kill()
		}
		line, err := in.ReadString('\n')
		if err != nil {
			return fates // a line without its end was never said
		}
		var what, hash string
		var size int64
		if _, err := fmt.Sscan(line, &what, &hash, &size); err != nil {
			t.Fatalf("the killed process says %q", line)
		}
		note(fates, what, hash, size)
	}
}

func note(fates map[string]*fate, what, hash string, size int64) {
	switch what {
	case "put":
		fates[hash] = &fate{size: size}
	case "deleting":
		fates[hash].deleting = true
	case "deleted":
		fates[hash].deleted = true
	}
}
