package main_test

import (
	"crypto/sha256"
	"encoding/hex"
	"flag"
	"fmt"
	"io"
	"net/http"
	"os"
	"path/filepath"
	"testing"
	"time"

	"github.com/uzel-hub/uzel/core"
	"github.com/uzel-hub/uzel/core/internal/hubproc"
)

// hugeMB is large enough that the file shows if it lies in memory.
var hugeMB = flag.Int64("huge", 300, "MB of the file that goes through the whole hub and must not lie in memory")

// The most that the hub and a connector may ever have had resident, however
// large the file was.
const hubMB, connectorMB = 250, 80

func TestHugeFileGoesThroughTheHubAndNeverLiesInMemory(t *testing.T) {
	h, dir := newHub(t), t.TempDir()
	sum := sparse(t, filepath.Join(dir, "in", "huge.bin"), *hugeMB<<20)
	h.env = append(h.env, fmt.Sprint("UZEL_LIMITS__FILE_MB=", *hugeMB), fmt.Sprint("UZEL_LIMITS__MESSAGE_MB=", *hugeMB))
	h.start()
	err := h.call(http.MethodPost, "/api/v1/channels", object{
		"id": "disk", "title": "Диск", "plugin": "folder", "enabled": true, "settings": object{"dir": dir, "every": "20ms"},
	}, nil)
	if err != nil {
		t.Fatal(err)
	}

	doc := h.onlyDocument(patience + time.Duration(*hugeMB)*50*time.Millisecond)
	if f := doc.Files[0]; f.Hash != sum || f.Size != *hugeMB<<20 {
		t.Fatalf("stored %+v, want %s", f, sum)
	}
	if got := h.readBack(doc); got != sum {
		t.Errorf("read back %s, want %s", got, sum)
	}
	h.peaked("the hub", h.process.PID(), hubMB)
	h.peaked("the connector", h.status("disk").PID, connectorMB)
}

// sparse makes a file of zeros with a mark here and there, which takes no room on
// the disk. It returns its hash.
func sparse(t *testing.T, path string, size int64) string {
	t.Helper()
	if err := os.MkdirAll(filepath.Dir(path), 0o700); err != nil {
		t.Fatal(err)
	}
	f, err := os.Create(path)
	if err != nil {
		t.Fatal(err)
	}
	defer f.Close() //nolint:errcheck // it was written if the hash is right
	if err := f.Truncate(size); err != nil {
		t.Fatal(err)
	}
	for at := int64(0); at < size; at += 10<<20 + 1 {
		if _, err := f.WriteAt(fmt.Append(nil, at), at); err != nil {
			t.Fatal(err)
		}
	}
	return hashOf(t, io.NewSectionReader(f, 0, size))
}

func hashOf(t *testing.T, r io.Reader) string {
	t.Helper()
	sum := sha256.New()
	if _, err := io.Copy(sum, r); err != nil {
		t.Fatal(err)
	}
	return hex.EncodeToString(sum.Sum(nil))
}

// onlyDocument waits for the one document there will be.
func (h *hub) onlyDocument(patience time.Duration) *core.Document {
	h.Helper()
	var rows []row
	awaitFor(h.T, patience, "the document", func() bool {
		rows = h.documents(nil)
		return len(rows) == 1
	})
	doc := h.card(rows[0].ID).Document
	return &doc
}

// readBack is the hash of the document's first file as REST gives it.
func (h *hub) readBack(doc *core.Document) string {
	h.Helper()
	res, err := h.client.Get("http://hub/api/v1/documents/" + string(doc.ID) + "/files/" + doc.Files[0].Hash)
	if err != nil {
		h.Fatal(err)
	}
	defer res.Body.Close() //nolint:errcheck // only read
	if res.StatusCode != http.StatusOK {
		h.Fatalf("the file: %s", res.Status)
	}
	return hashOf(h.T, res.Body)
}

// peaked holds the most memory a process has ever had against a bound.
func (h *hub) peaked(who string, pid, most int) {
	h.Helper()
	mb, err := hubproc.Memory(pid, "VmHWM:")
	if err != nil {
		h.Fatal(err)
	}
	h.Logf("%s had at most %.0f MB resident", who, mb)
	if mb > float64(most) {
		h.Errorf("%s had %.0f MB resident, want at most %d", who, mb, most)
	}
}
