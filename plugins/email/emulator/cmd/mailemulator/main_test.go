package main_test

import (
	"bufio"
	"crypto/tls"
	"crypto/x509"
	"encoding/json"
	"os"
	"os/exec"
	"path/filepath"
	"syscall"
	"testing"

	"github.com/emersion/go-imap/v2"
	"github.com/emersion/go-imap/v2/imapclient"

	"github.com/uzel-hub/uzel/plugins/email/mailtest"
)

type facts struct {
	IMAP, IMAPS, SMTP, SMTPS, CA, User, Password string
	Residents                                    []string
}

func build(t *testing.T) string {
	t.Helper()
	program := filepath.Join(t.TempDir(), "mailemulator")
	if out, err := exec.Command("go", "build", "-o", program, ".").CombinedOutput(); err != nil {
		t.Fatalf("build: %v\n%s", err, out)
	}
	return program
}

// start runs the program and returns what it printed and how to stop it.
func start(t *testing.T, program string, args ...string) (facts, func() error) {
	t.Helper()
	cmd := exec.Command(program, args...)
	out, err := cmd.StdoutPipe()
	if err != nil {
		t.Fatal(err)
	}
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	stop := func() error {
		_ = cmd.Process.Signal(syscall.SIGTERM)
		return cmd.Wait()
	}
	line, err := bufio.NewReader(out).ReadBytes('\n')
	var f facts
	if err != nil || json.Unmarshal(line, &f) != nil {
		_ = stop()
		t.Fatalf("printed %q, %v", line, err)
	}
	return f, stop
}

func count(t *testing.T, f facts, user string) uint32 {
	t.Helper()
	pool := x509.NewCertPool()
	pool.AppendCertsFromPEM([]byte(f.CA))
	c, err := imapclient.DialTLS(f.IMAPS, &imapclient.Options{TLSConfig: &tls.Config{RootCAs: pool, ServerName: "localhost"}})
	if err != nil {
		t.Fatal(err)
	}
	defer c.Close()
	if err := c.Login(user, f.Password).Wait(); err != nil {
		t.Fatal(err)
	}
	data, err := c.Select("INBOX", &imap.SelectOptions{ReadOnly: true}).Wait()
	if err != nil {
		t.Fatal(err)
	}
	return data.NumMessages
}

func TestProgramServesTheDemoLettersUntilItIsTold(t *testing.T) {
	program := build(t)
	ca := filepath.Join(t.TempDir(), "ca.pem")
	f, stop := start(t, program, "-user", "office@dom.test", "-pause", "1ms", "-ca", ca)
	mailtest.Eventually(t, func() bool { return count(t, f, "office@dom.test") == 7 })
	for _, resident := range f.Residents {
		if n := count(t, f, resident); n != 0 {
			t.Errorf("a resident has %d letters", n)
		}
	}
	if len(f.Residents) != 6 {
		t.Errorf("%d residents, want 6", len(f.Residents))
	}
	if pem, err := os.ReadFile(ca); err != nil || string(pem) != f.CA {
		t.Errorf("the authority's file: %v", err)
	}
	if err := stop(); err != nil {
		t.Errorf("stopped with %v", err)
	}
}

func TestProgramServesAFolderOnTheAddressGiven(t *testing.T) {
	program := build(t)
	dir := t.TempDir()
	if err := os.WriteFile(filepath.Join(dir, "one.eml"), []byte("From: a@b.test\n\nx\n"), 0o600); err != nil {
		t.Fatal(err)
	}
	first, stop := start(t, program, "-seed", dir)
	if err := stop(); err != nil {
		t.Fatal(err)
	}
	f, stop := start(t, program, "-seed", dir, "-imap", first.IMAP, "-imaps", first.IMAPS, "-smtp", first.SMTP, "-smtps", first.SMTPS)
	if f.IMAP != first.IMAP || f.SMTPS != first.SMTPS {
		t.Errorf("listens on %s and %s", f.IMAP, f.SMTPS)
	}
	mailtest.Eventually(t, func() bool { return count(t, f, f.User) == 1 })
	if err := stop(); err != nil {
		t.Error(err)
	}
}

func TestProgramRefusesWhatItCannotDo(t *testing.T) {
	program := build(t)
	empty := t.TempDir()
	if err := os.WriteFile(filepath.Join(empty, "bad.eml"), []byte("Subject: no sender\n\n"), 0o600); err != nil {
		t.Fatal(err)
	}
	for _, args := range [][]string{{"-imap", "0.0.0.0:0"}, {"-no-such-flag"}, {"-seed", empty}} {
		if out, err := exec.Command(program, args...).CombinedOutput(); err == nil || len(out) == 0 {
			t.Errorf("%v: %v, %q", args, err, out)
		}
	}
}
