// Package plugin is the line between the hub and a connector: the go-plugin
// handshake, the gRPC tuning both ends share, the cutting of files into pieces
// and their reassembly, and faults as errors. The messages themselves are
// described in v1/plugin.proto; the meaning a connector's author sees is in sdk.
package plugin

import (
	"context"
	"fmt"
	"os/exec"
	"time"

	"github.com/hashicorp/go-hclog"
	goplugin "github.com/hashicorp/go-plugin"
	"google.golang.org/grpc"

	pluginv1 "github.com/uzel-hub/uzel/api/plugin/v1"
)

const (
	// CookieKey and CookieValue tell a connector that the hub started it. They
	// are no secret and no protection: AutoMTLS is.
	CookieKey   = "UZEL_PLUGIN"
	CookieValue = "b1c9a6e7-connector"
	// ProtocolVersion changes when the wire breaks; new fields do not break it.
	ProtocolVersion = 1
	// Name is the connector's name in go-plugin's set.
	Name = "connector"
	// LogLevelEnv names the environment variable with which the hub sets how much
	// a connector logs: debug, info (also when unset), warn, error.
	LogLevelEnv = "UZEL_LOG_LEVEL"
	// StartTimeout is how long a process may take to say that it serves.
	StartTimeout = 10 * time.Second
)

// Handshake is what both ends must agree on before they talk.
func Handshake() goplugin.HandshakeConfig {
	return goplugin.HandshakeConfig{
		ProtocolVersion:  ProtocolVersion,
		MagicCookieKey:   CookieKey,
		MagicCookieValue: CookieValue,
	}
}

// Set is go-plugin's set with the connector in it. The hub's side passes nil.
func Set(server pluginv1.PluginServer) goplugin.PluginSet {
	return goplugin.PluginSet{Name: &glue{server: server}}
}

// ClientConfig is how the hub starts a connector: gRPC only, mutual TLS made
// for this launch, nothing of the hub's environment but what cmd.Env holds. The
// caller may add SecureConfig, UnixSocketConfig, Stderr and the like before it
// calls goplugin.NewClient.
func ClientConfig(cmd *exec.Cmd, log hclog.Logger) *goplugin.ClientConfig {
	return &goplugin.ClientConfig{
		HandshakeConfig:  Handshake(),
		Plugins:          Set(nil),
		Cmd:              cmd,
		Logger:           log,
		AllowedProtocols: []goplugin.Protocol{goplugin.ProtocolGRPC},
		AutoMTLS:         true,
		SkipHostEnv:      true,
		StartTimeout:     StartTimeout,
		GRPCDialOptions:  DialOptions(),
	}
}

// Dial starts the process of client, if it is not running yet, and connects to
// it. The caller ends it with client.Kill.
func Dial(client *goplugin.Client) (pluginv1.PluginClient, error) {
	conn, err := client.Client()
	if err != nil {
		return nil, fmt.Errorf("start connector: %w", err)
	}
	raw, err := conn.Dispense(Name)
	if err != nil {
		return nil, fmt.Errorf("dial connector: %w", err)
	}
	return raw.(pluginv1.PluginClient), nil
}

// Serve serves the connector to the hub that started this process, until the
// hub ends it. The log goes to stderr, where the hub reads it.
func Serve(server pluginv1.PluginServer, log hclog.Logger) {
	goplugin.Serve(&goplugin.ServeConfig{
		HandshakeConfig: Handshake(),
		Plugins:         Set(server),
		Logger:          log,
		GRPCServer: func(opts []grpc.ServerOption) *grpc.Server {
			return grpc.NewServer(append(opts, ServerOptions()...)...)
		},
	})
}

// glue is both ends of the connector in go-plugin's set.
type glue struct {
	goplugin.NetRPCUnsupportedPlugin
	server pluginv1.PluginServer
}

var _ goplugin.GRPCPlugin = (*glue)(nil)

func (g *glue) GRPCServer(_ *goplugin.GRPCBroker, s *grpc.Server) error {
	if g.server == nil {
		return fmt.Errorf("no connector to serve")
	}
	pluginv1.RegisterPluginServer(s, g.server)
	return nil
}

func (g *glue) GRPCClient(_ context.Context, _ *goplugin.GRPCBroker, conn *grpc.ClientConn) (any, error) {
	return pluginv1.NewPluginClient(conn), nil
}
