package main

import (
	"bytes"
	"fmt"
	"os"
	"strings"
	"testing"

	"github.com/uzel-hub/uzel/plugins/email/mailtest"
	"github.com/uzel-hub/uzel/sdk"
	"github.com/uzel-hub/uzel/sdk/sdktest"
)

func TestConformance(t *testing.T) {
	sdktest.Run(t, sdktest.Config[settings]{Connector: connector(), World: suiteWorld})
}

// suiteWorld is a mailbox of the emulator as the suite sees it.
func suiteWorld(t *testing.T) sdktest.World {
	srv := mailtest.Emulated(t)
	office, resident := srv.NewUser(t), srv.NewUser(t)
	letters := 0
	return sdktest.World{
		Settings:    settingsOf(srv, office, nil),
		Unreachable: settingsOf(srv, office, with("imap.port", 1)),
		Produce: func(n int) {
			for range n {
				letters++
				id := fmt.Sprintf("%d@mail.test", letters)
				if err := srv.World.Append(office.Address, "INBOX", letter(office.Address, id, "Письмо", "текст")); err != nil {
					t.Fatal(err)
				}
			}
		},
		Dispatch:  func(int) sdk.Dispatch { return dispatch(resident.Address) },
		Delivered: func() int { return len(srv.World.Letters(resident.Address, "INBOX")) },
	}
}

// TestReadmeHasTheSettings holds the table in README to the struct; with
// UZEL_UPDATE=1 it writes it.
func TestReadmeHasTheSettings(t *testing.T) {
	var table, errs bytes.Buffer
	if code := sdk.Run(t.Context(), connector(), []string{"describe", "--markdown"}, &table, &errs); code != 0 {
		t.Fatal(errs.String())
	}
	raw, err := os.ReadFile("README.md")
	if err != nil {
		t.Fatal(err)
	}
	head, rest, found := strings.Cut(string(raw), "<!-- settings")
	_, tail, closed := strings.Cut(rest, "<!-- /settings -->\n")
	if !found || !closed {
		t.Fatal("README.md has no place for the settings")
	}
	want := head + table.String() + tail
	if string(raw) == want {
		return
	}
	if os.Getenv("UZEL_UPDATE") == "" {
		t.Fatal("the table of settings is old: UZEL_UPDATE=1 go test ./plugins/email")
	}
	if err := os.WriteFile("README.md", []byte(want), 0o644); err != nil {
		t.Fatal(err)
	}
}
