package extract

import (
	"errors"
	"strings"
	"unicode"
	"unicode/utf8"
)

// errFull ends the reading of a file whose text is long enough.
var errFull = errors.New("enough text")

// writer collects words: white space is folded, control characters are dropped.
type writer struct {
	out   strings.Builder
	limit int
	gap   rune // white space to be written before the next word
}

// String is what was collected.
func (w *writer) String() string { return w.out.String() }

func (w *writer) text(s string) error {
	for _, r := range s {
		if err := w.rune(r); err != nil {
			return err
		}
	}
	return nil
}

func (w *writer) rune(r rune) error {
	switch {
	case r == '\n' || r == '\r' || r == '\f':
		w.gap = '\n'
	case unicode.IsSpace(r):
		w.space()
	case r == utf8.RuneError, unicode.IsControl(r), r == '\u00ad': // soft hyphens divide words for the eye only
	default:
		return w.write(r)
	}
	return nil
}

// space ends a word.
func (w *writer) space() {
	if w.gap == 0 {
		w.gap = ' '
	}
}

// line ends a line.
func (w *writer) line() { w.gap = '\n' }

func (w *writer) write(r rune) error {
	if w.out.Len()+utf8.RuneLen(r)+1 > w.limit {
		return errFull
	}
	if w.gap != 0 && w.out.Len() > 0 {
		w.out.WriteRune(w.gap)
	}
	w.gap = 0
	w.out.WriteRune(r)
	return nil
}
