package catalog_test

import (
	"archive/tar"
	"bytes"
	"compress/gzip"
	"context"
	"crypto/sha256"
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/uzel-hub/uzel/core"
	"github.com/uzel-hub/uzel/core/catalog"
)

// A "binary" of these tests is a text `name version`: describing it is reading
// it.
func describe(_ context.Context, e catalog.Entry) (catalog.Manifest, error) {
	raw, err := os.ReadFile(e.Binary)
	if err != nil {
		return catalog.Manifest{}, err
	}
	if len(e.Sum()) != sha256.Size {
		return catalog.Manifest{}, errors.New("no checksum to start it by")
	}
	words := strings.Fields(string(raw))
	return catalog.Manifest{Name: words[0], Version: words[1], Title: "Почта"}, nil
}

func open(t *testing.T, dir string) *catalog.Catalog {
	t.Helper()
	now := func() time.Time { return time.Date(2026, 11, 21, 9, 0, 0, 0, time.UTC) }
	c, err := catalog.Open(dir, describe, now)
	if err != nil {
		t.Fatal(err)
	}
	return c
}

func binary(t *testing.T, text string) string {
	t.Helper()
	path := filepath.Join(t.TempDir(), "binary")
	if err := os.WriteFile(path, []byte(text), 0o755); err != nil {
		t.Fatal(err)
	}
	return path
}

func pack(t *testing.T, c *catalog.Catalog, text string) []byte {
	t.Helper()
	var out bytes.Buffer
	if err := c.Pack(t.Context(), binary(t, text), &out); err != nil {
		t.Fatal(err)
	}
	return out.Bytes()
}

func install(t *testing.T, c *catalog.Catalog, text string) catalog.Entry {
	t.Helper()
	e, err := c.Install(t.Context(), bytes.NewReader(pack(t, c, text)))
	if err != nil {
		t.Fatal(err)
	}
	return e
}

func current(t *testing.T, c *catalog.Catalog, name string) string {
	t.Helper()
	e, err := c.Get(name, "")
	if err != nil {
		t.Fatal(err)
	}
	return e.Version
}

func TestInstalledVersionsStayAfterReopening(t *testing.T) {
	dir := t.TempDir()
	c := open(t, dir)
	install(t, c, "email 1.2.0")
	install(t, c, "email 1.10.0")
	install(t, c, "chat 0.1.0")
	c = open(t, dir)
	var got []string
	for _, e := range c.List() {
		got = append(got, fmt.Sprint(e.Name, " ", e.Version, " ", e.Current, " ", e.Title))
	}
	want := "[chat 0.1.0 true Почта email 1.10.0 false Почта email 1.2.0 true Почта]"
	if fmt.Sprint(got) != want {
		t.Errorf("List = %v, want %v", got, want)
	}
	e, err := c.Get("email", "1.10.0")
	if err != nil {
		t.Fatal(err)
	}
	body, err := os.ReadFile(e.Binary)
	if err != nil || string(body) != "email 1.10.0" {
		t.Errorf("binary = %q, %v", body, err)
	}
	if sum := sha256.Sum256(body); !bytes.Equal(sum[:], e.Sum()) {
		t.Error("the lock has another checksum than the binary")
	}
}

func TestSameVersionWithOtherBytesIsRefused(t *testing.T) {
	c := open(t, t.TempDir())
	install(t, c, "email 1.0.0")
	install(t, c, "email 1.0.0")
	_, err := c.Install(t.Context(), bytes.NewReader(pack(t, c, "email 1.0.0 other")))
	if core.KindOf(err) != core.KindConflict {
		t.Errorf("err = %v", err)
	}
}

func TestBinaryBesideTheHubReplacesAndBecomesCurrent(t *testing.T) {
	dir := t.TempDir()
	c := open(t, dir)
	for _, text := range []string{"email 1.0.0", "email 1.0.0 rebuilt", "email 1.1.0"} {
		if _, err := c.AddBinary(t.Context(), binary(t, text)); err != nil {
			t.Fatal(err)
		}
	}
	c = open(t, dir)
	if v := current(t, c, "email"); v != "1.1.0" {
		t.Errorf("current = %s", v)
	}
	e, _ := c.Get("email", "1.0.0")
	if body, _ := os.ReadFile(e.Binary); string(body) != "email 1.0.0 rebuilt" {
		t.Errorf("1.0.0 = %q", body)
	}
}

