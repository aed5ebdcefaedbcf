package maintenance

import (
	"archive/tar"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"time"

	"github.com/uzel-hub/uzel/core"
)

// Names inside a backup and in the data folder.
const (
	ManifestName = "backup.json"
	DatabaseName = "hub.db"
	BlobsName    = "blobs"
	// Format of the backup; a newer one is refused.
	Format = 1
)

// Manifest is the first entry of a backup.
type Manifest struct {
	Format  int       `json:"format"`
	Version string    `json:"version"` // of the hub
	At      time.Time `json:"at"`
}

// Backup writes a consistent copy of the running hub as a tar stream. The
// database is copied before the files, so that every file it knows is in the
// copy. It needs room for the database in Temp; file packs are linked there, not
// copied.
func (s *Service) Backup(ctx context.Context, w io.Writer, withKey bool) (err error) {
	dir, err := os.MkdirTemp(s.Temp, "backup-")
	if err != nil {
		return core.Unavailable("backup.disk", "нет места для резервной копии", err)
	}
	defer func() { err = errors.Join(err, os.RemoveAll(dir)) }()
	if err := s.copyDatabase(ctx, filepath.Join(dir, DatabaseName)); err != nil {
		return err
	}
	if err := s.Blobs.Snapshot(ctx, filepath.Join(dir, BlobsName)); err != nil {
		return err
	}
	t := tar.NewWriter(w)
	raw, err := json.MarshalIndent(Manifest{Format: Format, Version: s.Version, At: time.Now().UTC()}, "", "  ")
	if err != nil {
		return err
	}
	if err := writeBytes(t, ManifestName, raw); err != nil {
		return err
	}
	if withKey {
		if err := addTree(ctx, t, s.Key, filepath.Base(s.Key)); err != nil {
			return err
		}
	}
	for name, path := range s.Files {
		if err := addTree(ctx, t, path, name); err != nil {
			return err
		}
	}
	if err := addTree(ctx, t, dir, ""); err != nil {
		return err
	}
	return t.Close()
}

func (s *Service) copyDatabase(ctx context.Context, path string) error {
	f, err := os.OpenFile(path, os.O_CREATE|os.O_EXCL|os.O_WRONLY, 0o600)
	if err != nil {
		return err
	}
	return errors.Join(s.Store.Backup(ctx, f), f.Close())
}

func writeBytes(t *tar.Writer, name string, raw []byte) error {
	err := t.WriteHeader(&tar.Header{Name: name, Mode: 0o600, Size: int64(len(raw)), ModTime: time.Now()})
	if err != nil {
		return err
	}
	_, err = t.Write(raw)
	return err
}

// addTree writes a file or a folder under the name; what is missing is left out.
func addTree(ctx context.Context, t *tar.Writer, root, name string) error {
	return filepath.WalkDir(root, func(path string, e fs.DirEntry, err error) error {
		if errors.Is(err, fs.ErrNotExist) {
			return nil
		}
		if err = errors.Join(err, ctx.Err()); err != nil {
			return err
		}
		rel, err := filepath.Rel(root, path)
		if err != nil {
			return err
		}
		entry := filepath.ToSlash(filepath.Join(name, strings.TrimPrefix(rel, ".")))
		switch {
		case e.IsDir() && entry != "":
			return t.WriteHeader(&tar.Header{Typeflag: tar.TypeDir, Name: entry + "/", Mode: 0o700})
		case e.Type().IsRegular():
			return addFile(t, path, entry)
		}
		return nil
	})
}

func addFile(t *tar.Writer, path, name string) error {
	f, err := os.Open(path)
	if err != nil {
		return err
	}
	defer f.Close() //nolint:errcheck // only read
	info, err := f.Stat()
	if err != nil {
		return err
	}
	head := &tar.Header{Name: name, Mode: int64(info.Mode().Perm()), Size: info.Size(), ModTime: info.ModTime()}
	if err := t.WriteHeader(head); err != nil {
		return err
	}
	_, err = io.CopyN(t, f, info.Size())
	return err
}

