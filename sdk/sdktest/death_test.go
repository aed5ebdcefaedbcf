package sdktest_test

import (
	"bufio"
	"context"
	"fmt"
	"os"
	"os/exec"
	"strconv"
	"strings"
	"syscall"
	"testing"
	"time"

	"github.com/hashicorp/go-hclog"
	goplugin "github.com/hashicorp/go-plugin"

	"github.com/uzel-hub/uzel/api/plugin"
	pluginv1 "github.com/uzel-hub/uzel/api/plugin/v1"
	"github.com/uzel-hub/uzel/sdk/sdktest"
)

// hubEnv makes the test binary a hub that starts a connector, prints its
// process id and waits to be killed.
const hubEnv = "UZEL_TEST_HUB"

func hubToBeKilled() {
	cmd := exec.Command(os.Args[0])
	cmd.Env = []string{shapeEnv + "=signer"}
	client := goplugin.NewClient(plugin.ClientConfig(cmd, hclog.NewNullLogger()))
	conn, err := plugin.Dial(client)
	if err == nil {
		_, err = conn.Configure(context.Background(), &pluginv1.ConfigureRequest{Settings: []byte("{}")})
	}
	if err != nil {
		fmt.Println(err)
		os.Exit(1)
	}
	fmt.Println(client.ID())
	select {}
}

func TestConnectorDiesWithItsHub(t *testing.T) {
	cmd := exec.CommandContext(t.Context(), os.Args[0])
	cmd.Env = append(os.Environ(), hubEnv+"=1")
	out, err := cmd.StdoutPipe()
	if err == nil {
		err = cmd.Start()
	}
	if err != nil {
		t.Fatal(err)
	}
	line, err := bufio.NewReader(out).ReadString('\n')
	if err != nil {
		t.Fatal(line, err)
	}
	pid, err := strconv.Atoi(strings.TrimSpace(line))
	if err != nil {
		t.Fatal(line)
	}
	if err := syscall.Kill(pid, 0); err != nil {
		t.Fatal("the connector does not run:", err)
	}
	if err := cmd.Process.Kill(); err != nil {
		t.Fatal(err)
	}
	_ = cmd.Wait() // killed: an error by design
	for deadline := time.Now().Add(sdktest.Patience); !ended(pid); time.Sleep(10 * time.Millisecond) {
		if time.Now().After(deadline) {
			t.Fatal("the connector outlived its hub")
		}
	}
}

// ended tells whether a process is gone or only its entry waits to be reaped.
func ended(pid int) bool {
	if syscall.Kill(pid, 0) != nil {
		return true
	}
	stat, err := os.ReadFile(fmt.Sprintf("/proc/%d/stat", pid))
	return err != nil || strings.Contains(string(stat), ") Z ")
}
