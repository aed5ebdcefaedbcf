package blob_test

import (
	"bytes"
	"crypto/sha256"
	"errors"
	"io"
	"math"
	"strings"
	"testing"
	"testing/iotest"

	"github.com/uzel-hub/uzel/core"
	"github.com/uzel-hub/uzel/core/blob"
)

func TestParseHashTakesOnlyTheOneForm(t *testing.T) {
	sum := blob.Sum(sha256.Sum256([]byte("uzel")))
	if got, err := blob.ParseHash(sum.String()); err != nil || got != sum {
		t.Errorf("%v, %v", got, err)
	}
	for _, hash := range []string{
		"", sum.String()[1:], sum.String() + "0", strings.ToUpper(sum.String()),
		"g" + sum.String()[1:], " " + sum.String()[1:], "../" + sum.String()[3:],
	} {
		_, err := blob.ParseHash(hash)
		if e, ok := errors.AsType[*core.Error](err); !ok || e.Kind != core.KindInvalid || e.Code != "blob.hash" {
			t.Errorf("%q: %v", hash, err)
		}
	}
}

func TestLimitLetsExactlyTheLimitThrough(t *testing.T) {
	text := []byte("0123456789")
	for _, c := range []struct {
		limit int64
		want  string
		fails bool
	}{
		{0, "", true},
		{9, "012345678", true},
		{10, "0123456789", false},
		{11, "0123456789", false},
		{math.MaxInt64, "0123456789", false},
	} {
		for name, wrap := range map[string]func(io.Reader) io.Reader{
			"plain": func(r io.Reader) io.Reader { return r }, "bytes": iotest.OneByteReader, "end with bytes": iotest.DataErrReader,
		} {
			got, err := io.ReadAll(blob.Limit(wrap(bytes.NewReader(text)), c.limit))
			if string(got) != c.want || (err != nil) != c.fails {
				t.Errorf("limit %d, %s: %q, %v", c.limit, name, got, err)
			}
			large, ok := errors.AsType[*blob.TooLargeError](err)
			if c.fails && (!ok || large.Limit != c.limit || core.KindOf(err) != core.KindInvalid) {
				t.Errorf("limit %d, %s: error %v does not name the limit", c.limit, name, err)
			}
		}
	}
}

func TestLimitOfAnEmptyFileIsNoError(t *testing.T) {
	if got, err := io.ReadAll(blob.Limit(strings.NewReader(""), 0)); err != nil || len(got) != 0 {
		t.Errorf("%q, %v", got, err)
	}
}

func TestLimitPassesOnTheErrorOfItsReader(t *testing.T) {
	cause := errors.New("cable pulled")
	r := blob.Limit(io.MultiReader(strings.NewReader("abc"), iotest.ErrReader(cause)), 10)
	if got, err := io.ReadAll(r); string(got) != "abc" || err != cause { //nolint:errorlint // passed on as it is
		t.Errorf("%q, %v", got, err)
	}
}

func FuzzParseHash(f *testing.F) {
	f.Add(strings.Repeat("0a", 32))
	f.Add(strings.Repeat("0A", 32))
	f.Fuzz(func(t *testing.T, hash string) {
		if sum, err := blob.ParseHash(hash); err == nil && sum.String() != hash {
			t.Errorf("%q became %q", hash, sum)
		}
	})
}
