package main

import (
	"testing"

	"github.com/uzel-hub/uzel/plugins/eds/edstest"
	"github.com/uzel-hub/uzel/sdk"
	"github.com/uzel-hub/uzel/sdk/sdktest"
)

func TestConformance(t *testing.T) {
	sdktest.Run(t, sdktest.Config[settings]{Connector: connector(), World: suiteWorld})
}

// suiteWorld is a channel with a key in a file.
func suiteWorld(t *testing.T) sdktest.World {
	ca := edstest.New(t, edstest.GOST(256, "A"))
	h := ca.Issue("user")
	settings, secrets := keySettingsOf(t, ca, h)
	sig := ca.Sign(h, letter)
	return sdktest.World{
		Settings: settings, Secrets: secrets,
		Unreachable: object{"back_end": "cryptopro", "cryptopro": object{"folder": "/nonexistent"}},
		Operations: map[string]sdk.OperationCall{
			opSign:         {Files: []sdk.File{sdk.Bytes("ответ.txt", []byte(letter))}},
			opHash:         {Input: sdk.Values{"data": "YWJj"}},
			opVerify:       {Files: []sdk.File{sdk.Bytes("ответ.txt", []byte(letter)), signatureFile("ответ.txt.sig", "", sig)}},
			opCertificates: {},
		},
	}
}

func TestReadmeHasTheSettings(t *testing.T) { sdktest.Readme(t, connector()) }