// Restore unpacks a backup into the data folder, which must not hold a hub. It
// works beside it and takes the place at the end, so that an interrupted restore
// leaves nothing that looks like a hub.
func Restore(ctx context.Context, r io.Reader, data string) (Manifest, error) {
	if occupied(data) {
		return Manifest{}, core.Conflict("restore.occupied", "в папке "+data+" уже есть хаб или журнал его базы: укажите пустую папку данных")
	}
	if err := os.MkdirAll(data, 0o700); err != nil {
		return Manifest{}, fmt.Errorf("restore: %w", err)
	}
	dir, err := os.MkdirTemp(data, "restore-")
	if err != nil {
		return Manifest{}, fmt.Errorf("restore: %w", err)
	}
	defer os.RemoveAll(dir) //nolint:errcheck // empty by then, or left for a look
	m, err := unpack(ctx, tar.NewReader(r), dir)
	if err != nil {
		return m, err
	}
	return m, takePlace(dir, data)
}

// occupied tells that a database lies in the folder, or what belongs to one
// beside it: that must not meet another.
func occupied(data string) bool {
	entries, _ := os.ReadDir(data) // no folder, no hub
	return slices.ContainsFunc(entries, func(e fs.DirEntry) bool { return strings.HasPrefix(e.Name(), DatabaseName) })
}

// unpack reads the stream to its end: a cut one is refused.
func unpack(ctx context.Context, t *tar.Reader, dir string) (Manifest, error) {
	var m Manifest
	notOurs := core.Invalid("restore.format", "file", "это не резервная копия Узла, или она повреждена")
	for first := true; ; first = false {
		h, err := t.Next()
		if errors.Is(err, io.EOF) && !first {
			break
		}
		if err != nil {
			notOurs.Err = err
			return m, notOurs
		}
		switch {
		case first && h.Name != ManifestName:
			return m, notOurs
		case first:
			if err := json.NewDecoder(t).Decode(&m); err != nil || m.Format < 1 {
				return m, notOurs
			}
			if m.Format > Format {
				return m, core.Invalid("restore.newer", "file", "копию сделала более новая версия Узла ("+m.Version+"): обновите программу")
			}
			continue
		}
		if err := errors.Join(ctx.Err(), unpackFile(t, h, dir)); err != nil {
			return m, err
		}
	}
	if _, err := os.Stat(filepath.Join(dir, DatabaseName)); err != nil {
		return m, notOurs
	}
	return m, nil
}

func unpackFile(t *tar.Reader, h *tar.Header, dir string) error {
	path := filepath.Join(dir, h.Name)
	switch {
	case !filepath.IsLocal(h.Name), h.Typeflag != tar.TypeReg && h.Typeflag != tar.TypeDir:
		return core.Invalid("restore.name", "file", "в копии недопустимое имя файла")
	case h.Typeflag == tar.TypeDir:
		return os.MkdirAll(path, 0o700)
	}
	if err := os.MkdirAll(filepath.Dir(path), 0o700); err != nil {
		return err
	}
	f, err := os.OpenFile(path, os.O_CREATE|os.O_EXCL|os.O_WRONLY, fs.FileMode(h.Mode).Perm())
	if err != nil {
		return err
	}
	n, err := io.Copy(f, t)
	if err == nil && n != h.Size {
		err = io.ErrUnexpectedEOF
	}
	if err != nil {
		return errors.Join(core.Invalid("restore.cut", "file", "копия обрывается на файле "+h.Name), err, f.Close())
	}
	return errors.Join(f.Sync(), f.Close())
}

// takePlace moves the restored files in, the database last: with it the folder
// is a hub.
func takePlace(dir, data string) error {
	entries, err := os.ReadDir(dir)
	if err != nil {
		return err
	}
	for _, e := range entries {
		if e.Name() == DatabaseName {
			continue
		}
		if err := os.Rename(filepath.Join(dir, e.Name()), filepath.Join(data, e.Name())); err != nil {
			return fmt.Errorf("restore: %w", err)
		}
	}
	return os.Rename(filepath.Join(dir, DatabaseName), filepath.Join(data, DatabaseName))
}
