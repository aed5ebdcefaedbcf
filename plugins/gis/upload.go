package main

import (
	"context"
	"errors"
	"io"
	"path"
	"strings"
	"unicode/utf8"

	"github.com/uzel-hub/uzel/plugins/gis/internal/appeals"
	"github.com/uzel-hub/uzel/plugins/gis/internal/filestore"
	"github.com/uzel-hub/uzel/sdk"
)

// upload puts files into the store. Signatures that lie beside a file belong to
// it; one that belongs to none is a file like another.
func (a *account) upload(ctx context.Context, files []sdk.File) ([]appeals.File, error) {
	var out []appeals.File
	at := map[string]int{} // place of a file in out
	var signatures []sdk.File
	for _, f := range files {
		if f.Role == sdk.RoleSignature {
			signatures = append(signatures, f)
			continue
		}
		up, err := a.put(ctx, f)
		if err != nil {
			return nil, err
		}
		at[f.Name] = len(out)
		out = append(out, up)
	}
	for _, f := range signatures {
		up, err := a.put(ctx, f)
		if err != nil {
			return nil, err
		}
		if i, ok := at[signed(f)]; ok {
			out[i].Signatures = append(out[i].Signatures, up)
		} else {
			out = append(out, up)
		}
	}
	return out, nil
}

// signed is the name of the file a signature belongs to.
func signed(f sdk.File) string {
	if f.Signs != "" {
		return f.Signs
	}
	return strings.TrimSuffix(f.Name, path.Ext(f.Name))
}

func (a *account) put(ctx context.Context, f sdk.File) (appeals.File, error) {
	hash, err := a.eds.fileHash(ctx, a.set.Hash, f)
	if err != nil {
		return appeals.File{}, told(err)
	}
	size, err := sizeOf(f)
	if err != nil {
		return appeals.File{}, err
	}
	r, err := f.Open()
	if err != nil {
		return appeals.File{}, err
	}
	defer r.Close() //nolint:errcheck // only read
	id, err := a.files.Upload(ctx, f.Name, size, r)
	if errors.Is(err, filestore.ErrEmpty) {
		return appeals.File{}, rejected("gis.files", "пустой файл «"+f.Name+"» ГИС ЖКХ не принимает")
	}
	if err != nil {
		return appeals.File{}, told(err)
	}
	about := f.Note
	if about == "" {
		about = f.Name
	}
	return appeals.File{Name: shortName(f.Name), Description: cut(about, appeals.MaxDescription), GUID: id, Hash: hash}, nil
}

// sizeOf counts the bytes of a file whose size is not known.
func sizeOf(f sdk.File) (int64, error) {
	if f.Size > 0 {
		return f.Size, nil
	}
	r, err := f.Open()
	if err != nil {
		return 0, err
	}
	defer r.Close() //nolint:errcheck // only read
	return io.Copy(io.Discard, r)
}

// shortName keeps the ending of a name that is too long.
func shortName(name string) string {
	if utf8.RuneCountInString(name) <= appeals.MaxFileName {
		return name
	}
	ext := cut(path.Ext(name), 10)
	return cut(name, appeals.MaxFileName-utf8.RuneCountInString(ext)) + ext
}

// cut keeps the first n characters.
func cut(text string, n int) string {
	r := []rune(text)
	return string(r[:min(len(r), n)])
}
