package main_test

import (
	"errors"
	"flag"
	"fmt"
	"io/fs"
	"os"
	"os/exec"
	"path/filepath"
	"testing"

	"github.com/uzel-hub/uzel/plugins/email/mailtest"
)

// binaries are what the tests of this package run: the hub and its connectors,
// built once, in the layout of bin/.
var binaries string

func TestMain(m *testing.M) {
	flag.Parse()
	os.Exit(run(m))
}

func run(m *testing.M) int {
	dir, err := os.MkdirTemp("", "uzel")
	if err == nil {
		defer os.RemoveAll(dir) //nolint:errcheck // a leftover among the temporary files
		binaries, err = dir, build(dir)
	}
	if err != nil {
		fmt.Fprintln(os.Stderr, "build what is tested:", err)
		return 1
	}
	code := mailtest.Main(m)
	if n := killed.Load(); n > 0 {
		fmt.Printf("the hub and its connectors were killed %d times; -seed %d\n", n, seeded())
	}
	return code
}

// build is `make build` into another folder, and the test connector.
func build(dir string) error {
	errs := []error{look("../../..")}
	for out, source := range map[string]string{
		"uzel":            ".",
		"plugins/email":   "../../../plugins/email",
		"plugins/eds":     "../../../plugins/eds",
		"plugins/gis":     "../../../plugins/gis",
		"plugins/cabinet": "../../../plugins/cabinet",
		"plugins/twoway":  "./testdata/twoway",
		"plugins/folder":  "../../../examples/folder",
		"mailemulator":    "../../../plugins/email/emulator/cmd/mailemulator",
		"gisemulator":     "../../../plugins/gis/emulator/cmd/gisemulator",
		"cabinet":         "../../../examples/cabinet",
	} {
		cmd := exec.Command("go", "build", "-trimpath", "-ldflags", "-s -w", "-o", filepath.Join(dir, out), source)
		if text, err := cmd.CombinedOutput(); err != nil {
			errs = append(errs, fmt.Errorf("%s: %w: %s", source, err, text))
		}
	}
	return errors.Join(errs...)
}

// look looks at all sources, so that the Go command runs these tests again when
// one of them has changed: it does not see what build makes of them.
func look(root string) error {
	return filepath.WalkDir(root, func(path string, e fs.DirEntry, err error) error {
		switch {
		case err != nil:
			return err
		case e.IsDir() && (e.Name() == "bin" || e.Name() == "data" || e.Name() == ".git"):
			return fs.SkipDir
		case filepath.Ext(path) != ".go":
			return nil
		}
		_, err = os.Stat(path)
		return err
	})
}
