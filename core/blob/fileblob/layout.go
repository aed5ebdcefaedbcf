package fileblob

import (
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"time"

	"golang.org/x/sys/unix"

	"github.com/uzel-hub/uzel/core/blob"
)

const format = "uzel fileblob 1\n"

// layout is the folder of a store.
type layout string

func (l layout) format() string  { return filepath.Join(string(l), "format") }
func (l layout) deleted() string { return filepath.Join(string(l), "deleted") }
func (l layout) packs() string   { return filepath.Join(string(l), "packs") }
func (l layout) files() string   { return filepath.Join(string(l), "files") }
func (l layout) tmp() string     { return filepath.Join(string(l), "tmp") }

func (l layout) pack(no uint32) string {
	return filepath.Join(l.packs(), packName(no))
}

func (l layout) index(no uint32) string {
	return filepath.Join(l.packs(), indexName(no))
}

func (l layout) file(sum blob.Sum) string {
	name := sum.String()
	return filepath.Join(l.files(), name[:2], name)
}

// open locks the folder, makes it a store if it is new and clears tmp. The
// store is locked until the file is closed.
func (l layout) open(d *disk) (lock *os.File, err error) {
	if err := os.MkdirAll(string(l), 0o700); err != nil {
		return nil, err
	}
	if err := l.refuseStrange(); err != nil {
		return nil, err
	}
	lock, err = os.OpenFile(l.format(), os.O_RDWR|os.O_CREATE, 0o600)
	if err != nil {
		return nil, err
	}
	if err = l.begin(d, lock); err != nil {
		lock.Close()
		return nil, err
	}
	return lock, nil
}

func (l layout) begin(d *disk, lock *os.File) error {
	// A child that this process forks holds the lock too until it executes its
	// program: a store that was closed a moment ago may look open for as long.
	var err error
	for deadline := time.Now().Add(time.Second); ; time.Sleep(5 * time.Millisecond) { // flock tells nobody when it is free
		err = retry(func() error { return unix.Flock(int(lock.Fd()), unix.LOCK_EX|unix.LOCK_NB) })
		if !errors.Is(err, unix.EWOULDBLOCK) || time.Now().After(deadline) {
			break
		}
	}
	if errors.Is(err, unix.EWOULDBLOCK) {
		return errInUse(string(l))
	}
	if err != nil {
		return err
	}
	p := make([]byte, len(format)+1)
	n, err := fill(lock, p)
	if err != nil {
		return err
	}
	if n == 0 {
		return l.create(d, lock)
	}
	if string(p[:n]) != format {
		return errFormat(string(l), "хранилище файлов другой версии, нужна программа той же или более новой версии")
	}
	if err := l.createFolders(d); err != nil {
		return err
	}
	return clearFolder(l.tmp())
}

// refuseStrange keeps a mistyped setting from turning somebody's folder into a
// store: without a format file there may be only what an interrupted creation
// leaves.
func (l layout) refuseStrange() error {
	if _, err := os.Stat(l.format()); !errors.Is(err, fs.ErrNotExist) {
		return err
	}
	names, err := os.ReadDir(string(l))
	if err != nil {
		return err
	}
	if len(names) > 0 {
		return errFormat(string(l), "не пуста и не является хранилищем файлов")
	}
	return nil
}

// create makes the folders; the format is written last, so that a creation cut
// short is begun again.
func (l layout) create(d *disk, lock *os.File) error {
	if err := l.createFolders(d); err != nil {
		return err
	}
	return l.writeFormat(d, lock)
}

// writeFormat makes the folder a store.
func (l layout) writeFormat(d *disk, f *os.File) error {
	if err := d.write(f, []byte(format)); err != nil {
		return err
	}
	if err := d.flush(f); err != nil {
		return err
	}
	if err := d.flushDir(string(l)); err != nil {
		return err
	}
	return d.flushDir(filepath.Dir(filepath.Clean(string(l))))
}

// folders of a store. They are there from the beginning, so that no later Put
// has to make one last.
func (l layout) folders() []string {
	dirs := []string{l.packs(), l.tmp(), l.files()}
	for i := range 256 {
		dirs = append(dirs, filepath.Join(l.files(), fmt.Sprintf("%02x", i)))
	}
	return dirs
}

// createFolders makes those that are missing: a copy made by other tools may
// lack the empty ones.
func (l layout) createFolders(d *disk) error {
	made := false
	for _, dir := range l.folders() {
		err := os.Mkdir(dir, 0o700)
		if err != nil && !errors.Is(err, fs.ErrExist) {
			return err
		}
		made = made || err == nil
	}
	if !made {
		return nil
	}
	return errors.Join(d.flushDir(l.files()), d.flushDir(string(l)))
}

// flushFolders makes the names in all folders last.
func (l layout) flushFolders(d *disk) error {
	for _, dir := range l.folders() {
		if err := d.flushDir(dir); err != nil {
			return err
		}
	}
	return nil
}

func clearFolder(dir string) error {
	names, err := os.ReadDir(dir)
	if err != nil {
		return err
	}
	for _, n := range names {
		if err := os.Remove(filepath.Join(dir, n.Name())); err != nil {
			return err
		}
	}
	return nil
}

// packNumbers lists the packs in ascending order.
func (l layout) packNumbers() ([]uint32, error) {
	names, err := os.ReadDir(l.packs())
	if err != nil {
		return nil, err
	}
	packs := map[uint32]bool{}
	for _, n := range names {
		var no uint32
		if _, err := fmt.Sscanf(n.Name(), "%d.", &no); err != nil {
			return nil, errDamaged("strange file " + filepath.Join(l.packs(), n.Name()))
		}
		packs[no] = packs[no] || n.Name() == packName(no)
	}
	numbers := make([]uint32, 0, len(packs))
	for no, ok := range packs {
		if !ok {
			return nil, errDamaged("missing file " + l.pack(no))
		}
		numbers = append(numbers, no)
	}
	slices.Sort(numbers)
	return numbers, nil
}
