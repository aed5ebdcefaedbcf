package blob

import (
	"fmt"
	"io"

	"github.com/uzel-hub/uzel/core"
)

// TooLargeError says that a file is longer than it may be. It comes inside a
// core.Error of kind invalid.
type TooLargeError struct {
	Limit int64 // bytes
}

func (e *TooLargeError) Error() string {
	return fmt.Sprintf("file is larger than %d bytes", e.Limit)
}

// Limit lets at most limit bytes of r through: a file of exactly limit bytes
// passes, the first byte beyond it becomes a [TooLargeError], so that a Put
// from it leaves nothing behind.
func Limit(r io.Reader, limit int64) io.Reader {
	return &limited{r: r, limit: limit, left: limit}
}

type limited struct {
	r     io.Reader
	limit int64
	left  int64
}

func (l *limited) Read(p []byte) (int, error) {
	if len(p) == 0 {
		return 0, nil
	}
	// One byte more than allowed is asked for: it tells a file of the exact
	// length from a longer one.
	if int64(len(p))-1 > l.left {
		p = p[:l.left+1]
	}
	n, err := l.r.Read(p)
	if int64(n) > l.left {
		n, l.left = int(l.left), 0
		return n, l.tooLarge()
	}
	l.left -= int64(n)
	return n, err
}

func (l *limited) tooLarge() error {
	return &core.Error{
		Kind: core.KindInvalid,
		Code: "blob.too_large",
		Text: fmt.Sprintf("файл больше допустимого: %d байт", l.limit),
		Err:  &TooLargeError{Limit: l.limit},
	}
}
