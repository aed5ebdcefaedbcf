package mimex_test

import (
	"bytes"
	"reflect"
	"strings"
	"testing"
	"unicode/utf8"

	"github.com/uzel-hub/uzel/plugins/email/internal/headerx"
	"github.com/uzel-hub/uzel/plugins/email/internal/mimex"
)

// checkLetter holds what is true of every letter, whatever it was made of.
func checkLetter(t *testing.T, l *mimex.Letter) {
	t.Helper()
	checkStrings(t, reflect.ValueOf(*l))
	if l.MessageID == "" || l.BodySum == "" {
		t.Error("a letter without an id or a sum")
	}
	if l.Work > 6*l.Size {
		t.Errorf("work %d for %d bytes", l.Work, l.Size)
	}
	for i := range l.Files {
		checkFile(t, l, i)
	}
	l.NoAutoReply([]string{"uk@uk.test"})
	for _, n := range mimex.SubjectNumbers(l.Subject) {
		if n == "" {
			t.Error("an empty number")
		}
	}
	if s := mimex.NormalizeSubject(l.Subject); mimex.NormalizeSubject(s) != s {
		t.Errorf("%q is not normal", s)
	}
}

func checkFile(t *testing.T, l *mimex.Letter, i int) {
	t.Helper()
	f := &l.Files[i]
	if f.Name == "" || headerx.FileName(f.Name) != f.Name {
		t.Errorf("file name %q", f.Name)
	}
	if f.MediaType == "" || f.Role == "" {
		t.Errorf("%q: type %q role %q", f.Name, f.MediaType, f.Role)
	}
	if s := f.SignatureOf; s != mimex.NoFile && (f.Role != mimex.RoleSignature || s < 0 || s >= len(l.Files) || s == i) {
		t.Errorf("%q signs %d", f.Name, s)
	}
	if got := len(read(t, f)); int64(got) != f.Size {
		t.Errorf("%q: size %d of %d bytes", f.Name, f.Size, got)
	}
}

// checkStrings walks all exported values and looks at every string.
func checkStrings(t *testing.T, v reflect.Value) {
	t.Helper()
	switch v.Kind() {
	case reflect.String:
		if s := v.String(); !utf8.ValidString(s) || strings.ContainsRune(s, 0) {
			t.Errorf("not clean: %q", s)
		}
	case reflect.Struct:
		for i := range v.NumField() {
			if v.Type().Field(i).IsExported() {
				checkStrings(t, v.Field(i))
			}
		}
	case reflect.Slice:
		for i := range v.Len() {
			checkStrings(t, v.Index(i))
		}
	case reflect.Pointer:
		if !v.IsNil() {
			checkStrings(t, v.Elem())
		}
	case reflect.Map:
		for _, k := range v.MapKeys() {
			checkStrings(t, k)
			checkStrings(t, v.MapIndex(k))
		}
	}
}

func FuzzParse(f *testing.F) {
	for _, name := range fixtures(f, "*/*.eml") {
		f.Add(load(f, name))
	}
	lim := mimex.Limits{Depth: 4, Parts: 20, HeaderBlock: 4 << 10, Header: 1 << 10, Text: 2 << 10}
	f.Fuzz(func(t *testing.T, raw []byte) {
		l, err := mimex.Parse(t.Context(), bytes.NewReader(raw), lim, mimex.Spool{PerBody: 4 << 10})
		if err != nil {
			t.Fatal(err)
		}
		defer func() {
			if err := l.Close(); err != nil {
				t.Error(err)
			}
		}()
		checkLetter(t, l)
		if len(l.Files) > 2*lim.Parts || len(l.Text) > 2*(lim.Text+2)*lim.Parts || len(l.Faults) > 40 {
			t.Errorf("%d files, %d bytes of text, %d faults", len(l.Files), len(l.Text), len(l.Faults))
		}
	})
}
