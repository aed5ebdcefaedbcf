package app

import (
	"bufio"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"syscall"
	"time"

	"github.com/uzel-hub/uzel/core"
)

// demoChannel is the mailbox of the demo.
const demoChannel core.ChannelID = "demo-mail"

// mailWorld is what the mail emulator says about itself when it has started.
type mailWorld struct {
	IMAPS, SMTPS   string
	CA             string
	User, Password string
	Residents      []string
}

// demo runs the mail emulator beside the hub and connects a mailbox to it. The
// emulator sends that mailbox a few letters.
func (a *App) demo(ctx context.Context, out io.Writer) error {
	self, err := os.Executable()
	if err != nil {
		return err
	}
	cmd := exec.CommandContext(ctx, filepath.Join(filepath.Dir(self), "mailemulator"))
	cmd.Stderr = os.Stderr
	cmd.Cancel = func() error { return cmd.Process.Signal(syscall.SIGTERM) }
	cmd.WaitDelay = 5 * time.Second
	cmd.SysProcAttr = &syscall.SysProcAttr{Pdeathsig: syscall.SIGKILL}
	stdout, err := cmd.StdoutPipe()
	if err != nil {
		return err
	}
	if err := cmd.Start(); err != nil {
		return fmt.Errorf("start the mail emulator: %w", err)
	}
	var world mailWorld
	err = json.NewDecoder(bufio.NewReader(stdout)).Decode(&world)
	if err == nil {
		err = a.connectDemo(ctx, world)
	}
	if err != nil {
		return errors.Join(fmt.Errorf("connect the demo mailbox: %w", err), cmd.Process.Kill(), cmd.Wait())
	}
	fmt.Fprintf(out, "Демо: ящик %s (пароль %s), письма: bin/uzel document list\n", world.User, world.Password) //nolint:errcheck // nobody left to tell
	if err := cmd.Wait(); ctx.Err() == nil {
		return fmt.Errorf("the mail emulator ended: %w", err)
	}
	return nil
}

// connectDemo creates the channel, or points the one of an earlier demo to the
// emulator's new ports.
func (a *App) connectDemo(ctx context.Context, w mailWorld) error {
	settings, err := json.Marshal(map[string]any{
		"address": w.User, "name": "УК «Демо»", "password": w.Password, "ca": w.CA,
		"imap":   map[string]any{"host": "localhost", "port": portOf(w.IMAPS), "tls": "tls"},
		"smtp":   map[string]any{"host": "localhost", "port": portOf(w.SMTPS), "tls": "tls"},
		"letter": map[string]any{"signature": "С уважением,\nУК «Демо»"},
	})
	if err != nil {
		return err
	}
	channels := a.Host.Channels()
	had, err := channels.Get(ctx, demoChannel)
	if core.KindOf(err) == core.KindNotFound {
		_, err = channels.Create(ctx, core.Channel{ID: demoChannel, Title: "Почта (демо)", Plugin: "email", Enabled: true, Settings: settings})
		return err
	}
	if err != nil {
		return err
	}
	had.Settings = settings
	_, err = channels.Update(ctx, *had)
	return err
}

func portOf(address string) int {
	_, port, _ := net.SplitHostPort(address)
	n, _ := strconv.Atoi(port)
	return n
}
