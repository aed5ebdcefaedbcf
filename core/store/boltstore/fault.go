package boltstore

import (
	"context"
	"errors"
	"fmt"
	"runtime/debug"

	"go.etcd.io/bbolt"
	berrors "go.etcd.io/bbolt/errors"

	"github.com/uzel-hub/uzel/core"
)

var errClosed = core.Unavailable("store.closed", "база данных закрыта", nil)

// guard turns a panic of what runs until its result is deferred into an error
// of KindInternal with the stack, and reads outside the file into panics.
//
//	defer guard(&err)()
func guard(err *error) func() {
	old := debug.SetPanicOnFault(true)
	return func() {
		debug.SetPanicOnFault(old)
		if p := recover(); p != nil {
			*err = panicked(p)
		}
	}
}

// catch is guard with another error.
func catch(err *error, as func(p any) error) {
	if p := recover(); p != nil {
		*err = as(p)
	}
}

func panicked(p any) error {
	var fault interface{ Addr() uintptr } // of a read outside the file
	if err, ok := p.(error); ok && errors.As(err, &fault) {
		return damaged("", fmt.Errorf("%w\n%s", err, debug.Stack()))
	}
	return &core.Error{
		Kind: core.KindInternal, Code: "store.panic", Op: "run transaction",
		Err: fmt.Errorf("%w\n%s", asError(p), debug.Stack()),
	}
}

func asError(p any) error {
	if err, ok := p.(error); ok {
		return fmt.Errorf("panic: %w", err)
	}
	return fmt.Errorf("panic: %v", p)
}

// misuse is a defect of the caller.
func misuse(op string, err error) error {
	return &core.Error{Kind: core.KindInternal, Code: "store.misuse", Op: op, Err: err}
}

func cancelled(ctx context.Context) error {
	return core.Unavailable("store.cancelled", "операция отменена", context.Cause(ctx))
}

func closedError(err error) error {
	if errors.Is(err, berrors.ErrDatabaseNotOpen) {
		return errClosed
	}
	return diskError(err)
}

func diskError(err error) error {
	return core.Unavailable("store.disk", "диск не принимает данные: проверьте свободное место и исправность диска", err)
}

func backupError(ctx context.Context, err error) error {
	if ctx.Err() != nil {
		return cancelled(ctx)
	}
	return core.Unavailable("store.backup", "не удалось записать резервную копию", err)
}

func damaged(path string, err error) error {
	return &core.Error{
		Kind: core.KindConfig, Code: "store.damaged", Op: "open " + path,
		Text: "файл базы данных повреждён или не является базой данных Узла: восстановите резервную копию командой «uzel restore»",
		Err:  err,
	}
}

func openError(path string, err error) error {
	switch {
	case errors.Is(err, bbolt.ErrTimeout):
		return &core.Error{
			Kind: core.KindConfig, Code: "store.locked", Op: "open " + path,
			Text: "база данных открыта другим процессом: остановите его и повторите",
			Err:  fmt.Errorf("database is open in another process: %w", err),
		}
	case errors.Is(err, bbolt.ErrInvalid), errors.Is(err, bbolt.ErrVersionMismatch), errors.Is(err, bbolt.ErrChecksum):
		return damaged(path, err)
	}
	return &core.Error{
		Kind: core.KindConfig, Code: "store.open", Op: "open " + path,
		Text: "не удаётся открыть файл базы данных: проверьте путь, права и место на диске",
		Err:  err,
	}
}
