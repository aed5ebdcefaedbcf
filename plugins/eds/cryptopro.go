package main

import (
	"context"
	"errors"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"sync"

	"github.com/uzel-hub/uzel/plugins/eds/internal/cms"
	"github.com/uzel-hub/uzel/plugins/eds/internal/pki"
	"github.com/uzel-hub/uzel/plugins/eds/internal/toolout"
	"github.com/uzel-hub/uzel/sdk"
)

// cryptoPro signs with the command line of CryptoPro CSP: cryptcp makes CAdES,
// csptest a plain CMS, out of which the bare value is taken.
type cryptoPro struct {
	cryptoProSettings
	scratch string

	mu    sync.Mutex
	known []credential
}

var (
	_ backEnd        = (*cryptoPro)(nil)
	_ documentSigner = (*cryptoPro)(nil)
	_ valueSigner    = (*cryptoPro)(nil)
)

func newCryptoPro(s cryptoProSettings, scratch string) *cryptoPro {
	return &cryptoPro{cryptoProSettings: s, scratch: scratch}
}

// run runs one of the programs. They tell the outcome twice, by the exit code and
// by a line at the end; both have to be good.
func (c *cryptoPro) run(ctx context.Context, program string, args ...string) ([]byte, error) {
	ctx, cancel := context.WithTimeout(ctx, toolTimeout)
	defer cancel()
	cmd := exec.CommandContext(ctx, filepath.Join(c.Folder, program), args...)
	cmd.Env = []string{"LANG=C.UTF-8", "HOME=" + os.Getenv("HOME"), "PATH=/usr/bin:/bin"}
	out, err := cmd.CombinedOutput()
	if exit := (*exec.ExitError)(nil); err != nil && !errors.As(err, &exit) {
		return nil, misconfigured(codeTool, "cryptopro.folder", "программа "+program+" не запускается", err)
	}
	code, told := toolout.Code(out)
	if err != nil || told && code != 0 {
		return nil, cspError(code, err)
	}
	return out, nil
}

// cspError tells what a person has to mend from what may pass by itself.
func cspError(code uint32, err error) error {
	switch code {
	case 0x8009001A, 0x8010006B, 0x8010006C: // NTE_FAIL of a wrong PIN, SCARD_W_WRONG_CHV, SCARD_W_CHV_BLOCKED
		return misconfigured(codeKey, "cryptopro.pin", "КриптоПро CSP не принимает ПИН", err)
	case 0x80090016, 0x8009000D: // NTE_BAD_KEYSET, NTE_NO_KEY
		return misconfigured(codeKey, "cryptopro.thumbprint", "контейнер с закрытым ключом не найден", err)
	case 0x20000064, 0x800B0101: // licence, CERT_E_EXPIRED
		return misconfigured(codeTool, "", "истёк срок лицензии КриптоПро CSP или сертификата", err)
	}
	return later("КриптоПро CSP не выполнил операцию", err)
}

// Credentials reads the user's store once: certificates with a private key, the
// one of the settings first.
func (c *cryptoPro) Credentials(ctx context.Context) ([]credential, error) {
	c.mu.Lock()
	defer c.mu.Unlock()
	if c.known != nil {
		return c.known, nil
	}
	out, err := c.run(ctx, "certmgr", "-list", "-store", "uMy")
	if err != nil {
		return nil, err
	}
	var known []credential
	for _, thumbprint := range toolout.Thumbprints(out) {
		one, err := c.export(ctx, thumbprint)
		if err != nil {
			return nil, err
		}
		if strings.EqualFold(thumbprint, plainHex(c.Thumbprint)) {
			known = append([]credential{one}, known...)
		} else {
			known = append(known, one)
		}
	}
	if len(known) == 0 || c.Thumbprint != "" && !strings.EqualFold(known[0].Certificate.Thumbprint(), plainHex(c.Thumbprint)) {
		return nil, misconfigured(codeKey, "cryptopro.thumbprint", "сертификат не найден в хранилище пользователя", nil)
	}
	c.known = known
	return known, nil
}

