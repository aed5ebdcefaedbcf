// Package secret keeps the secret settings of channels unreadable at rest: each
// is encrypted with age (age-encryption.org/v1, X25519) under the hub's one key.
//
// The key lies in a file of its own, outside the database and its backups, or
// comes from the environment. Whoever loses it enters the passwords again.
package secret

import (
	"bytes"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"strings"

	"filippo.io/age"

	"github.com/uzel-hub/uzel/core"
)

// Env names the environment variable that holds the key instead of the file.
const Env = "UZEL_SECRET_KEY"

// Box encrypts and decrypts. It is safe for concurrent use.
type Box struct {
	identity *age.X25519Identity
}

// New makes a box with a fresh key that exists in memory only, for tests and
// for channels that are never kept.
func New() (*Box, error) {
	identity, err := age.GenerateX25519Identity()
	if err != nil {
		return nil, fmt.Errorf("make secret key: %w", err)
	}
	return &Box{identity: identity}, nil
}

// Parse makes the box of a key in age's text form, AGE-SECRET-KEY-1….
func Parse(key string) (*Box, error) {
	identity, err := age.ParseX25519Identity(strings.TrimSpace(key))
	if err != nil {
		// The cause may quote the key, so it is left out.
		return nil, &core.Error{
			Kind: core.KindConfig, Code: "secret.key_format", Op: "read secret key",
			Text: "ключ шифрования настроек повреждён: ожидается строка AGE-SECRET-KEY-1…",
		}
	}
	return &Box{identity: identity}, nil
}

// Load makes the box of env, the value of UZEL_SECRET_KEY, or if that is empty
// of the file at path. A file that does not exist is created with a fresh key,
// readable by its owner alone.
func Load(path, env string) (*Box, error) {
	if env != "" {
		return Parse(env)
	}
	raw, err := os.ReadFile(path)
	if errors.Is(err, fs.ErrNotExist) {
		return create(path)
	}
	if err != nil {
		return nil, fmt.Errorf("read secret key: %w", err)
	}
	return Parse(firstKey(string(raw)))
}

// firstKey skips what age-keygen writes around the key.
func firstKey(text string) string {
	for line := range strings.Lines(text) {
		if line = strings.TrimSpace(line); line != "" && !strings.HasPrefix(line, "#") {
			return line
		}
	}
	return ""
}

func create(path string) (*Box, error) {
	box, err := New()
	if err != nil {
		return nil, err
	}
	if err := os.MkdirAll(filepath.Dir(path), 0o700); err != nil {
		return nil, fmt.Errorf("create secret key: %w", err)
	}
	if err := writeKey(path, box.identity.String()); err != nil {
		return nil, fmt.Errorf("create secret key: %w", err)
	}
	return box, nil
}

// writeKey links a complete and flushed file to path, so that a crash leaves
// either no key or a whole one, and a key made by another process meanwhile is
// not overwritten.
func writeKey(path, key string) error {
	tmp, err := os.CreateTemp(filepath.Dir(path), ".secret-*") // mode 0600
	if err != nil {
		return err
	}
	defer os.Remove(tmp.Name())
	_, err = fmt.Fprintf(tmp, "# Uzel: key of the secret settings. Keep a copy apart from the backups.\n%s\n", key)
	if err = errors.Join(err, tmp.Sync(), tmp.Close()); err != nil {
		return err
	}
	return os.Link(tmp.Name(), path)
}

// Seal encrypts. The result is bound to nothing but the key.
func (b *Box) Seal(plain []byte) ([]byte, error) {
	var out bytes.Buffer
	w, err := age.Encrypt(&out, b.identity.Recipient())
	if err != nil {
		return nil, fmt.Errorf("encrypt secret: %w", err)
	}
	_, err = w.Write(plain)
	if err = errors.Join(err, w.Close()); err != nil {
		return nil, fmt.Errorf("encrypt secret: %w", err)
	}
	return out.Bytes(), nil
}

// Open decrypts what Seal made. KindConfig if it was made with another key or
// was damaged.
func (b *Box) Open(sealed []byte) ([]byte, error) {
	r, err := age.Decrypt(bytes.NewReader(sealed), b.identity)
	if err != nil {
		return nil, misfit(err)
	}
	plain, err := io.ReadAll(r)
	if err != nil {
		return nil, misfit(err)
	}
	return plain, nil
}

func misfit(err error) error {
	text := "сохранённый секрет повреждён: введите его заново"
	if _, ok := errors.AsType[*age.NoIdentityMatchError](err); ok {
		text = "ключ шифрования не подходит к сохранённым секретам: верните прежний ключ (" + Env +
			" или файл ключа) или введите пароли каналов заново"
	}
	return &core.Error{Kind: core.KindConfig, Code: "secret.key", Op: "decrypt secret", Text: text, Err: err}
}
