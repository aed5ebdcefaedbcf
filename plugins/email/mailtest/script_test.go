package mailtest_test

import (
	"bufio"
	"fmt"
	"math/rand/v2"
	"net"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"

	"github.com/uzel-hub/uzel/plugins/email/mailtest"
)

// place returns a folder that the mail servers' users may enter.
func place(t *testing.T) string {
	t.Helper()
	dir, err := os.MkdirTemp("/tmp", "uzm")
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = os.RemoveAll(dir) })
	if err := os.Chmod(dir, 0o755); err != nil {
		t.Fatal(err)
	}
	return dir
}

func TestScriptSaysInOneLineWhatIsWrong(t *testing.T) {
	ln, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	defer ln.Close()
	taken := ln.Addr().(*net.TCPAddr).Port
	full := place(t)
	if err := os.WriteFile(filepath.Join(full, "precious"), nil, 0o600); err != nil {
		t.Fatal(err)
	}
	for _, c := range []struct {
		name, want string
		command    []string
	}{
		{"usage", "usage:", []string{"bash", "mailserver.sh"}},
		{"not root", "need root", []string{"runuser", "-u", "nobody", "--", "bash", "-s", "--", "/tmp/uzm-none", "1"}},
		{"long path", "longer than 60", []string{"bash", "mailserver.sh", "/tmp/" + strings.Repeat("x", 60), "1"}},
		{"folder in use", "not empty", []string{"bash", "mailserver.sh", full, "1"}},
		{"closed folder", "closed to other users", []string{"bash", "mailserver.sh", closed(t), "1"}},
		{"nothing to install with", "install these packages first: dovecot-core postfix", []string{"env", "PATH=" + bareTools(t), "bash", "mailserver.sh", filepath.Join(place(t), "run"), "1"}},
		{"port in use", "is taken", []string{"bash", "mailserver.sh", filepath.Join(place(t), "run"), fmt.Sprint(taken)}},
	} {
		t.Run(c.name, func(t *testing.T) {
			script, err := os.Open("mailserver.sh")
			if err != nil {
				t.Fatal(err)
			}
			defer script.Close()
			cmd := exec.Command(c.command[0], c.command[1:]...)
			cmd.Stdin = script
			out, err := cmd.CombinedOutput()
			if err == nil || strings.Count(string(out), "\n") != 1 || !strings.Contains(string(out), c.want) {
				t.Errorf("%v: %q, want one line with %q", err, out, c.want)
			}
		})
	}
	if _, err := os.Stat(filepath.Join(full, "precious")); err != nil {
		t.Error("a folder in use was removed")
	}
}

// bareTools is a search path on a machine without mail servers and apt.
func bareTools(t *testing.T) string {
	t.Helper()
	dir := t.TempDir()
	for _, tool := range []string{"bash", "id", "ls", "mkdir", "chmod", "rm", "tr", "grep", "xargs", "echo", "openssl"} {
		path, err := exec.LookPath(tool)
		if err != nil {
			t.Fatal(err)
		}
		if err := os.Symlink(path, filepath.Join(dir, tool)); err != nil {
			t.Fatal(err)
		}
	}
	return dir
}

// closed returns a path below a folder that only root may enter.
func closed(t *testing.T) string {
	dir := place(t)
	if err := os.Chmod(dir, 0o700); err != nil {
		t.Fatal(err)
	}
	return filepath.Join(dir, "run")
}

func TestRealServerGoesAwayWhenItsCallerDoes(t *testing.T) {
	mailtest.Real(t) // the packages are there now
	dir := filepath.Join(place(t), "run")
	cmd := exec.Command("bash", "mailserver.sh", dir, fmt.Sprint(freePort(t)))
	hold, err := cmd.StdinPipe()
	if err != nil {
		t.Fatal(err)
	}
	out, err := cmd.StdoutPipe()
	if err != nil {
		t.Fatal(err)
	}
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	imap := ""
	for lines := bufio.NewScanner(out); lines.Scan() && lines.Text() != "ready"; {
		if name, value, _ := strings.Cut(lines.Text(), "="); name == "IMAP" {
			imap = value
		}
	}
	conn, err := net.Dial("tcp", imap)
	if err != nil {
		t.Errorf("it does not answer: %v", err)
	} else {
		_ = conn.Close()
	}
	_ = hold.Close() // what the system does when the caller is killed
	if err := cmd.Wait(); err != nil {
		t.Errorf("it ended with %v", err)
	}
	if conn, err := net.Dial("tcp", imap); err == nil {
		_ = conn.Close()
		t.Error("it still answers")
	}
	if _, err := os.Stat(dir); err == nil {
		t.Error("its folder is still there")
	}
}

// freePort returns the first of some free neighbours.
func freePort(t *testing.T) int {
	t.Helper()
	port := 0
	mailtest.Eventually(t, func() bool {
		port = 30_000 + 10*rand.IntN(200) // apart from those that Real takes
		for p := port; p < port+10; p++ {
			ln, err := net.Listen("tcp", fmt.Sprintf("127.0.0.1:%d", p))
			if err != nil {
				return false
			}
			_ = ln.Close()
		}
		return true
	})
	return port
}
