package secret_test

import (
	"bytes"
	"errors"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/uzel-hub/uzel/core"
	"github.com/uzel-hub/uzel/core/secret"
)

func load(t *testing.T, path, env string) *secret.Box {
	t.Helper()
	box, err := secret.Load(path, env)
	if err != nil {
		t.Fatal(err)
	}
	return box
}

func TestSealedSecretOpensAfterRestart(t *testing.T) {
	path := filepath.Join(t.TempDir(), "keys", "secret.key")
	for _, plain := range []string{"", "пароль", strings.Repeat("x", 100_000)} {
		sealed, err := load(t, path, "").Seal([]byte(plain))
		if err != nil {
			t.Fatal(err)
		}
		if plain != "" && bytes.Contains(sealed, []byte(plain)) {
			t.Error("the secret is readable in what is kept")
		}
		got, err := load(t, path, "").Open(sealed)
		if err != nil || string(got) != plain {
			t.Errorf("Open = %q, %v", got, err)
		}
	}
}

func TestKeyFileBelongsToItsOwnerAlone(t *testing.T) {
	path := filepath.Join(t.TempDir(), "secret.key")
	load(t, path, "")
	info, err := os.Stat(path)
	if err != nil {
		t.Fatal(err)
	}
	if info.Mode().Perm() != 0o600 {
		t.Errorf("mode = %v", info.Mode())
	}
	entries, _ := os.ReadDir(filepath.Dir(path))
	if len(entries) != 1 {
		t.Errorf("left behind: %v", entries)
	}
}

func TestEnvironmentWinsOverFile(t *testing.T) {
	dir := t.TempDir()
	load(t, filepath.Join(dir, "a"), "")
	raw, err := os.ReadFile(filepath.Join(dir, "a"))
	if err != nil {
		t.Fatal(err)
	}
	_, key, _ := strings.Cut(string(raw), "\n")
	sealed, err := load(t, filepath.Join(dir, "b"), key).Seal([]byte("x"))
	if err != nil {
		t.Fatal(err)
	}
	if _, err := load(t, filepath.Join(dir, "a"), "").Open(sealed); err != nil {
		t.Errorf("sealed with the key of the environment: %v", err)
	}
	if _, err := os.Stat(filepath.Join(dir, "b")); !errors.Is(err, os.ErrNotExist) {
		t.Errorf("a key file was made beside the environment's key: %v", err)
	}
}

func TestWrongKeyIsNamedAsSuch(t *testing.T) {
	dir := t.TempDir()
	sealed, err := load(t, filepath.Join(dir, "a"), "").Seal([]byte("x"))
	if err != nil {
		t.Fatal(err)
	}
	other := load(t, filepath.Join(dir, "b"), "")
	_, err = other.Open(sealed)
	if core.KindOf(err) != core.KindConfig || !strings.Contains(err.Error(), "ключ шифрования не подходит") {
		t.Errorf("another key: %v", err)
	}
	sealed[len(sealed)-1] ^= 1
	_, err = load(t, filepath.Join(dir, "a"), "").Open(sealed)
	if core.KindOf(err) != core.KindConfig || !strings.Contains(err.Error(), "повреждён") {
		t.Errorf("damaged: %v", err)
	}
}

func TestBrokenKeyIsRefusedWithoutShowingIt(t *testing.T) {
	path := filepath.Join(t.TempDir(), "secret.key")
	if err := os.WriteFile(path, []byte("# key\nAGE-SECRET-KEY-1BROKEN\n"), 0o600); err != nil {
		t.Fatal(err)
	}
	_, err := secret.Load(path, "")
	if core.KindOf(err) != core.KindConfig || strings.Contains(err.Error(), "BROKEN") {
		t.Errorf("err = %v", err)
	}
}
