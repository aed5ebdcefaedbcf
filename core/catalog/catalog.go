// Package catalog keeps the plugins the hub knows: their binaries in several
// versions, what each says about itself, and a lock file with the checksum every
// binary had when an administrator let it in.
//
//	plugins/lock.json
//	plugins/email/1.0.0/manifest.json
//	plugins/email/1.0.0/email
//
// The catalog starts nothing itself: whoever opens it hands in how a binary is
// asked to describe itself.
package catalog

import (
	"bytes"
	"context"
	"encoding/hex"
	"encoding/json"
	"errors"
	"fmt"
	"io/fs"
	"maps"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"sync"
	"time"

	"github.com/uzel-hub/uzel/core"
)

// Describe asks the binary of e, whose checksum is known, what it is.
type Describe func(ctx context.Context, e Entry) (Manifest, error)

// Entry is one version of one plugin.
type Entry struct {
	Manifest
	Binary      string    `json:"binary"` // absolute path
	SHA256      string    `json:"sha256"` // lower-case hex
	InstalledAt time.Time `json:"installed_at"`
	Current     bool      `json:"current"` // what channels without a pinned version run
	Pinned      bool      `json:"pinned"`  // current stays until a person changes it
}

// Sum is the checksum in binary form.
func (e *Entry) Sum() []byte {
	sum, _ := hex.DecodeString(e.SHA256) // checked when the lock was read
	return sum
}

// Trial is an upgrade on probation.
type Trial struct {
	From  string    `json:"from"`  // the version to return to
	Until time.Time `json:"until"` // then the new version stays
}

// Catalog is safe for concurrent use. One process at a time may have it open.
type Catalog struct {
	dir      string
	describe Describe
	now      func() time.Time

	mu   sync.RWMutex
	lock lockFile
}

// lockFile is what was let in and what is current.
type lockFile struct {
	Plugins map[string]*locked `json:"plugins"`
}

type locked struct {
	Current  string                   `json:"current"`
	Pinned   bool                     `json:"pinned,omitempty"`
	Trial    *Trial                   `json:"trial,omitempty"`
	Versions map[string]lockedVersion `json:"versions"`

	manifests map[string]Manifest
}

type lockedVersion struct {
	SHA256      string    `json:"sha256"`
	InstalledAt time.Time `json:"installed_at"`
}

const (
	lockName     = "lock.json"
	manifestName = "manifest.json"
)

var (
	nameForm    = regexp.MustCompile(`^[a-z][a-z0-9-]{0,62}$`)
	versionForm = regexp.MustCompile(`^[0-9]{1,9}(\.[0-9]{1,9}){2}([-+][0-9A-Za-z.+-]{1,64})?$`)
)

// Open reads the catalog in dir, which is created if it does not exist.
func Open(dir string, describe Describe, now func() time.Time) (*Catalog, error) {
	dir, err := filepath.Abs(dir)
	if err != nil {
		return nil, fmt.Errorf("open catalog: %w", err)
	}
	if err := os.MkdirAll(dir, 0o755); err != nil {
		return nil, fmt.Errorf("open catalog: %w", err)
	}
	c := &Catalog{dir: dir, describe: describe, now: now}
	if err := c.read(); err != nil {
		return nil, fmt.Errorf("open catalog: %w", err)
	}
	return c, nil
}

func (c *Catalog) read() error {
	c.lock.Plugins = make(map[string]*locked)
	raw, err := os.ReadFile(filepath.Join(c.dir, lockName))
	if errors.Is(err, fs.ErrNotExist) {
		return nil
	}
	if err != nil {
		return err
	}
	if err := json.Unmarshal(raw, &c.lock); err != nil {
		return damaged(lockName, err)
	}
	for name, p := range c.lock.Plugins {
		if err := c.readPlugin(name, p); err != nil {
			return err
		}
	}
	return nil
}

func (c *Catalog) readPlugin(name string, p *locked) error {
	if p == nil || !nameForm.MatchString(name) {
		return damaged(lockName, fmt.Errorf("plugin %q", name))
	}
	p.manifests = make(map[string]Manifest, len(p.Versions))
	for version, v := range p.Versions {
		if sum, err := hex.DecodeString(v.SHA256); err != nil || len(sum) != 32 || !versionForm.MatchString(version) {
			return damaged(lockName, fmt.Errorf("plugin %q %q", name, version))
		}
		path := filepath.Join(c.folder(name, version), manifestName)
		raw, err := os.ReadFile(path)
		if err != nil {
			return damaged(path, err)
		}
		var m Manifest
		if err := json.Unmarshal(raw, &m); err != nil {
			return damaged(path, err)
		}
		p.manifests[version] = m
	}
	return nil
}

func damaged(path string, err error) error {
	return &core.Error{
		Kind: core.KindConfig, Code: "catalog.damaged", Op: "read " + path,
		Text: "каталог плагинов повреждён: удалите папку и установите плагины заново", Err: err,
	}
}

// save writes the lock; the caller holds mu.
func (c *Catalog) save() error {
	raw, err := json.MarshalIndent(c.lock, "", "  ")
	if err != nil {
		return err
	}
	return writeFile(filepath.Join(c.dir, lockName), append(raw, '\n'))
}

// writeFile replaces a file as a whole: a crash leaves the old or the new one.
func writeFile(path string, body []byte) error {
	tmp, err := os.CreateTemp(filepath.Dir(path), ".new-*")
	if err != nil {
		return err
	}
	defer os.Remove(tmp.Name())
	_, err = tmp.Write(body)
	if err = errors.Join(err, tmp.Chmod(0o644), tmp.Sync(), tmp.Close()); err != nil {
		return err
	}
	return os.Rename(tmp.Name(), path)
}

