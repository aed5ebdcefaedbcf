package process_test

import (
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"syscall"
	"testing"
	"time"

	"github.com/uzel-hub/uzel/core/pluginhost/internal/process"
)

// sleeper starts a process group as a hub that died would have left it, with a
// note about it.
func sleeper(t *testing.T, dir string, note func(pid int, start string) string) *exec.Cmd {
	t.Helper()
	cmd := exec.Command("sleep", "60")
	cmd.SysProcAttr = &syscall.SysProcAttr{Setpgid: true}
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		cmd.Process.Kill()
		cmd.Wait()
	})
	stat, err := os.ReadFile(fmt.Sprintf("/proc/%d/stat", cmd.Process.Pid))
	if err != nil {
		t.Fatal(err)
	}
	start := strings.Fields(string(stat))[21]
	path := filepath.Join(dir, fmt.Sprintf("c-%d.pid", cmd.Process.Pid))
	if err := os.WriteFile(path, []byte(note(cmd.Process.Pid, start)), 0o600); err != nil {
		t.Fatal(err)
	}
	return cmd
}

func TestWhatADeadHubLeftIsEndedAndNothingElse(t *testing.T) {
	dir := t.TempDir()
	left := sleeper(t, dir, func(pid int, start string) string { return fmt.Sprint(pid, " ", start) })
	other := sleeper(t, dir, func(pid int, start string) string { return fmt.Sprint(pid, " 1") }) // its id was taken again
	odd := sleeper(t, dir, func(int, string) string { return "-1 nonsense" })
	if err := os.Mkdir(filepath.Join(dir, "plugin-dir123"), 0o700); err != nil {
		t.Fatal(err)
	}
	keep := filepath.Join(dir, "keep")
	if err := os.WriteFile(keep, nil, 0o600); err != nil {
		t.Fatal(err)
	}
	folder, err := process.OpenFolder(dir)
	if err != nil {
		t.Fatal(err)
	}
	defer folder.Close()
	done := make(chan error, 1)
	go func() { done <- left.Wait() }()
	select {
	case <-done:
	case <-time.After(10 * time.Second):
		t.Error("the process of the dead hub lives")
	}
	for _, cmd := range []*exec.Cmd{other, odd} {
		if cmd.Process.Signal(syscall.Signal(0)) != nil {
			t.Error("another's process was ended")
		}
	}
	entries, _ := os.ReadDir(dir)
	if len(entries) != 1 || entries[0].Name() != "keep" {
		t.Errorf("in the folder: %v", entries)
	}
}
