package main

import (
	"context"
	"fmt"
	"path/filepath"

	"github.com/uzel-hub/uzel/core"
	"github.com/uzel-hub/uzel/core/demo"
)

// demo is what runs beside the hub; nil if nothing is to be shown. The emulators
// lie beside the hub's own program.
func (c *cli) demo(show, data, program string) (func(context.Context, string) error, error) {
	if show == "" {
		return nil, nil
	}
	if !demo.Show(show).Known() {
		return nil, core.Invalid("flag", "demo", fmt.Sprintf("бывает %s, %s, %s", demo.ShowStory, demo.ShowStage, demo.ShowMail))
	}
	return func(ctx context.Context, address string) error {
		return demo.Run(ctx, demo.Config{Out: c.out, Programs: filepath.Dir(program), Data: data, Address: address, Show: demo.Show(show)})
	}, nil
}
