package main

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"time"
)

// openssl runs the program. Keys and passwords go through pipes: they are neither
// on disk nor in the list of processes.
type openssl struct{ program string }

// toolTimeout is how long one run of a back end's program may take.
const toolTimeout = time.Minute

// engineConf loads the GOST engine; only runs of ours see it.
const engineConf = `openssl_conf = init
[init]
engines = engs
[engs]
gost = gost_eng
[gost_eng]
engine_id = gost
default_algorithms = ALL
`

// run gives the program secrets as /dev/fd/3, /dev/fd/4 …, and stdin.
func (o openssl) run(ctx context.Context, stdin []byte, secrets [][]byte, args ...string) ([]byte, error) {
	ctx, cancel := context.WithTimeout(ctx, toolTimeout)
	defer cancel()
	conf, err := pipe([]byte(engineConf))
	if err != nil {
		return nil, err
	}
	defer conf.Close() //nolint:errcheck // only read
	cmd := exec.CommandContext(ctx, o.program, args...)
	for _, s := range secrets {
		r, err := pipe(s)
		if err != nil {
			return nil, err
		}
		defer r.Close() //nolint:errcheck // only read
		cmd.ExtraFiles = append(cmd.ExtraFiles, r)
	}
	cmd.ExtraFiles = append(cmd.ExtraFiles, conf)
	cmd.Env = []string{fmt.Sprintf("OPENSSL_CONF=/dev/fd/%d", 2+len(cmd.ExtraFiles)), "LC_ALL=C"}
	cmd.Dir = os.TempDir()
	cmd.Stdin = bytes.NewReader(stdin)
	var out, errs bytes.Buffer
	cmd.Stdout, cmd.Stderr = &out, &errs
	if err := cmd.Run(); err != nil {
		return nil, toolError(o.program, err, errs.Bytes())
	}
	return out.Bytes(), nil
}

// pipeSize is what a pipe of Linux takes without anybody reading.
const pipeSize = 60 << 10

// pipe is the reading end of a pipe with the bytes inside.
func pipe(b []byte) (*os.File, error) {
	if len(b) > pipeSize {
		return nil, misconfigured(codeKey, "", "ключ больше 60 КБ", nil)
	}
	r, w, err := os.Pipe()
	if err != nil {
		return nil, err
	}
	_, err = w.Write(b)
	if err = errors.Join(err, w.Close()); err != nil {
		r.Close() //nolint:errcheck // the first error says more
		return nil, err
	}
	return r, nil
}

// toolError tells a program that is not there from one that refuses.
func toolError(program string, err error, said []byte) error {
	if exit := (*exec.ExitError)(nil); !errors.As(err, &exit) {
		return misconfigured(codeTool, "program", "программа "+filepath.Base(program)+" не запускается", err)
	}
	if bytes.Contains(said, []byte("could not load the shared library")) {
		return misconfigured(codeTool, "program", "у openssl нет модуля gost: установите libengine-gost-openssl", err)
	}
	return &exitError{said: said, err: err}
}

// exitError is a program's refusal; what it printed serves to tell the reason and
// is not shown.
type exitError struct {
	said []byte
	err  error
}

func (e *exitError) Error() string { return e.err.Error() }
func (e *exitError) Unwrap() error { return e.err }
