package extract

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"os/exec"
	"time"

	"github.com/uzel-hub/uzel/core"
)

// Reader has files read by a child process, which is started with the first of
// them and again after one that killed it. It is used by one goroutine, which
// calls Close when there is nothing to read for a while, and at the end.
type Reader struct {
	// Program and Args start the child: a program that calls Serve on its
	// standard input and output.
	Program string
	Args    []string
	// Patience is how long one file may take; 0 means 20 s.
	Patience time.Duration

	child *child
}

// child is one run of the program.
type child struct {
	cmd  *exec.Cmd
	in   io.WriteCloser
	out  io.ReadCloser
	quit context.CancelFunc
}

// Text is the function Text, run by the child. KindInvalid means that the file
// cannot be read: it is damaged, or it took the child too long or too much
// memory. ErrKind as there. Other errors say that there is no child.
func (r *Reader) Text(ctx context.Context, name, media string, content []byte, limit int) (string, error) {
	if err := r.start(); err != nil {
		return "", core.Unavailable("search.extract", "содержимое файлов сейчас не читается", err)
	}
	text, err := r.ask(ctx, request{name, media, limit}, content)
	if err == nil || errors.Is(err, ErrKind) || core.KindOf(err) == core.KindInvalid {
		return text, err
	}
	r.kill()
	if ctx.Err() != nil {
		return "", core.Unavailable("search.cancelled", "операция отменена", context.Cause(ctx))
	}
	return "", &core.Error{Kind: core.KindInvalid, Code: "search.file", Text: "файл не удалось прочитать", Err: err}
}

// ask sends one file and reads what the child says. Time that is up ends the
// child, and with it the reading and the writing.
func (r *Reader) ask(ctx context.Context, what request, content []byte) (string, error) {
	ctx, cancel := context.WithTimeout(ctx, r.patience())
	defer cancel()
	stop := context.AfterFunc(ctx, r.child.quit)
	defer stop()
	head, err := json.Marshal(what)
	if err != nil {
		return "", err
	}
	if err := errors.Join(writeFrame(r.child.in, head), writeFrame(r.child.in, content)); err != nil {
		return "", fmt.Errorf("hand over: %w", err)
	}
	fault, err := readFrame(r.child.out)
	if err != nil {
		return "", fmt.Errorf("hear: %w", err)
	}
	text, err := readFrame(r.child.out)
	if err != nil {
		return "", fmt.Errorf("hear: %w", err)
	}
	return string(text), faultOf(fault)
}

func faultOf(fault []byte) error {
	switch {
	case len(fault) == 0:
		return nil
	case bytes.Equal(fault, []byte(notRead)):
		return ErrKind
	}
	return core.Invalid("search.file", "", "файл повреждён")
}

func (r *Reader) patience() time.Duration {
	if r.Patience > 0 {
		return r.Patience
	}
	return 20 * time.Second
}

// start starts the child if there is none. It gets no environment: there is
// nothing in it a stranger's file should find.
func (r *Reader) start() error {
	if r.child != nil {
		return nil
	}
	ctx, quit := context.WithCancel(context.Background())
	cmd := exec.CommandContext(ctx, r.Program, r.Args...)
	cmd.Env = []string{"GOMAXPROCS=1"}
	in, err := cmd.StdinPipe()
	if err != nil {
		quit()
		return err
	}
	out, err := cmd.StdoutPipe()
	if err == nil {
		err = cmd.Start()
	}
	if err != nil {
		quit()
		return err
	}
	r.child = &child{cmd, in, out, quit}
	return nil
}

// Close lets the child end. The Reader can be used again.
func (r *Reader) Close() {
	if r.child != nil {
		r.kill()
	}
}

// kill ends the child; how it ended tells nothing.
func (r *Reader) kill() {
	r.child.quit()
	r.child.cmd.Wait() //nolint:errcheck // it was killed
	r.child = nil
}
