package catalog

import (
	"archive/tar"
	"bufio"
	"bytes"
	"compress/gzip"
	"context"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"strings"

	"github.com/uzel-hub/uzel/core"
)

// A package is a tar.gz of exactly these files, nothing beside them and no
// folders: manifest.json, the binary under the plugin's name, and SHA256SUMS,
// in the form sha256sum writes, with a line for each of the two.
const (
	sumsName = "SHA256SUMS"

	maxBinary   = 512 << 20
	maxManifest = 4 << 20
)

// Install lets the version in the package in. The first version of a plugin
// becomes current by itself; a later one only by SetCurrent or an upgrade.
// Installing the same bytes again changes nothing; other bytes under an
// installed version are refused with KindConflict.
func (c *Catalog) Install(ctx context.Context, pack io.Reader) (Entry, error) {
	tmp, err := os.MkdirTemp(c.dir, ".incoming-*")
	if err != nil {
		return Entry{}, fmt.Errorf("install plugin: %w", err)
	}
	defer os.RemoveAll(tmp)
	m, sum, err := unpack(pack, tmp)
	if err != nil {
		return Entry{}, err
	}
	binary := filepath.Join(tmp, m.Name)
	own, err := c.describe(ctx, Entry{Manifest: m, Binary: binary, SHA256: sum})
	if err != nil {
		return Entry{}, err
	}
	if own.Name != m.Name || own.Version != m.Version {
		return Entry{}, badPackage("в описании пакета " + m.Name + " " + m.Version +
			", а плагин называет себя " + own.Name + " " + own.Version)
	}
	return c.place(own, binary, sum, false, false)
}

// AddBinary lets in a binary built beside the hub (bin/plugins/email). Unless
// the plugin is pinned it becomes the current version, and it replaces a binary
// of the same version: who builds it decides what it is. A binary that is
// already in is recognised by its checksum and not started.
func (c *Catalog) AddBinary(ctx context.Context, path string) (Entry, error) {
	sum, err := sumOf(path)
	if err != nil {
		return Entry{}, fmt.Errorf("add plugin: %w", err)
	}
	if e, ok := c.bySum(sum); ok {
		return e, nil
	}
	path, err = filepath.Abs(path)
	if err != nil {
		return Entry{}, fmt.Errorf("add plugin: %w", err)
	}
	m, err := c.describe(ctx, Entry{Binary: path, SHA256: sum})
	if err != nil {
		return Entry{}, err
	}
	return c.place(m, path, sum, true, true)
}

func (c *Catalog) bySum(sum string) (Entry, bool) {
	for _, e := range c.List() {
		if e.SHA256 == sum && e.Current {
			return e, true
		}
	}
	return Entry{}, false
}

// place copies the binary to where it stays and puts it into the lock.
func (c *Catalog) place(m Manifest, binary, sum string, replace, makeCurrent bool) (Entry, error) {
	if err := check(m); err != nil {
		return Entry{}, err
	}
	have, err := c.Get(m.Name, m.Version)
	switch {
	case err == nil && have.SHA256 == sum && same(have.Manifest, m) && !makeCurrent:
		return have, nil
	case err == nil && have.SHA256 != sum && !replace:
		return Entry{}, core.Conflict("plugin.exists", "версия "+m.Version+" плагина «"+m.Name+
			"» уже установлена с другим содержимым: удалите её или выпустите новую версию")
	}
	if err := c.copyIn(m, binary, sum); err != nil {
		return Entry{}, fmt.Errorf("install plugin %s: %w", m.Name, err)
	}
	if err := c.admit(m, sum, makeCurrent); err != nil {
		return Entry{}, fmt.Errorf("install plugin %s: %w", m.Name, err)
	}
	return c.Get(m.Name, m.Version)
}

func check(m Manifest) error {
	if !nameForm.MatchString(m.Name) {
		return badPackage("недопустимое имя плагина «" + m.Name + "»")
	}
	if !versionForm.MatchString(m.Version) {
		return badPackage("недопустимая версия плагина «" + m.Version + "»: ожидается вида 1.2.3")
	}
	return nil
}

// copyIn copies with a rename at the end: a process that runs the old binary of
// the version is not disturbed.
func (c *Catalog) copyIn(m Manifest, binary, sum string) error {
	folder := c.folder(m.Name, m.Version)
	if err := os.MkdirAll(folder, 0o755); err != nil {
		return err
	}
	src, err := os.Open(binary)
	if err != nil {
		return err
	}
	defer src.Close()
	dst, err := os.CreateTemp(folder, ".binary-*")
	if err != nil {
		return err
	}
	defer os.Remove(dst.Name())
	hash := sha256.New()
	_, err = io.Copy(io.MultiWriter(dst, hash), src)
	if err = errors.Join(err, dst.Chmod(0o755), dst.Sync(), dst.Close()); err != nil {
		return err
	}
	if hex.EncodeToString(hash.Sum(nil)) != sum {
		return core.Conflict("plugin.changed", "файл плагина изменился во время установки")
	}
	return os.Rename(dst.Name(), filepath.Join(folder, m.Name))
}

func sumOf(path string) (string, error) {
	f, err := os.Open(path)
	if err != nil {
		return "", err
	}
	defer f.Close()
	hash := sha256.New()
	if _, err := io.Copy(hash, f); err != nil {
		return "", err
	}
	return hex.EncodeToString(hash.Sum(nil)), nil
}

