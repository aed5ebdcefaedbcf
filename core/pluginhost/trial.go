package pluginhost

import (
	"context"
	"fmt"
	"os"
	"path/filepath"
	"strconv"
	"sync/atomic"
	"time"

	pluginv1 "github.com/uzel-hub/uzel/api/plugin/v1"
	"github.com/uzel-hub/uzel/core"
	"github.com/uzel-hub/uzel/core/catalog"
	"github.com/uzel-hub/uzel/core/pluginhost/internal/channellog"
	"github.com/uzel-hub/uzel/core/pluginhost/internal/process"
	"github.com/uzel-hub/uzel/core/pluginhost/internal/wire"
)

// describeTimeout bounds the question what a binary is.
const describeTimeout = 10 * time.Second

// Describe starts the binary of e in a process of its own and asks what it is.
// It needs no host: it is the catalog's Describe.
func Describe(ctx context.Context, e catalog.Entry) (catalog.Manifest, error) {
	ctx, cancel := context.WithTimeout(ctx, 2*describeTimeout)
	defer cancel()
	dir, err := os.MkdirTemp("", "uzel-describe-")
	if err != nil {
		return catalog.Manifest{}, fmt.Errorf("describe plugin: %w", err)
	}
	defer os.RemoveAll(dir)
	folder, err := process.OpenFolder(filepath.Join(dir, "run"))
	if err != nil {
		return catalog.Manifest{}, err
	}
	defer folder.Close() //nolint:errcheck // a leftover folder among the temporary files
	log := channellog.Open(filepath.Join(dir, "log"), channellog.Options{Now: time.Now})
	defer log.Close() //nolint:errcheck // removed with its folder
	proc, err := process.Start(ctx, process.Spec{
		Name: "describe", Binary: e.Binary, Sum: e.Sum(), Scratch: dir, Run: folder,
		Log: log.Output, StartTimeout: describeTimeout,
	})
	if err != nil {
		return catalog.Manifest{}, err
	}
	defer proc.Kill()
	d, err := proc.Client.Describe(ctx, &pluginv1.DescribeRequest{})
	if err != nil {
		return catalog.Manifest{}, wire.CallError(err, "describe plugin")
	}
	return wire.Manifest(d)
}

// trials numbers the processes that are started to try settings out.
type trials struct{ last atomic.Uint64 }

// try starts a process of the plugin beside the channels, configures it, and
// calls then, if not nil. A fault of the settings comes back as KindInvalid with
// all its fields, so that a form can show them.
func (h *Host) try(ctx context.Context, e catalog.Entry, ch *core.Channel, secrets map[string]string,
	then func(pluginv1.PluginClient) error,
) error {
	name := ".try-" + strconv.FormatUint(h.trials.last.Add(1), 10)
	log := channellog.Open(filepath.Join(h.opts.LogDir, name+".log"), channellog.Options{Now: h.now})
	defer log.Remove() //nolint:errcheck // the next trial of the number writes behind it
	log.Hide(secretTexts(secrets))
	scratch := h.scratch(name)
	defer os.RemoveAll(scratch)
	proc, err := h.start(ctx, name, e, log)
	if err != nil {
		return err
	}
	defer proc.Kill()
	fault, err := h.configure(ctx, proc.Client, h.configureRequest(ch, secrets, scratch))
	switch {
	case err != nil:
		return err
	case fault != nil:
		return badSettings(fault)
	case then == nil:
		return nil
	}
	return then(proc.Client)
}

// badSettings turns a plugin's fault about its settings into the answer to a
// form.
func badSettings(err error) error {
	reason, field := explain(err)
	out := core.Invalid("channel.settings", "settings", reason)
	out.Source = core.SourcePlugin
	out.Faults = faultsOf(err)
	if len(out.Faults) == 0 && field != "" {
		out.Faults = []core.FieldFault{{Field: field, Text: reason}}
	}
	for i := range out.Faults {
		out.Faults[i].Field = join("settings", out.Faults[i].Field)
	}
	if len(out.Faults) > 0 {
		out.Field, out.Text = "", ""
	}
	return out
}