func (c *Catalog) folder(name, version string) string { return filepath.Join(c.dir, name, version) }

// Get finds a version of a plugin; an empty version is the current one.
// KindNotFound if the catalog does not have it.
func (c *Catalog) Get(name, version string) (Entry, error) {
	c.mu.RLock()
	defer c.mu.RUnlock()
	p := c.lock.Plugins[name]
	if p == nil {
		return Entry{}, core.NotFound("plugin.not_found", "плагина «"+name+"» нет в каталоге")
	}
	if version == "" {
		version = p.Current
	}
	if _, ok := p.Versions[version]; !ok {
		return Entry{}, core.NotFound("plugin.version_not_found", "версии "+version+" плагина «"+name+"» нет в каталоге")
	}
	return c.entry(name, version, p), nil
}

func (c *Catalog) entry(name, version string, p *locked) Entry {
	v := p.Versions[version]
	return Entry{
		Manifest:    p.manifests[version],
		Binary:      filepath.Join(c.folder(name, version), name),
		SHA256:      v.SHA256,
		InstalledAt: v.InstalledAt,
		Current:     version == p.Current,
		Pinned:      p.Pinned && version == p.Current,
	}
}

// List is every version of every plugin: by name, the newest version first.
func (c *Catalog) List() []Entry {
	c.mu.RLock()
	defer c.mu.RUnlock()
	var out []Entry
	for _, name := range slices.Sorted(maps.Keys(c.lock.Plugins)) {
		p := c.lock.Plugins[name]
		for version := range p.Versions {
			out = append(out, c.entry(name, version, p))
		}
	}
	slices.SortFunc(out, func(a, b Entry) int {
		if by := strings.Compare(a.Name, b.Name); by != 0 {
			return by
		}
		return CompareVersions(b.Version, a.Version)
	})
	return out
}

// SetCurrent makes an installed version the one that channels run, and takes
// the plugin off any trial. With pin it stays current when a binary beside the
// hub brings another version.
func (c *Catalog) SetCurrent(name, version string, pin bool) error {
	return c.change(name, version, func(p *locked) {
		p.Current, p.Pinned, p.Trial = version, pin, nil
	})
}

// StartTrial makes version current on probation: EndTrial keeps it or returns to
// the version before. The trial outlives a restart of the hub.
func (c *Catalog) StartTrial(name, version string, until time.Time) error {
	return c.change(name, version, func(p *locked) {
		p.Trial = &Trial{From: p.Current, Until: until}
		p.Current = version
	})
}

// EndTrial keeps the version on probation or returns to the one before. Without
// a trial it does nothing.
func (c *Catalog) EndTrial(name string, keep bool) error {
	return c.change(name, "", func(p *locked) {
		if p.Trial != nil && !keep {
			p.Current = p.Trial.From
		}
		p.Trial = nil
	})
}

// TrialOf is the plugin's upgrade on probation, nil if there is none.
func (c *Catalog) TrialOf(name string) *Trial {
	c.mu.RLock()
	defer c.mu.RUnlock()
	p := c.lock.Plugins[name]
	if p == nil || p.Trial == nil {
		return nil
	}
	trial := *p.Trial
	return &trial
}

// change edits one plugin's lock and saves it, or leaves all as it was.
func (c *Catalog) change(name, version string, edit func(*locked)) error {
	if _, err := c.Get(name, version); err != nil {
		return err
	}
	c.mu.Lock()
	defer c.mu.Unlock()
	p := c.lock.Plugins[name]
	before := *p
	edit(p)
	if err := c.save(); err != nil {
		*p = before
		return fmt.Errorf("save catalog: %w", err)
	}
	return nil
}

// Remove deletes a version. The current one is refused with KindConflict as
// long as there are others; whether channels still use it is the caller's to
// know.
func (c *Catalog) Remove(name, version string) error {
	e, err := c.Get(name, version)
	if err != nil {
		return err
	}
	c.mu.Lock()
	defer c.mu.Unlock()
	p := c.lock.Plugins[name]
	if e.Current && len(p.Versions) > 1 {
		return core.Conflict("plugin.current", "это текущая версия плагина: сначала сделайте текущей другую")
	}
	delete(p.Versions, e.Version)
	delete(p.manifests, e.Version)
	if len(p.Versions) == 0 {
		delete(c.lock.Plugins, name)
	}
	if err := c.save(); err != nil {
		return fmt.Errorf("save catalog: %w", err)
	}
	return os.RemoveAll(c.folder(name, e.Version))
}

// admit puts a version into the lock and saves it.
func (c *Catalog) admit(m Manifest, sum string, makeCurrent bool) error {
	raw, err := json.MarshalIndent(m, "", "  ")
	if err != nil {
		return err
	}
	if err := writeFile(filepath.Join(c.folder(m.Name, m.Version), manifestName), raw); err != nil {
		return err
	}
	c.mu.Lock()
	defer c.mu.Unlock()
	p := c.lock.Plugins[m.Name]
	if p == nil {
		p = &locked{
			Current:   m.Version,
			Versions:  make(map[string]lockedVersion),
			manifests: make(map[string]Manifest),
		}
		c.lock.Plugins[m.Name] = p
	}
	p.Versions[m.Version] = lockedVersion{SHA256: sum, InstalledAt: c.now().UTC()}
	p.manifests[m.Version] = m
	if makeCurrent && !p.Pinned {
		p.Current, p.Trial = m.Version, nil
	}
	return c.save()
}

// same tells whether the two say the same, as the lock would keep them.
func same(a, b Manifest) bool {
	x, errX := json.Marshal(a)
	y, errY := json.Marshal(b)
	return errX == nil && errY == nil && bytes.Equal(x, y)
}
