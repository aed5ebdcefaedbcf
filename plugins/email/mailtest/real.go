package mailtest

import (
	"bufio"
	"bytes"
	"context"
	_ "embed"
	"errors"
	"fmt"
	"io"
	"math/rand/v2"
	"net"
	"os"
	"os/exec"
	"strconv"
	"strings"
	"sync"
	"syscall"
	"testing"
	"time"

	"github.com/emersion/go-smtp"

	"github.com/uzel-hub/uzel/plugins/email/emulator"
)

//go:embed mailserver.sh
var script string

// shared is the one real server of a test program.
var shared struct {
	once   sync.Once
	server *Server
	err    error
}

// Real returns a running Dovecot and Postfix, the same for all tests of the
// program: it is started by the first call, which takes some seconds, and
// installs the Debian packages if they are absent. Where it cannot run, the
// test fails and says what is missing. Tests keep apart by NewUser.
func Real(t testing.TB) *Server {
	t.Helper()
	shared.once.Do(func() { shared.server, shared.err = startReal() })
	if shared.err != nil {
		t.Fatal(shared.err)
	}
	return shared.server
}

// Main runs the tests and then stops the real server, if a test has started
// it. The server also goes away by itself when the test program is killed.
func Main(m *testing.M) int {
	code := m.Run()
	shared.once.Do(func() {}) // no test starts it any more
	if shared.server == nil {
		return code
	}
	if err := shared.server.peer.(*daemons).stop(); err != nil {
		fmt.Fprintln(os.Stderr, "mailtest: stop the mail server:", err)
		return 1
	}
	return code
}

// daemons is the script that runs Dovecot and Postfix until its input ends.
type daemons struct {
	dir     string
	process *exec.Cmd
	hold    io.WriteCloser
	stderr  *bytes.Buffer
	facts   map[string]string
}

const ports = 7

// startReal tries again when somebody else has taken the ports in between.
func startReal() (*Server, error) {
	var errs []error
	for range 3 {
		d, err := startDaemons()
		if err == nil {
			return d.server()
		}
		errs = append(errs, err)
		if !strings.Contains(err.Error(), "is taken") && !strings.Contains(err.Error(), "already in use") {
			break
		}
	}
	return nil, errors.Join(errs...)
}

func startDaemons() (*daemons, error) {
	// Not a test's own folder: those are closed to the users mail and postfix,
	// and too long for a socket's path.
	dir, err := os.MkdirTemp("/tmp", "uzm")
	if err != nil {
		return nil, err
	}
	d := &daemons{dir: dir, stderr: &bytes.Buffer{}, facts: map[string]string{}}
	if err := d.run(); err != nil {
		return nil, errors.Join(err, d.stop())
	}
	return d, nil
}

func (d *daemons) run() error {
	base, err := freePorts()
	if err != nil {
		return err
	}
	cmd := exec.Command("bash", "-c", script, "mailserver.sh", d.dir, strconv.Itoa(base))
	cmd.Stderr = d.stderr
	cmd.SysProcAttr = &syscall.SysProcAttr{Setpgid: true} // Ctrl-C is for the tests; the script sees its input end
	if d.hold, err = cmd.StdinPipe(); err != nil {
		return err
	}
	out, err := cmd.StdoutPipe()
	if err != nil {
		return err
	}
	if err := cmd.Start(); err != nil {
		return err
	}
	d.process = cmd
	return d.read(out)
}

// read takes the facts that the script prints until it is ready.
func (d *daemons) read(out io.Reader) error {
	lines := bufio.NewScanner(out)
	for lines.Scan() {
		name, value, _ := strings.Cut(lines.Text(), "=")
		if name == "ready" {
			return nil
		}
		d.facts[name] = value
	}
	_ = d.process.Wait()
	d.process = nil
	return errors.New(strings.TrimSpace(d.stderr.String()))
}

// stop ends the daemons, waits until they are gone and removes the folder.
func (d *daemons) stop() error {
	var err error
	if d.process != nil {
		err = errors.Join(d.hold.Close(), d.process.Wait())
	}
	return errors.Join(err, os.RemoveAll(d.dir))
}

// freePorts finds neighbouring free ports below the range from which the
// system gives ports to clients.
func freePorts() (int, error) {
	for range 100 {
		base := 10000 + rand.IntN(20000)
		if allFree(base) {
			return base, nil
		}
	}
	return 0, errors.New("mailtest: no free ports")
}

func allFree(base int) bool {
	for port := base; port < base+ports; port++ {
		ln, err := net.Listen("tcp", fmt.Sprintf("127.0.0.1:%d", port))
		if err != nil {
			return false
		}
		_ = ln.Close()
	}
	return true
}

func (d *daemons) server() (*Server, error) {
	s := newServer(d)
	s.IMAP, s.IMAPS, s.SMTP, s.SMTPS = d.facts["IMAP"], d.facts["IMAPS"], d.facts["SMTP"], d.facts["SMTPS"]
	s.POP3, s.POP3S, s.CAFile = d.facts["POP3"], d.facts["POP3S"], d.facts["CA_FILE"]
	var err, errSize error
	s.CAPEM, err = os.ReadFile(s.CAFile)
	s.SizeLimit, errSize = strconv.ParseInt(d.facts["SIZE_LIMIT"], 10, 64)
	if err = errors.Join(err, errSize); err != nil {
		return nil, errors.Join(err, d.stop())
	}
	return s, nil
}

func (d *daemons) password(string) string { return d.facts["PASSWORD"] }

func (d *daemons) token(addr string, ttl time.Duration) string {
	return emulator.SignToken([]byte(d.facts["OAUTH_SECRET"]), addr, time.Now().Add(ttl))
}

// deliver hands the letter to Dovecot by LMTP, which answers when it is in the
// mailbox.
func (d *daemons) deliver(ctx context.Context, from, to string, raw []byte) error {
	var dialer net.Dialer
	conn, err := dialer.DialContext(ctx, "tcp", d.facts["LMTP"])
	if err != nil {
		return err
	}
	c := smtp.NewClientLMTP(conn)
	defer c.Close()
	if err := c.SendMail(from, []string{to}, bytes.NewReader(raw)); err != nil {
		return err
	}
	return c.Quit()
}

func (d *daemons) changeUIDValidity(ctx context.Context, addr, folder string) error {
	next := strconv.FormatUint(uint64(time.Now().Unix())+uint64(rand.Uint32N(1<<20)+1), 10)
	return d.doveadm(ctx, "mailbox", "update", "--uid-validity", next, "-u", addr, folder)
}

func (d *daemons) kick(ctx context.Context, addr string) error { return d.doveadm(ctx, "kick", addr) }

func (d *daemons) doveadm(ctx context.Context, args ...string) error {
	out, err := exec.CommandContext(ctx, "doveadm", append([]string{"-c", d.facts["DOVEADM_CONFIG"]}, args...)...).CombinedOutput()
	if err != nil {
		return fmt.Errorf("doveadm %s: %w: %s", args[0], err, bytes.TrimSpace(out))
	}
	return nil
}
