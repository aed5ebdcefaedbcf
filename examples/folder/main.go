// Command folder is a whole two-way connector: files put into in/ become messages, answers appear in out/.
package main

import (
	"context"
	"fmt"
	"os"
	"path/filepath"
	"time"

	"github.com/uzel-hub/uzel/sdk"
)

var connector = sdk.Connector[folder]{
	Name: "folder", Version: "1.0.0", Title: "Папка", Summary: "Файлы из папки in становятся сообщениями, ответы кладутся в папку out.",
	Type: (*folder)(nil), Kinds: []sdk.Kind{sdk.KindLetter}, Purposes: []sdk.Purpose{sdk.PurposeAnswer}, Limits: sdk.Limits{Idempotent: true},
	New: func(_ context.Context, f folder, _ sdk.Env) (sdk.Channel, error) { return &f, nil },
}

func main() { sdk.Serve(connector) }

type folder struct {
	Dir   string        `setting:"dir" title:"Папка" required:"true" example:"/srv/exchange" help:"В ней папки in и out"`
	Every time.Duration `setting:"every" title:"Период просмотра" default:"2s" min:"10ms" max:"1h"`
}

func (f *folder) Check(context.Context) error {
	_, err := os.ReadDir(filepath.Join(f.Dir, "in"))
	return err
}

func (f *folder) Receive(ctx context.Context, _ sdk.Cursor, emit sdk.Emitter) error {
	return sdk.Poll(ctx, f.Every, func() error {
		files, err := os.ReadDir(filepath.Join(f.Dir, "in"))
		for _, file := range files {
			info, gone := file.Info()
			if gone != nil || !info.Mode().IsRegular() || info.Name()[0] == '.' {
				continue // with a dot: still being written
			}
			path, id := filepath.Join(f.Dir, "in", info.Name()), fmt.Sprint(info.ModTime().UnixNano(), info.Name())
			if err := emit.Emit(ctx, sdk.Message{ExternalID: id, Kind: sdk.KindLetter, Files: []sdk.File{sdk.Path(path)}}, nil); err != nil {
				return err
			}
			if err := os.Remove(path); err != nil { // only now: the hub has it on disk
				return err
			}
		}
		return err
	})
}

func (f *folder) Send(_ context.Context, d sdk.Dispatch) (sdk.Receipt, error) {
	dir := filepath.Join(f.Dir, "out", filepath.Base(d.Delivery))
	for _, file := range append(d.Files, sdk.Bytes("letter.txt", []byte(d.Document.Text))) {
		if err := file.Save(filepath.Join(dir, filepath.Base(file.Name))); err != nil {
			return sdk.Receipt{}, err
		}
	}
	return sdk.Receipt{ExternalID: dir}, nil
}
