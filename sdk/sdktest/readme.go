package sdktest

import (
	"bytes"
	"os"
	"strings"
	"testing"

	"github.com/uzel-hub/uzel/sdk"
)

// Readme holds the table of settings in the README.md beside the test to the
// connector's struct of settings. It stands between <!-- settings … --> and
// <!-- /settings -->; with UZEL_UPDATE=1 it is written.
func Readme[C any](t *testing.T, c sdk.Connector[C]) {
	t.Helper()
	var table, errs bytes.Buffer
	if code := sdk.Run(t.Context(), c, []string{"describe", "--markdown"}, &table, &errs); code != 0 {
		t.Fatal(errs.String())
	}
	raw, err := os.ReadFile("README.md")
	if err != nil {
		t.Fatal(err)
	}
	head, rest, found := strings.Cut(string(raw), "<!-- settings")
	_, tail, closed := strings.Cut(rest, "<!-- /settings -->\n")
	if !found || !closed {
		t.Fatal("README.md has no place for the settings")
	}
	want := head + table.String() + tail
	if string(raw) == want {
		return
	}
	if os.Getenv("UZEL_UPDATE") == "" {
		t.Fatal("the table of settings is old: UZEL_UPDATE=1 go test -run TestReadme .")
	}
	if err := os.WriteFile("README.md", []byte(want), 0o644); err != nil {
		t.Fatal(err)
	}
}
