package bench

import (
	"context"
	"errors"
	"io"
	"runtime"
	"runtime/debug"
	"runtime/metrics"
	"time"

	"github.com/uzel-hub/uzel/core/report"
	"github.com/uzel-hub/uzel/core/store"
	"github.com/uzel-hub/uzel/core/store/boltstore"
)

// export measures tables of all appeals against a bare scan: the same records
// read and decoded, and nothing made of them. Of CSV and XLSX the slower one
// counts.
func (b *runner) export(ctx context.Context) (err error) {
	s, err := b.desk(ctx)
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, s.Close()) }()
	if _, err := scan(ctx, s); err != nil { // to warm up
		return err
	}
	for range b.rounds {
		floor, err := scan(ctx, s)
		if err != nil {
			return err
		}
		csv, grownCSV, err := table(ctx, s, report.NewCSV)
		if err != nil {
			return err
		}
		xlsx, grownXLSX, err := table(ctx, s, report.NewXLSX)
		if err != nil {
			return err
		}
		wallCSV, cpuCSV := csv.against(floor)
		wallXLSX, cpuXLSX := xlsx.against(floor)
		b.note("export_vs_scan", min(wallCSV, wallXLSX))
		b.note("export_cpu_vs_scan", min(cpuCSV, cpuXLSX))
		b.note("export_memory_mb", max(grownCSV, grownXLSX))
		b.note(scanRate, rate(b.documents, floor.wall))
		b.note(exportRate, rate(b.documents, max(csv.wall, xlsx.wall)))
		b.say("  export     CSV %.2f (by CPU %.2f), XLSX %.2f (by CPU %.2f) of a scan of %.0f/s, memory +%.0f MB",
			wallCSV, cpuCSV, wallXLSX, cpuXLSX, rate(b.documents, floor.wall), max(grownCSV, grownXLSX))
	}
	return nil
}

func scan(ctx context.Context, s *boltstore.Store) (took timing, err error) {
	err = took.time(func() error {
		return s.View(ctx, func(tx store.Tx) error {
			for _, err := range store.Documents.All(tx) {
				if err != nil {
					return err
				}
			}
			return nil
		})
	})
	return took, err
}

// table writes a table and returns by how many megabytes the heap in use had
// grown at its highest. What merely waits to be collected is no matter of the
// table: of that the hub allows itself as much as it has in use, four times.
func table(ctx context.Context, s *boltstore.Store, open func(io.Writer) (report.Sheet, error)) (took timing, grown float64, err error) {
	debug.FreeOSMemory()
	before := heap()
	stop, highest := make(chan struct{}), make(chan uint64)
	go watchHeap(stop, highest)
	err = took.time(func() error {
		sheet, err := open(io.Discard)
		if err != nil {
			return err
		}
		service := &report.Service{Store: s}
		return errors.Join(service.List(ctx, report.Query{}, report.DefaultColumns(), sheet), sheet.Close())
	})
	close(stop)
	most := <-highest
	runtime.GC()
	return took, float64(max(most, before)-before) / (1 << 20), err
}

// watchHeap looks at the heap until it is stopped.
func watchHeap(stop <-chan struct{}, highest chan<- uint64) {
	tick := time.NewTicker(5 * time.Millisecond)
	defer tick.Stop()
	most := heap()
	for {
		select {
		case <-tick.C:
			most = max(most, heap())
		case <-stop:
			highest <- most
			return
		}
	}
}

// heap is the bytes of the objects that the last collection found in use.
func heap() uint64 {
	sample := []metrics.Sample{{Name: "/gc/heap/live:bytes"}}
	metrics.Read(sample)
	return sample[0].Value.Uint64()
}
