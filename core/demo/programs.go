package demo

import (
	"bufio"
	"context"
	"encoding/json"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"syscall"
	"time"

	"golang.org/x/sync/errgroup"
)

// begin starts an emulator, which says where it is in a line of JSON.
func (d *demo) begin(ctx context.Context, g *errgroup.Group, facts any, name string, args ...string) error {
	line, err := d.run(ctx, g, nil, name, args...)
	if err == nil {
		err = json.Unmarshal(line, facts)
	}
	return err
}

// beginCabinet starts the page of the residents' cabinet.
func (d *demo) beginCabinet(ctx context.Context, g *errgroup.Group) error {
	line, err := d.run(ctx, g, []string{"CABINET_KEY=" + d.key}, "cabinet", "-listen", "127.0.0.1:0", "-hub", d.Hub+"/hooks/"+cabinetChannel)
	d.Cabinet = strings.TrimSpace(string(line))
	return err
}

// run starts a program beside the hub and gives its first line. It ends with
// ctx; if it ends before, g fails.
func (d *demo) run(ctx context.Context, g *errgroup.Group, env []string, name string, args ...string) ([]byte, error) {
	cmd := exec.CommandContext(ctx, filepath.Join(d.Programs, name), args...)
	cmd.Env, cmd.Stderr = append(os.Environ(), env...), os.Stderr
	cmd.Cancel = func() error { return cmd.Process.Signal(syscall.SIGTERM) }
	cmd.WaitDelay = 5 * time.Second
	cmd.SysProcAttr = &syscall.SysProcAttr{Pdeathsig: syscall.SIGKILL}
	out, err := cmd.StdoutPipe()
	if err == nil {
		err = cmd.Start()
	}
	if err != nil {
		return nil, fmt.Errorf("start %s: %w", name, err)
	}
	line, err := bufio.NewReader(out).ReadBytes('\n')
	g.Go(func() error {
		err := cmd.Wait()
		if ctx.Err() != nil {
			return nil
		}
		return fmt.Errorf("%s ended: %w", name, err)
	})
	if err != nil {
		return nil, fmt.Errorf("read what %s says: %w", name, err)
	}
	return line, nil
}