func TestPinnedVersionStaysCurrent(t *testing.T) {
	c := open(t, t.TempDir())
	install(t, c, "email 1.0.0")
	if err := c.SetCurrent("email", "1.0.0", true); err != nil {
		t.Fatal(err)
	}
	if _, err := c.AddBinary(t.Context(), binary(t, "email 2.0.0")); err != nil {
		t.Fatal(err)
	}
	if v := current(t, c, "email"); v != "1.0.0" {
		t.Errorf("current = %s", v)
	}
}

func TestTrialSurvivesARestartAndReturns(t *testing.T) {
	dir := t.TempDir()
	c := open(t, dir)
	install(t, c, "email 1.0.0")
	install(t, c, "email 2.0.0")
	if err := c.StartTrial("email", "2.0.0", time.Now().Add(time.Minute)); err != nil {
		t.Fatal(err)
	}
	c = open(t, dir)
	if trial := c.TrialOf("email"); trial == nil || trial.From != "1.0.0" || current(t, c, "email") != "2.0.0" {
		t.Fatalf("trial = %+v, current %s", trial, current(t, c, "email"))
	}
	if err := c.EndTrial("email", false); err != nil {
		t.Fatal(err)
	}
	if c.TrialOf("email") != nil || current(t, c, "email") != "1.0.0" {
		t.Errorf("after the trial: current %s", current(t, c, "email"))
	}
}

func TestRemoveKeepsTheCurrentVersion(t *testing.T) {
	c := open(t, t.TempDir())
	old := install(t, c, "email 1.0.0")
	install(t, c, "email 2.0.0")
	if err := c.Remove("email", ""); core.KindOf(err) != core.KindConflict {
		t.Errorf("current removed: %v", err)
	}
	if err := c.SetCurrent("email", "2.0.0", false); err != nil {
		t.Fatal(err)
	}
	if err := c.Remove("email", "1.0.0"); err != nil {
		t.Fatal(err)
	}
	if _, err := os.Stat(old.Binary); !errors.Is(err, os.ErrNotExist) {
		t.Errorf("binary left: %v", err)
	}
	if err := c.Remove("email", "2.0.0"); err != nil {
		t.Fatal(err)
	}
	if _, err := c.Get("email", ""); core.KindOf(err) != core.KindNotFound {
		t.Errorf("after removing all: %v", err)
	}
}

type file struct {
	name, body string
	kind       byte
}

func archive(t *testing.T, files ...file) io.Reader {
	t.Helper()
	var out bytes.Buffer
	zip := gzip.NewWriter(&out)
	w := tar.NewWriter(zip)
	for _, f := range files {
		head := &tar.Header{Name: f.name, Typeflag: f.kind, Mode: 0o644, Size: int64(len(f.body))}
		if f.kind != 0 && f.kind != tar.TypeReg {
			head.Linkname, head.Size = f.body, 0
		}
		if err := w.WriteHeader(head); err != nil {
			t.Fatal(err)
		}
		if head.Size > 0 {
			io.WriteString(w, f.body)
		}
	}
	w.Close()
	zip.Close()
	return &out
}

func TestBadPackageIsRefusedAndLeavesNothing(t *testing.T) {
	const manifest = `{"name":"email","version":"1.0.0"}`
	good := func(body string) []file {
		sums := fmt.Sprintf("%x  manifest.json\n%x *email\n", sha256.Sum256([]byte(manifest)), sha256.Sum256([]byte("email 1.0.0")))
		return []file{{name: "SHA256SUMS", body: sums}, {name: "manifest.json", body: manifest}, {name: "email", body: body}}
	}
	cases := map[string]struct {
		pack io.Reader
		want string
	}{
		"not an archive":  {strings.NewReader("hello"), "tar.gz"},
		"empty":           {archive(t), "manifest.json"},
		"binary changed":  {archive(t, good("email 1.0.0!")...), "сумма файла email"},
		"path traversal":  {archive(t, append(good("email 1.0.0"), file{name: "../evil", body: "x"})...), "лишняя"},
		"absolute path":   {archive(t, file{name: "/etc/passwd", body: "x"}), "лишняя"},
		"link":            {archive(t, file{name: "email", body: "/etc/passwd", kind: tar.TypeSymlink}), "лишняя"},
		"file twice":      {archive(t, append(good("email 1.0.0")[:2], file{name: "manifest.json", body: manifest})...), "лишняя"},
		"without sums":    {archive(t, good("email 1.0.0")[1:]...), "SHA256SUMS"},
		"without binary":  {archive(t, good("")[:2]...), "нет файла email"},
		"wrong name":      {archive(t, file{name: "manifest.json", body: `{"name":"../x","version":"1.0.0"}`}), "имя"},
		"wrong version":   {archive(t, file{name: "manifest.json", body: `{"name":"email","version":"1/../2"}`}), "версия"},
		"manifest broken": {archive(t, file{name: "manifest.json", body: `{`}), "повреждён"},
		"manifest huge":   {archive(t, file{name: "manifest.json", body: strings.Repeat(" ", 5<<20)}), "больше"},
	}
	for name, tc := range cases {
		t.Run(name, func(t *testing.T) {
			dir := t.TempDir()
			c := open(t, dir)
			_, err := c.Install(t.Context(), tc.pack)
			if core.KindOf(err) != core.KindInvalid || !strings.Contains(err.Error(), tc.want) {
				t.Errorf("err = %v, want %q in it", err, tc.want)
			}
			if entries, _ := os.ReadDir(dir); len(entries) != 0 {
				t.Errorf("left behind: %v", entries)
			}
		})
	}
	c := open(t, t.TempDir())
	if _, err := c.Install(t.Context(), archive(t, good("email 1.0.0")...)); err != nil {
		t.Errorf("the good one: %v", err)
	}
}

