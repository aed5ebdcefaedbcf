package boltstore

import (
	"crypto/rand"
	"encoding/binary"
	"fmt"
	"os"
	"path/filepath"

	"go.etcd.io/bbolt"

	"github.com/uzel-hub/uzel/core"
)

// The stamp says that the file is ours, how it is to be read and, by a random id,
// which one it is.
const (
	versionBucket = "\x00uzel"
	// schemaVersion grows when an older program could no longer read the file: 2
	// has a redo log beside it.
	schemaVersion = 2
)

// stampVersion checks the stamp, and sets it in a file that is still empty.
func stampVersion(db *bbolt.DB, path string) error {
	var version uint64
	var empty, named bool
	err := db.View(func(btx *bbolt.Tx) error {
		first, _ := btx.Cursor().First()
		empty = first == nil
		version, named = readStamp(btx)
		return nil
	})
	switch {
	case err != nil:
		return damagedFile(path, err)
	case empty:
		return writeStamp(db, path)
	case version == 0:
		return damagedFile(path, fmt.Errorf("no version stamp"))
	case version > schemaVersion:
		return newer(path, version)
	case version < schemaVersion, !named:
		return writeStamp(db, path)
	}
	return nil
}

func readStamp(btx *bbolt.Tx) (version uint64, named bool) {
	b := btx.Bucket([]byte(versionBucket))
	if b == nil {
		return 0, false
	}
	raw := b.Get([]byte("version"))
	if len(raw) != 8 {
		return 0, false
	}
	return binary.BigEndian.Uint64(raw), b.Get([]byte("id")) != nil
}

func writeStamp(db *bbolt.DB, path string) error {
	err := db.Update(func(btx *bbolt.Tx) error {
		b, err := btx.CreateBucketIfNotExists([]byte(versionBucket))
		if err != nil {
			return err
		}
		if b.Get([]byte("id")) == nil {
			if err := b.Put([]byte("id"), []byte(rand.Text())); err != nil {
				return err
			}
		}
		return b.Put([]byte("version"), binary.BigEndian.AppendUint64(nil, schemaVersion))
	})
	if err != nil {
		return openError(path, err)
	}
	return nil
}

func newer(path string, version uint64) error {
	return &core.Error{
		Kind: core.KindConfig, Code: "store.newer", Op: "open " + path,
		Text: "база данных создана более новой версией программы: установите эту версию; если новее она не была, файл повреждён: восстановите резервную копию командой «uzel restore»",
		Err:  fmt.Errorf("version %d, this program knows %d", version, schemaVersion),
	}
}

// syncFolder makes the name of a new file durable.
func syncFolder(path string) error {
	dir, err := os.Open(filepath.Dir(path))
	if err != nil {
		return err
	}
	defer dir.Close() //nolint:errcheck // opened for reading
	return dir.Sync()
}