// export takes one certificate out of the store.
func (c *cryptoPro) export(ctx context.Context, thumbprint string) (credential, error) {
	var one *pki.Certificate
	err := c.inFolder(func(dir string) error {
		file := filepath.Join(dir, "certificate.cer")
		if _, err := c.run(ctx, "certmgr", "-export", "-store", "uMy", "-thumbprint", thumbprint, "-dest", file); err != nil {
			return err
		}
		raw, err := os.ReadFile(file)
		if err != nil {
			return later("КриптоПро CSP не выгрузил сертификат", err)
		}
		all, err := pki.ParseCertificates(raw)
		if err != nil || len(all) != 1 || !strings.EqualFold(all[0].Thumbprint(), thumbprint) {
			return later("КриптоПро CSP выгрузил не тот сертификат", err)
		}
		one = all[0]
		return nil
	})
	return credential{Certificate: one}, err
}

// inFolder gives a folder that is gone afterwards: documents do not stay in it.
func (c *cryptoPro) inFolder(f func(dir string) error) (err error) {
	dir, err := os.MkdirTemp(c.scratch, "csp-")
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, os.RemoveAll(dir)) }()
	return f(dir)
}

// Check reads the store.
func (c *cryptoPro) Check(ctx context.Context) error {
	_, err := c.Credentials(ctx)
	return err
}

// SignDocuments runs cryptcp for each document.
func (c *cryptoPro) SignDocuments(ctx context.Context, cr credential, docs []sdk.File, attached bool) (s signing, err error) {
	for _, f := range docs {
		args := []string{"-sign", "-thumbprint", cr.Thumbprint(), "-cadesbes", "-der", "-nochain", "-norev"}
		if !attached {
			args = append(args, "-detached")
		}
		one, err := c.signFile(ctx, f, "cryptcp", func(in, out string) []string { return append(c.withPIN(args), in, out) })
		if err != nil {
			return signing{}, err
		}
		s.CMS = append(s.CMS, one)
	}
	return s, nil
}

// Resume is never needed: the programs answer when they are ready.
func (c *cryptoPro) Resume(context.Context, string) (signing, error) {
	return signing{}, badInput(codeData, "token", "неизвестный ключ ожидания")
}

// SignValue takes the value out of a CMS without signed attributes, where it is
// over the data themselves.
func (c *cryptoPro) SignValue(ctx context.Context, cr credential, data []byte) ([]byte, error) {
	raw, err := c.signFile(ctx, sdk.Bytes("data", data), "csptest", func(in, out string) []string {
		return c.withPassword([]string{"-sfsign", "-sign", "-in", in, "-out", out, "-my", cr.Thumbprint(), "-detached"})
	})
	if err != nil {
		return nil, err
	}
	d, err := cms.Parse(raw)
	if err != nil || len(d.Signers) != 1 {
		return nil, later("КриптоПро CSP вернул не CMS", err)
	}
	if d.Signers[0].ToVerify() != nil {
		return nil, refusal(codeNoRaw, "эта версия КриптоПро CSP не делает подпись без атрибутов")
	}
	return d.Signers[0].Signature, nil
}

func (c *cryptoPro) withPIN(args []string) []string {
	if c.PIN.IsSet() {
		args = append(args[:len(args):len(args)], "-pin", c.PIN.Reveal())
	}
	return args
}

func (c *cryptoPro) withPassword(args []string) []string {
	if c.PIN.IsSet() {
		args = append(args, "-password", c.PIN.Reveal())
	}
	return args
}

func (c *cryptoPro) signFile(ctx context.Context, f sdk.File, program string, args func(in, out string) []string) (sig []byte, err error) {
	err = c.inFolder(func(dir string) error {
		in, out := filepath.Join(dir, "document"), filepath.Join(dir, "document.sig")
		if err := f.Save(in); err != nil {
			return err
		}
		if _, err := c.run(ctx, program, args(in, out)...); err != nil {
			return err
		}
		if sig, err = os.ReadFile(out); err != nil {
			return later("КриптоПро CSP не записал подпись", err)
		}
		return nil
	})
	return sig, err
}
