package sdk

import (
	"bytes"
	"errors"
	"io"
	"os"
	"sync"

	"github.com/uzel-hub/uzel/api/plugin"
)

const (
	// spoolMemory is how much of one file or body is kept in memory; the rest
	// goes to the scratch folder.
	spoolMemory = 256 << 10
	// filesMemory is how much the files of one dispatch or call may keep in memory
	// together.
	filesMemory = 1 << 20
)

// spool keeps bytes that come in from the line until the author has read them:
// a few in memory, many in a file of the scratch folder. The file has no name, so
// that nothing is left behind however the process ends; it is freed with the
// spool. It can be read while it is being filled.
type spool struct {
	dir   string
	limit int

	mu    sync.Mutex
	grown sync.Cond
	mem   []byte
	file  *os.File
	size  int64
	full  bool  // nothing more will come
	err   error // why it is incomplete
}

func newSpool(dir string, limit int) *spool {
	s := &spool{dir: dir, limit: limit}
	s.grown.L = &s.mu
	return s
}

// filled is a spool of bytes that are all there.
func filled(body []byte) *spool {
	s := newSpool("", 0)
	s.mem, s.size, s.full = body, int64(len(body)), true
	return s
}

// Write appends. An error of the disk is kept for the readers.
func (s *spool) Write(p []byte) (int, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	defer s.grown.Broadcast()
	if s.err != nil {
		return 0, s.err
	}
	if s.file == nil && len(s.mem)+len(p) <= s.limit {
		s.mem = append(s.mem, p...)
	} else if err := s.toDisk(p); err != nil {
		s.err = &Error{Kind: "unavailable", Code: plugin.CodeScratch, Source: "plugin", Text: "не удалось записать файл во временную папку", Err: err}
		return 0, s.err
	}
	s.size += int64(len(p))
	return len(p), nil
}

func (s *spool) toDisk(p []byte) error {
	if s.file == nil {
		f, err := os.CreateTemp(s.dir, "spool-*")
		if err != nil {
			return err
		}
		if err := os.Remove(f.Name()); err != nil {
			return errors.Join(err, f.Close())
		}
		if _, err := f.Write(s.mem); err != nil {
			return errors.Join(err, f.Close())
		}
		s.file, s.mem = f, nil
	}
	_, err := s.file.Write(p)
	return err
}

// finish tells the readers that nothing more comes; err, that it is incomplete.
func (s *spool) finish(err error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.full = true
	if s.err == nil {
		s.err = err
	}
	s.grown.Broadcast()
}

func (s *spool) len() int64 {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.size
}

// memory is the whole content if it lies in memory, else nil.
func (s *spool) memory() []byte {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.file == nil && s.full && s.err == nil {
		if s.mem == nil {
			return []byte{}
		}
		return s.mem
	}
	return nil
}

// free closes the file, if there is one; readers get an error from then on.
func (s *spool) free() {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.file != nil {
		s.file.Close() //nolint:errcheck // nameless and read only from here: nothing can be lost
	}
}

func (s *spool) open() (io.ReadCloser, error) {
	if body := s.memory(); body != nil {
		return io.NopCloser(bytes.NewReader(body)), nil
	}
	return &spoolReader{s: s}, nil
}

type spoolReader struct {
	s  *spool
	at int64
}

// Read waits for bytes that have not come yet.
func (r *spoolReader) Read(p []byte) (int, error) {
	s := r.s
	s.mu.Lock()
	for r.at >= s.size && !s.full && s.err == nil {
		s.grown.Wait()
	}
	file, have, err := s.file, s.size-r.at, s.err
	if file == nil && have > 0 {
		n := copy(p, s.mem[r.at:])
		s.mu.Unlock()
		r.at += int64(n)
		return n, nil
	}
	s.mu.Unlock()
	switch {
	case have > 0:
		n, err := file.ReadAt(p[:min(int64(len(p)), have)], r.at)
		r.at += int64(n)
		if n > 0 {
			err = nil
		}
		return n, err
	case err != nil:
		return 0, err
	}
	return 0, io.EOF
}

func (r *spoolReader) Close() error { return nil }

// spools are the files of one dispatch or call.
type spools struct {
	dir   string
	files []File
	all   []*spool
	mem   int
}

// collect takes all files of r. An error of the disk does not disturb the
// stream: the rest is read and thrown away, and the error returned as disk.
func collect(r *plugin.Reader, dir string) (s *spools, disk, line error) {
	s = &spools{dir: dir}
	for {
		in, err := r.Next()
		if errors.Is(err, io.EOF) {
			return s, disk, nil
		}
		if err != nil {
			s.free()
			return nil, nil, err
		}
		if disk == nil {
			var lineErr error
			if disk, lineErr = s.take(in); lineErr != nil {
				s.free()
				return nil, nil, lineErr
			}
		}
	}
}

func (s *spools) take(in *plugin.Incoming) (disk, line error) {
	var one *spool
	if in.Whole() && s.mem+len(in.Body) <= filesMemory {
		one = filled(in.Body)
	} else {
		one = newSpool(s.dir, min(spoolMemory, filesMemory-s.mem))
		_, err := in.WriteTo(one)
		one.finish(nil)
		if one.err != nil {
			return one.err, nil
		}
		if err != nil {
			return nil, err
		}
	}
	s.mem += len(one.mem)
	s.all = append(s.all, one)
	s.files = append(s.files, fileFrom(in.Head, one))
	return nil, nil
}

func (s *spools) free() {
	for _, one := range s.all {
		one.free()
	}
}