func TestPackageMustBeWhatThePluginSays(t *testing.T) {
	c := open(t, t.TempDir())
	raw := pack(t, c, "email 1.0.0")
	lying, err := catalog.Open(t.TempDir(), func(context.Context, catalog.Entry) (catalog.Manifest, error) {
		return catalog.Manifest{Name: "email", Version: "6.6.6"}, nil
	}, time.Now)
	if err != nil {
		t.Fatal(err)
	}
	if _, err := lying.Install(t.Context(), bytes.NewReader(raw)); core.KindOf(err) != core.KindInvalid {
		t.Errorf("err = %v", err)
	}
}

func TestDamagedLockIsRefusedWithWhatToDo(t *testing.T) {
	for name, body := range map[string]string{
		"not json":     `{`,
		"bad sum":      `{"plugins":{"email":{"current":"1.0.0","versions":{"1.0.0":{"sha256":"12"}}}}}`,
		"bad name":     `{"plugins":{"../x":{"current":"1.0.0","versions":{}}}}`,
		"null":         `{"plugins":{"email":null}}`,
		"no manifests": `{"plugins":{"email":{"versions":{"1.0.0":{"sha256":"` + strings.Repeat("0", 64) + `"}}}}}`,
	} {
		t.Run(name, func(t *testing.T) {
			dir := t.TempDir()
			if err := os.WriteFile(filepath.Join(dir, "lock.json"), []byte(body), 0o644); err != nil {
				t.Fatal(err)
			}
			_, err := catalog.Open(dir, describe, time.Now)
			if core.KindOf(err) != core.KindConfig || !strings.Contains(err.Error(), "установите плагины заново") {
				t.Errorf("err = %v", err)
			}
		})
	}
}

func TestVersionsCompareByValue(t *testing.T) {
	order := []string{
		"0.9.9", "1.0.0-alpha", "1.0.0-alpha.1", "1.0.0-alpha.beta", "1.0.0-beta.2", "1.0.0-beta.11",
		"1.0.0-rc.1", "1.0.0", "1.0.0+1", "1.2.0", "1.10.0", "2.0.0",
	}
	for i, a := range order {
		for j, b := range order {
			if got := catalog.CompareVersions(a, b); sign(got) != sign(i-j) {
				t.Errorf("CompareVersions(%s, %s) = %d", a, b, got)
			}
		}
	}
}

func sign(n int) int {
	switch {
	case n < 0:
		return -1
	case n > 0:
		return 1
	}
	return 0
}

func FuzzInstall(f *testing.F) {
	f.Add([]byte("hello"))
	f.Fuzz(func(t *testing.T, raw []byte) {
		c := open(t, t.TempDir())
		// The fuzzer writes the inside of the archive; the zip around it is ours.
		var out bytes.Buffer
		zip := gzip.NewWriter(&out)
		zip.Write(raw)
		zip.Close()
		_, err := c.Install(t.Context(), &out)
		if n := len(c.List()); (n == 0) == (err == nil) {
			t.Errorf("%d plugins in the catalog, error %v", n, err)
		}
	})
}
