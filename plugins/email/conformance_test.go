package main

import (
	"fmt"
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

func TestReadmeHasTheSettings(t *testing.T) { sdktest.Readme(t, connector()) }
