package fileblob

import (
	"context"
	"errors"
	"fmt"

	"golang.org/x/sys/unix"

	"github.com/uzel-hub/uzel/core"
)

// wrap gives an error that leaves the package its operation and its kind: what
// the disk says is "unavailable", since nothing is damaged by it and the call
// may be repeated.
func wrap(op string, err error) error {
	if err == nil {
		return nil
	}
	if _, ok := errors.AsType[*core.Error](err); ok ||
		errors.Is(err, context.Canceled) || errors.Is(err, context.DeadlineExceeded) {
		return fmt.Errorf("%s: %w", op, err)
	}
	code, text := "blob.disk", "хранилище файлов недоступно"
	if errors.Is(err, unix.ENOSPC) || errors.Is(err, unix.EDQUOT) {
		code, text = "blob.disk_full", "на диске хранилища файлов нет места"
	}
	return &core.Error{Kind: core.KindUnavailable, Code: code, Op: op, Text: text, Err: err}
}

func errNotFound() error {
	return core.NotFound("blob.not_found", "файла нет в хранилище")
}

func errClosed() error {
	return core.Unavailable("blob.closed", "хранилище файлов закрыто", nil)
}

func errInUse(dir string) error {
	return &core.Error{
		Kind: core.KindConflict,
		Code: "blob.in_use",
		Text: fmt.Sprintf("папка %s уже открыта другим процессом", dir),
	}
}

// errFormat says that a folder is no store of this version.
func errFormat(dir, why string) error {
	return &core.Error{
		Kind: core.KindConfig,
		Code: "blob.format",
		Text: fmt.Sprintf("папка %s: %s", dir, why),
	}
}

// errDamaged says that bytes on the disk are not what was written.
func errDamaged(what string) error {
	return &core.Error{
		Kind: core.KindInternal,
		Code: "blob.damaged",
		Text: "хранилище файлов повреждено, восстановите его из резервной копии",
		Err:  errors.New(what),
	}
}

func isDamaged(err error) bool {
	e, ok := errors.AsType[*core.Error](err)
	return ok && e.Code == "blob.damaged"
}

// wrapSource passes on an error of the reader given to Put. It keeps its kind:
// it does not speak of the store.
func wrapSource(err error) error {
	return fmt.Errorf("put blob: read content: %w", err)
}
