package main

import (
	"context"
	"path/filepath"

	"github.com/uzel-hub/uzel/core"
	"github.com/uzel-hub/uzel/core/demo"
)

// What --demo shows.
const (
	demoStory = "story"
	demoMail  = "mail"
)

// demo is what runs beside the hub; nil if nothing is to be shown. The emulators
// lie beside the hub's own program.
func (c *cli) demo(show, data, program string) (func(context.Context, string) error, error) {
	switch show {
	case "":
		return nil, nil
	case demoStory, demoMail:
		return func(ctx context.Context, address string) error {
			return demo.Run(ctx, demo.Config{
				Out: c.out, Programs: filepath.Dir(program), Data: data, Address: address, MailOnly: show == demoMail,
			})
		}, nil
	}
	return nil, core.Invalid("flag", "demo", "бывает "+demoStory+" или "+demoMail)
}
