package main_test

import (
	"errors"
	"fmt"
	"io"
	"net/http"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"golang.org/x/sys/unix"

	"github.com/uzel-hub/uzel/core"
	"github.com/uzel-hub/uzel/core/internal/hubproc"
	"github.com/uzel-hub/uzel/core/maintenance"
)

// diskBytes is room for a hub with one small connector and a few letters.
const diskBytes = 64 << 20

// smallDisk mounts a small disk in the memory and returns its folder.
func smallDisk(t *testing.T) string {
	t.Helper()
	dir := t.TempDir()
	err := unix.Mount("tmpfs", dir, "tmpfs", 0, fmt.Sprintf("size=%d", diskBytes))
	if errors.Is(err, unix.EPERM) {
		t.Skip("mounting a small disk takes root")
	}
	if err != nil {
		t.Fatalf("mount a small disk: %v", err)
	}
	t.Cleanup(func() {
		if err := unix.Unmount(dir, unix.MNT_DETACH); err != nil {
			t.Errorf("unmount the small disk: %v", err)
		}
	})
	return dir
}

// fill writes a file until the disk has no room.
func fill(t *testing.T, path string) {
	t.Helper()
	f, err := os.Create(path)
	if err != nil {
		t.Fatal(err)
	}
	_, err = io.Copy(f, zeros{})
	if cerr := f.Close(); !errors.Is(errors.Join(err, cerr), unix.ENOSPC) {
		t.Fatalf("the disk is not full: %v", err)
	}
}

type zeros struct{}

// Read implements io.Reader.
func (zeros) Read(p []byte) (int, error) { clear(p); return len(p), nil }

func TestFullDiskHoldsMailBackUntilThereIsRoom(t *testing.T) {
	k := &killer{world: newWorld(t, 1, habits{batch: 5, large: true})}
	disk := smallDisk(t)
	k.hub = newHub(t)
	k.move(filepath.Join(disk, "data"))
	k.start()
	k.must("channel", "add", "in", "--plugin", "twoway", "--set", "world="+k.world.url)
	k.awaitDocuments(20)

	ballast := filepath.Join(disk, "ballast")
	fill(t, ballast)
	status := k.awaitChannel("in", core.ChannelDegraded)
	if !strings.Contains(status.Reason, "мест") {
		t.Errorf("the channel's trouble is told as %q", status.Reason)
	}
	k.readable()
	k.stop()
	k.start() // a hub that starts on a full disk is readable, too
	k.readable()
	k.awaitChannel("in", core.ChannelDegraded)
	taken := k.world.progress.Load()
	byHand := 0 // the database may have room inside for one more
	if err := k.call(http.MethodPost, "/api/v1/documents", object{"direction": "incoming", "subject": "От руки"}, nil); err == nil {
		byHand = 1
	} else if !refusedWith(err, http.StatusServiceUnavailable) {
		t.Errorf("a document registered by hand: %v", err)
	}
	if k.world.progress.Load() != taken {
		t.Error("mail is acknowledged although there is no room for it")
	}

	if err := os.Remove(ballast); err != nil {
		t.Fatal(err)
	}
	k.await("the hub takes mail again", func() bool { return k.world.progress.Load() > taken })
	n := k.settle("in") // or the small disk would fill up again
	k.awaitChannel("in", core.ChannelRunning)
	k.prove(func(t *testing.T, r maintenance.Report) { counts(t, r, n, n+byHand) })
}

func refusedWith(err error, status int) bool {
	r, ok := errors.AsType[*hubproc.Refusal](err)
	return ok && r.Status == status
}

// move has the hub keep its data elsewhere, and only the test connector with it.
func (k *killer) move(data string) {
	k.Helper()
	plugins := filepath.Join(k.TempDir(), "plugins")
	err := os.Mkdir(plugins, 0o700)
	if err == nil {
		err = os.Link(filepath.Join(binaries, "plugins/twoway"), filepath.Join(plugins, "twoway"))
	}
	if err != nil {
		k.Fatal(err)
	}
	k.data, k.client = data, hubproc.Client(data)
	k.env = append(k.env, "UZEL_DATA="+data, "UZEL_PLUGINS="+plugins)
}

func (k *killer) awaitDocuments(n int) {
	k.Helper()
	k.await(fmt.Sprintf("%d documents", n), func() bool { return len(k.documents(nil)) >= n })
}

// readable reads documents and files.
func (k *killer) readable() {
	k.Helper()
	k.get("/healthz", nil)
	rows := k.documents(nil)
	if len(rows) == 0 {
		k.Error("the hub shows no documents")
	}
	for _, d := range rows[:min(len(rows), 20)] {
		k.download(d.ID)
	}
}
