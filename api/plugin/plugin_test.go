package plugin_test

import (
	"context"
	"os"
	"os/exec"
	"strings"
	"testing"

	"github.com/hashicorp/go-hclog"
	goplugin "github.com/hashicorp/go-plugin"

	"github.com/uzel-hub/uzel/api/plugin"
	pluginv1 "github.com/uzel-hub/uzel/api/plugin/v1"
)

// TestMain lets the test binary be the connector it starts.
func TestMain(m *testing.M) {
	if os.Getenv(plugin.CookieKey) == plugin.CookieValue {
		plugin.Serve(teller{}, hclog.NewNullLogger())
		return
	}
	os.Exit(m.Run())
}

// teller is a connector that tells about its process and refuses to wake.
type teller struct {
	pluginv1.UnimplementedPluginServer
}

func (teller) Describe(context.Context, *pluginv1.DescribeRequest) (*pluginv1.Description, error) {
	return &pluginv1.Description{Name: "teller", Summary: strings.Join(os.Environ(), "\n")}, nil
}

func (teller) Wake(context.Context, *pluginv1.WakeRequest) (*pluginv1.WakeReply, error) {
	return nil, plugin.AsError(&pluginv1.Fault{Kind: "rejected", Code: "sleep", Text: "не сейчас"})
}

func TestHubStartsAndDialsAConnector(t *testing.T) {
	t.Setenv("HUB_SECRET", "not for connectors")
	cmd := exec.Command(os.Args[0])
	cmd.Env = []string{"LANG=C.UTF-8"}
	client := goplugin.NewClient(plugin.ClientConfig(cmd, hclog.NewNullLogger()))
	t.Cleanup(client.Kill)
	conn, err := plugin.Dial(client)
	if err != nil {
		t.Fatal(err)
	}
	d, err := conn.Describe(t.Context(), &pluginv1.DescribeRequest{})
	if err != nil || d.GetName() != "teller" {
		t.Fatal(d, err)
	}
	if env := d.GetSummary(); strings.Contains(env, "HUB_SECRET") || !strings.Contains(env, "LANG=C.UTF-8") {
		t.Error("environment of the connector:", env)
	}
	_, err = conn.Wake(t.Context(), &pluginv1.WakeRequest{})
	if f := plugin.FaultOf(err); f.GetKind() != "rejected" || f.GetCode() != "sleep" || f.GetText() != "не сейчас" {
		t.Error(f)
	}
	_, err = conn.Stop(t.Context(), &pluginv1.StopRequest{})
	if f := plugin.FaultOf(err); f.GetCode() != plugin.CodeUnimplemented {
		t.Error(f)
	}
	client.Kill()
	_, err = conn.Describe(t.Context(), &pluginv1.DescribeRequest{})
	if f := plugin.FaultOf(err); f.GetCode() != plugin.CodeGone && f.GetCode() != plugin.CodeCanceled {
		t.Error("after the kill:", f)
	}
}
