package boltstore

import (
	"context"
	"errors"
	"fmt"
	"runtime"
	"runtime/debug"
	"strings"
	"syscall"

	berrors "go.etcd.io/bbolt/errors"

	"github.com/uzel-hub/uzel/core"
)

var errClosed = core.Unavailable("store.closed", "база данных закрыта", nil)

// guard turns a panic of what runs until its result is deferred into an error
// with the stack, and reads outside the file into panics. A panic of a caller's
// function is KindInternal, one of bbolt means that the file is damaged.
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

// guardOpen is guard for opening the file.
func guardOpen(path string, err *error) func() {
	old := debug.SetPanicOnFault(true)
	return func() {
		debug.SetPanicOnFault(old)
		if p := recover(); p != nil {
			*err = damagedFile(path, withStack(p))
		}
	}
}

func panicked(p any) error {
	if isFault(p) || fromBolt() {
		return damagedPages(withStack(p))
	}
	return &core.Error{Kind: core.KindInternal, Code: "store.panic", Op: "run transaction", Err: withStack(p)}
}

func withStack(p any) error {
	err, ok := p.(error)
	if !ok {
		err = fmt.Errorf("%v", p)
	}
	return fmt.Errorf("panic: %w\n%s", err, debug.Stack())
}

// isFault tells that memory was read that is not there: a damaged page led
// outside the file, or the disk failed to give what stands in it.
func isFault(p any) bool {
	var fault interface{ Addr() uintptr }
	err, ok := p.(error)
	return ok && errors.As(err, &fault)
}

// fromBolt tells that the panic that is being recovered began in bbolt.
func fromBolt() bool {
	pcs := make([]uintptr, 64)
	frames := runtime.CallersFrames(pcs[:runtime.Callers(0, pcs)])
	panicking := false
	for {
		f, more := frames.Next()
		switch {
		case strings.HasPrefix(f.Function, "runtime.") && f.Function != "runtime.Callers":
			panicking = true
		case panicking:
			return strings.HasPrefix(f.Function, "go.etcd.io/bbolt")
		}
		if !more {
			return false
		}
	}
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

// damagedPages is damage found while the store runs. Nothing that waits is
// lost: it is tried again after the file was restored.
func damagedPages(err error) error {
	return core.Unavailable("store.damaged",
		"файл базы данных повреждён: остановите программу и восстановите резервную копию командой «uzel restore»", err)
}

func isDamage(err error) bool {
	e, ok := errors.AsType[*core.Error](err)
	return ok && e.Code == "store.damaged"
}

func damagedFile(path string, err error) error {
	return &core.Error{
		Kind: core.KindConfig, Code: "store.damaged", Op: "open " + path,
		Text: "файл базы данных повреждён или не является базой данных Узла: восстановите резервную копию командой «uzel restore»",
		Err:  err,
	}
}

func openError(path string, err error) error {
	switch {
	case errors.Is(err, berrors.ErrTimeout), errors.Is(err, syscall.EWOULDBLOCK):
		return &core.Error{
			Kind: core.KindConfig, Code: "store.locked", Op: "open " + path,
			Text: "база данных открыта другим процессом: остановите его и повторите",
			Err:  fmt.Errorf("database is open in another process: %w", err),
		}
	case errors.Is(err, berrors.ErrInvalid), errors.Is(err, berrors.ErrVersionMismatch), errors.Is(err, berrors.ErrChecksum):
		return damagedFile(path, err)
	}
	return &core.Error{
		Kind: core.KindConfig, Code: "store.open", Op: "open " + path,
		Text: "не удаётся открыть файл базы данных: проверьте путь, права и место на диске",
		Err:  err,
	}
}