// unpack writes the files of the package into dir and verifies their sums.
func unpack(pack io.Reader, dir string) (m Manifest, sum string, err error) {
	zip, err := gzip.NewReader(pack)
	if err != nil {
		return m, "", badPackage("это не архив tar.gz")
	}
	sums, err := untar(tar.NewReader(zip), dir)
	if err != nil {
		return m, "", err
	}
	raw, err := os.ReadFile(filepath.Join(dir, manifestName))
	if err != nil {
		return m, "", badPackage("нет файла " + manifestName)
	}
	if err := json.Unmarshal(raw, &m); err != nil {
		return m, "", badPackage("файл " + manifestName + " повреждён")
	}
	if err := check(m); err != nil {
		return m, "", err
	}
	return m, sums[m.Name], verify(dir, m.Name, sums)
}

// untar takes regular files with plain names only, each once and of bounded
// size, and returns their sums.
func untar(in *tar.Reader, dir string) (map[string]string, error) {
	sums := make(map[string]string)
	for {
		head, err := in.Next()
		if errors.Is(err, io.EOF) {
			return sums, nil
		}
		if err != nil {
			return nil, badPackage("архив повреждён")
		}
		name := strings.TrimPrefix(head.Name, "./")
		if name == "" && head.Typeflag == tar.TypeDir {
			continue // tar czf x.tar.gz . begins with "./"
		}
		if head.Typeflag != tar.TypeReg || !plainName(name) || sums[name] != "" || len(sums) == 3 {
			return nil, badPackage(fmt.Sprintf("лишняя запись %q: ждём %s, %s и файл плагина", head.Name, manifestName, sumsName))
		}
		if sums[name], err = extract(in, dir, name); err != nil {
			return nil, err
		}
	}
}

func plainName(name string) bool {
	return name == manifestName || name == sumsName || nameForm.MatchString(name)
}

func extract(in io.Reader, dir, name string) (string, error) {
	limit, mode := int64(maxManifest), os.FileMode(0o644)
	if nameForm.MatchString(name) {
		limit, mode = maxBinary, 0o755
	}
	f, err := os.OpenFile(filepath.Join(dir, name), os.O_CREATE|os.O_EXCL|os.O_WRONLY, mode)
	if err != nil {
		return "", fmt.Errorf("unpack plugin: %w", err)
	}
	hash := sha256.New()
	n, err := io.Copy(io.MultiWriter(f, hash), io.LimitReader(in, limit+1))
	if cerr := f.Close(); err == nil {
		err = cerr
	}
	switch {
	case err != nil:
		return "", badPackage("архив повреждён или не хватило места")
	case n > limit:
		return "", badPackage(fmt.Sprintf("файл %s больше %d МБ", name, limit>>20))
	}
	return hex.EncodeToString(hash.Sum(nil)), nil
}

// verify compares the sums with the list in the package.
func verify(dir, binary string, sums map[string]string) error {
	raw, err := os.ReadFile(filepath.Join(dir, sumsName))
	if err != nil {
		return badPackage("нет файла " + sumsName)
	}
	listed := make(map[string]string)
	lines := bufio.NewScanner(bytes.NewReader(raw))
	for lines.Scan() {
		sum, name, _ := strings.Cut(lines.Text(), " ")
		listed[strings.TrimLeft(name, " *")] = strings.ToLower(sum)
	}
	for _, name := range []string{binary, manifestName} {
		switch {
		case sums[name] == "":
			return badPackage("нет файла " + name)
		case listed[name] == "":
			return badPackage("в " + sumsName + " нет суммы файла " + name)
		case listed[name] != sums[name]:
			return badPackage("контрольная сумма файла " + name + " не сходится: файл изменён после сборки")
		}
	}
	return nil
}

func badPackage(text string) error {
	return core.Invalid("plugin.package", "file", text)
}

// Pack writes the package of a binary, ready for Install.
func (c *Catalog) Pack(ctx context.Context, binary string, out io.Writer) error {
	sum, err := sumOf(binary)
	if err != nil {
		return fmt.Errorf("pack plugin: %w", err)
	}
	path, err := filepath.Abs(binary)
	if err != nil {
		return fmt.Errorf("pack plugin: %w", err)
	}
	m, err := c.describe(ctx, Entry{Binary: path, SHA256: sum})
	if err != nil {
		return err
	}
	if err := check(m); err != nil {
		return err
	}
	if err := writePack(out, m, path, sum); err != nil {
		return fmt.Errorf("pack plugin: %w", err)
	}
	return nil
}

func writePack(out io.Writer, m Manifest, binary, sum string) error {
	manifest, err := json.MarshalIndent(m, "", "  ")
	if err != nil {
		return err
	}
	manifestSum := sha256.Sum256(manifest)
	sums := fmt.Sprintf("%x  %s\n%s  %s\n", manifestSum, manifestName, sum, m.Name)
	zip := gzip.NewWriter(out)
	pack := tar.NewWriter(zip)
	return errors.Join(
		addBytes(pack, sumsName, []byte(sums)),
		addBytes(pack, manifestName, manifest),
		addFile(pack, m.Name, binary),
		pack.Close(), zip.Close(),
	)
}

func addBytes(pack *tar.Writer, name string, body []byte) error {
	if err := pack.WriteHeader(&tar.Header{Name: name, Mode: 0o644, Size: int64(len(body))}); err != nil {
		return err
	}
	_, err := pack.Write(body)
	return err
}

func addFile(pack *tar.Writer, name, path string) error {
	f, err := os.Open(path)
	if err != nil {
		return err
	}
	defer f.Close()
	info, err := f.Stat()
	if err != nil {
		return err
	}
	if err := pack.WriteHeader(&tar.Header{Name: name, Mode: 0o755, Size: info.Size()}); err != nil {
		return err
	}
	_, err = io.Copy(pack, f)
	return err
}
