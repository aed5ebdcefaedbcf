package maintenance

import (
	"context"
	"errors"
	"io/fs"
	"os"
	"path/filepath"
	"runtime"
	"time"

	"github.com/uzel-hub/uzel/core"
)

// Status is how a running hub fares. Sizes are in bytes.
type Status struct {
	Version   string    `json:"version"`
	StartedAt time.Time `json:"started_at"`
	Memory    uint64    `json:"memory"`   // what the hub itself holds of the system, connectors not counted
	Database  int64     `json:"database"` // the file with all records
	DiskFree  uint64    `json:"disk_free"`
	DiskTotal uint64    `json:"disk_total"` // of the disk with the data; 0: the system does not tell
	Pending   uint64    `json:"pending"`    // events that wait for their handlers
}

// Status measures the hub. It is cheap: nothing of the data is read through.
func (s *Service) Status(ctx context.Context) (Status, error) {
	database, err := os.Stat(filepath.Join(filepath.Dir(s.Temp), DatabaseName))
	if err != nil && !errors.Is(err, fs.ErrNotExist) {
		return Status{}, core.Unavailable("data.unreadable", "папка данных не читается", err)
	}
	out := Status{Version: s.Version, StartedAt: s.StartedAt}
	if database != nil {
		out.Database = database.Size()
	}
	var memory runtime.MemStats
	runtime.ReadMemStats(&memory)
	out.Memory = memory.Sys - memory.HeapReleased
	out.DiskFree, out.DiskTotal = diskOf(filepath.Dir(s.Temp))
	if s.Pending != nil {
		out.Pending, err = s.Pending(ctx)
	}
	return out, err
}
