package main

import (
	"fmt"
	"os"
	"path/filepath"
	"testing"

	"github.com/uzel-hub/uzel/sdk"
	"github.com/uzel-hub/uzel/sdk/sdktest"
)

func TestFolder(t *testing.T) {
	sdktest.Run(t, sdktest.Config[folder]{Connector: connector, World: exchange})
}

// exchange is a folder with whom to exchange files.
func exchange(t *testing.T) sdktest.World {
	dir, files := t.TempDir(), 0
	if err := os.Mkdir(filepath.Join(dir, "in"), 0o755); err != nil {
		t.Fatal(err)
	}
	return sdktest.World{
		Settings:    map[string]any{"dir": dir, "every": "10ms"},
		Unreachable: map[string]any{"dir": filepath.Join(dir, "nothing")},
		Produce: func(n int) {
			for range n {
				files++
				name := filepath.Join(dir, "in", fmt.Sprintf("scan-%d.txt", files))
				if err := os.WriteFile(name, []byte("Прошу починить лифт"), 0o644); err != nil {
					t.Fatal(err)
				}
			}
		},
		Dispatch: func(n int) sdk.Dispatch {
			return sdk.Dispatch{
				Purpose: sdk.PurposeAnswer, Document: sdk.Document{Text: fmt.Sprint("Ответ ", n)},
				Files: []sdk.File{sdk.Bytes("act.pdf", []byte("%PDF"))},
			}
		},
		Delivered: func() int {
			out, err := filepath.Glob(filepath.Join(dir, "out", "*", "letter.txt"))
			if err != nil {
				t.Fatal(err)
			}
			return len(out)
		},
	}
}
