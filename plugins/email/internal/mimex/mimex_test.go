package mimex_test

import (
	"bytes"
	"context"
	"encoding/base64"
	"errors"
	"fmt"
	"io"
	"os"
	"runtime"
	"slices"
	"strings"
	"testing"
	"testing/iotest"

	"github.com/uzel-hub/uzel/plugins/email/internal/mimex"
)

// All letters of testdata/ru are one letter in different clothes.
func TestRussianLettersReadAlike(t *testing.T) {
	for _, name := range fixtures(t, "ru/*.eml") {
		l := parse(t, load(t, name), mimex.Limits{})
		if l.Subject != "Холодные батареи" || l.From != (mimex.Address{Name: "Иванов Иван", Email: "ivanov@mail.test"}) {
			t.Errorf("%s: subject %q from %q", name, l.Subject, l.From)
		}
		if !strings.HasPrefix(l.Text, "Добрый день!\n\nВ подъезде 3 третий день холодные батареи.") {
			t.Errorf("%s: text %q", name, l.Text)
		}
	}
}

// A letter that breaks off at any byte is read without an error, and everything
// stays valid.
func TestCutAnywhere(t *testing.T) {
	for _, name := range fixtures(t, "*/*.eml") {
		raw := load(t, name)
		for n := 0; n < len(raw); n += 1 + len(raw)/30 {
			l, err := mimex.Parse(t.Context(), bytes.NewReader(raw[:n]), mimex.Limits{}, mimex.Spool{Dir: os.DevNull})
			if err != nil {
				t.Fatalf("%s cut at %d: %v", name, n, err)
			}
			checkLetter(t, l)
		}
	}
}

// The way bytes arrive does not change what is read.
func TestOneByteAtATime(t *testing.T) {
	for _, name := range fixtures(t, "*/*.eml") {
		raw := load(t, name)
		slow, err := mimex.Parse(t.Context(), iotest.OneByteReader(bytes.NewReader(raw)), mimex.Limits{}, mimex.Spool{Dir: t.TempDir()})
		if err != nil {
			t.Fatal(err)
		}
		if a, b := encode(t, toGolden(t, slow)), encode(t, toGolden(t, parse(t, raw, mimex.Limits{}))); !bytes.Equal(a, b) {
			t.Errorf("%s: one byte at a time gives\n%s\nat once gives\n%s", name, a, b)
		}
	}
}

func hasFault(l *mimex.Letter, part string) bool {
	return slices.ContainsFunc(l.Faults, func(f string) bool { return strings.Contains(f, part) })
}

const head = "From: ivanov@mail.test\r\nTo: uk@uk.test\r\nSubject: s\r\nMessage-ID: <m@mail.test>\r\nDate: Thu, 5 Mar 2026 10:20:30 +0300\r\n"

// nested builds multiparts inside one another, with the given subtype.
func nested(kind string, depth int, closed bool) string {
	var b strings.Builder
	b.WriteString(head)
	for i := range depth {
		fmt.Fprintf(&b, "Content-Type: multipart/%s; boundary=b%d\r\n\r\n--b%d\r\n", kind, i, i)
	}
	b.WriteString("Content-Type: text/plain\r\n\r\ndeep\r\n")
	for i := depth - 1; closed && i >= 0; i-- {
		fmt.Fprintf(&b, "--b%d--\r\n", i)
	}
	return b.String()
}

func TestDeepNestingIsReadOnce(t *testing.T) {
	for _, closed := range []bool{true, false} {
		for _, depth := range []int{9, 40, 5000} {
			raw := nested("mixed", depth, closed)
			l := parse(t, []byte(raw), mimex.Limits{})
			if l.Work != int64(len(raw)) || l.Parts > 10 {
				t.Errorf("depth %d closed %v: work %d for %d bytes, %d parts", depth, closed, l.Work, len(raw), l.Parts)
			}
			if deep := depth > 10; hasFault(l, "слишком глубоко") != deep || (l.Text == "deep") == deep {
				t.Errorf("depth %d closed %v: text %q faults %q", depth, closed, l.Text, l.Faults)
			}
			if depth > 10 && (len(l.Files) != 1 || !bytes.Contains(read(t, &l.Files[0]), []byte("deep"))) {
				t.Errorf("depth %d closed %v: what lies deeper is not kept: %d files", depth, closed, len(l.Files))
			}
		}
	}
}

// Signed parts are kept and read once more; nesting them must not multiply.
func TestNestedSignedPartsAreBounded(t *testing.T) {
	raw := nested("signed", 40, true)
	l := parse(t, []byte(raw), mimex.Limits{})
	if l.Work > 5*int64(len(raw)) || len(l.Files) > 5 {
		t.Errorf("work %d for %d bytes, %d files", l.Work, len(raw), len(l.Files))
	}
}

func TestManyEmptyPartsAreReadOnce(t *testing.T) {
	raw := head + "Content-Type: multipart/mixed; boundary=b\r\n\r\n" + strings.Repeat("--b\r\nContent-Type: application/octet-stream; name=a\r\n\r\n\r\n", 10_000) + "--b--\r\n"
	l := parse(t, []byte(raw), mimex.Limits{})
	if l.Work != int64(len(raw)) || l.Parts != 10_000 || len(l.Files) != 500 || !hasFault(l, "слишком много частей") {
		t.Errorf("work %d for %d bytes, %d parts, %d files, faults %q", l.Work, len(raw), l.Parts, len(l.Files), l.Faults)
	}
}

func TestManyFilesInOnePartAreBounded(t *testing.T) {
	raw := head + "\r\n" + strings.Repeat("begin 644 a\r\n#0V%T\r\n`\r\nend\r\n", 10_000)
	dir := t.TempDir()
	l, err := mimex.Parse(t.Context(), strings.NewReader(raw), mimex.Limits{}, mimex.Spool{Dir: dir, PerBody: 1, Memory: 1})
	if err != nil {
		t.Fatal(err)
	}
	if len(l.Files) != 1000 || filesIn(t, dir) > 2000 {
		t.Errorf("%d files, %d on disk", len(l.Files), filesIn(t, dir))
	}
	if err := l.Close(); err != nil || filesIn(t, dir) != 0 {
		t.Errorf("%v, %d files left on disk", err, filesIn(t, dir))
	}
}

func filesIn(t *testing.T, dir string) int {
	t.Helper()
	n := 0
	for _, sub := range entries(t, dir) {
		n += len(entries(t, dir+"/"+sub))
	}
	return n
}

func entries(t *testing.T, dir string) []string {
	t.Helper()
	list, err := os.ReadDir(dir)
	if err != nil {
		t.Fatal(err)
	}
	var names []string
	for _, e := range list {
		names = append(names, e.Name())
	}
	return names
}

func TestLimits(t *testing.T) {
	long := strings.Repeat("Длинный текст письма. ", 100)
	multi := "Content-Type: multipart/mixed; boundary=b\r\n\r\n--b\r\n"
	for _, c := range []struct {
		name, raw, fault string
		lim              mimex.Limits
		check            func(*mimex.Letter) bool
	}{
		{"total", head + "\r\n" + long, "длиннее допустимого, конец не прочитан", mimex.Limits{Total: 300}, func(l *mimex.Letter) bool {
			return l.Size == 300 && strings.HasPrefix(l.Text, "Длинный") && l.Subject == "s"
		}},
		{"total is just enough", head + "\r\n" + "text", "", mimex.Limits{Total: int64(len(head) + 6)}, func(l *mimex.Letter) bool {
			return l.Text == "text" && len(l.Faults) == 0
		}},
		{"header block", head + strings.Repeat("X-A: b\r\n", 500) + "\r\ntext", "Заголовки письма длиннее", mimex.Limits{HeaderBlock: 1000}, func(l *mimex.Letter) bool {
			return l.Text == "text" && l.Subject == "s" && len(l.Header["X-A"]) < 200
		}},
		{"header field", "X-A: " + strings.Repeat("b", 5000) + "\r\n" + head + "\r\ntext", "Заголовок длиннее", mimex.Limits{Header: 1000}, func(l *mimex.Letter) bool {
			return l.Text == "text" && l.Subject == "s" && len(l.Header["X-A"][0]) < 1000
		}},
		{"text", head + "\r\n" + long, "показано начало", mimex.Limits{Text: 101}, func(l *mimex.Letter) bool {
			return len(l.Text) <= 101 && strings.HasPrefix(long, l.Text) && len(l.Files) == 1 && l.Files[0].Size == int64(len(long))
		}},
		{"several texts", head + multi + "\r\n" + long + "\r\n--b\r\n\r\n" + long + "\r\n--b--\r\n", "показано начало", mimex.Limits{Text: len(long) + 50}, func(l *mimex.Letter) bool {
			return len(l.Text) <= len(long)+52 && len(l.Files) == 1
		}},
		{"html", head + "Content-Type: text/html\r\n\r\n<p>" + long + "</p>", "HTML-текст письма длиннее", mimex.Limits{Text: 100}, func(l *mimex.Letter) bool {
			return l.HTML == "" && strings.HasPrefix(l.Text, "Длинный текст") && len(l.Files) == 1 && l.Files[0].Role == mimex.RoleHTML
		}},
		{"html beside text", head + "Content-Type: multipart/alternative; boundary=b\r\n\r\n--b\r\n\r\nкратко\r\n--b\r\nContent-Type: text/html\r\n\r\n<p>" + long + "</p>\r\n--b--\r\n", "HTML-текст письма длиннее", mimex.Limits{Text: 100}, func(l *mimex.Letter) bool {
			return l.HTML == "" && l.Text == "кратко"
		}},
		{"parts", head + multi + "\r\none\r\n--b\r\n\r\ntwo\r\n--b\r\n\r\nthree\r\n--b--\r\n", "слишком много частей", mimex.Limits{Parts: 2}, func(l *mimex.Letter) bool {
			return l.Text == "one\n\ntwo" && l.Parts == 3
		}},
		{"depth", nested("mixed", 3, true), "слишком глубоко", mimex.Limits{Depth: 2}, func(l *mimex.Letter) bool {
			return len(l.Files) == 1
		}},
	} {
		l := parse(t, []byte(c.raw), c.lim)
		if !c.check(l) || c.fault != "" && !hasFault(l, c.fault) {
			t.Errorf("%s: text %d bytes, %d files, size %d, faults %q", c.name, len(l.Text), len(l.Files), l.Size, l.Faults)
		}
		checkLetter(t, l)
	}
}

// base64Letter streams a letter with one attachment of n bytes.
func base64Letter(n int) io.Reader {
	line := base64.StdEncoding.EncodeToString(bytes.Repeat([]byte{'%'}, 57)) + "\r\n"
	return io.MultiReader(
		strings.NewReader(head+"Content-Type: multipart/mixed; boundary=b\r\n\r\n--b\r\nContent-Type: text/plain\r\n\r\ntext\r\n--b\r\n"+
			"Content-Type: application/pdf; name=big.pdf\r\nContent-Transfer-Encoding: base64\r\n\r\n"),
		&repeated{text: line, times: n / 57},
		strings.NewReader("\r\n--b--\r\n"))
}

// repeated reads a text so many times.
type repeated struct {
	text  string
	times int
	rest  string
}

func (r *repeated) Read(p []byte) (int, error) {
	if r.rest == "" {
		if r.times == 0 {
			return 0, io.EOF
		}
		r.rest = r.text
		r.times--
	}
	n := copy(p, r.rest)
	r.rest = r.rest[n:]
	return n, nil
}

// heapWatch notes the largest live heap while a letter is being read.
type heapWatch struct {
	r           io.Reader
	since, peak uint64
}

func (h *heapWatch) Read(p []byte) (int, error) {
	n, err := h.r.Read(p)
	if h.since += uint64(n); h.since > 4<<20 {
		h.since = 0
		h.peak = max(h.peak, liveHeap())
	}
	return n, err
}

func liveHeap() uint64 {
	var m runtime.MemStats
	runtime.GC()
	runtime.ReadMemStats(&m)
	return m.HeapAlloc
}

func TestLargeLetterNeedsLittleMemory(t *testing.T) {
	const size = 36 << 20 // 49 MiB when encoded
	dir := t.TempDir()
	before := liveHeap()
	watch := &heapWatch{r: base64Letter(size)}
	l, err := mimex.Parse(t.Context(), watch, mimex.Limits{}, mimex.Spool{Dir: dir})
	if err != nil {
		t.Fatal(err)
	}
	if used := watch.peak - min(before, watch.peak); watch.peak == 0 || used > 16<<20 {
		t.Errorf("%d bytes of heap", used)
	}
	if len(l.Files) != 1 || l.Files[0].Size != size/57*57 || l.Text != "text" || filesIn(t, dir) != 1 {
		t.Errorf("%d files, %d on disk, text %q, faults %q", len(l.Files), filesIn(t, dir), l.Text, l.Faults)
	}
	if err := l.Close(); err != nil || len(entries(t, dir)) != 0 {
		t.Errorf("%v, left on disk: %q", err, entries(t, dir))
	}
}

func TestReadErrorsEndParsingAndLeaveNothing(t *testing.T) {
	broken := errors.New("connection lost")
	dir := t.TempDir()
	r := io.MultiReader(io.LimitReader(base64Letter(4<<20), 3<<20), iotest.ErrReader(broken))
	if l, err := mimex.Parse(t.Context(), r, mimex.Limits{}, mimex.Spool{Dir: dir}); !errors.Is(err, broken) || l != nil {
		t.Errorf("%v %v", l, err)
	}
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	if _, err := mimex.Parse(ctx, strings.NewReader(head), mimex.Limits{}, mimex.Spool{Dir: dir}); !errors.Is(err, context.Canceled) {
		t.Error(err)
	}
	if _, err := mimex.Parse(t.Context(), base64Letter(1<<20), mimex.Limits{}, mimex.Spool{Dir: dir + "/missing"}); !errors.Is(err, os.ErrNotExist) {
		t.Error(err)
	}
	if left := entries(t, dir); len(left) != 0 {
		t.Errorf("left on disk: %q", left)
	}
}

// The signed part must be the very bytes between the delimiters.
func TestSignedPartIsExact(t *testing.T) {
	part := "Content-Type: text/plain; charset=utf-8\r\nX-Odd:  spaces \r\n\r\nтекст  \r\n\r\n"
	raw := head + "Content-Type: multipart/signed; protocol=\"application/pkcs7-signature\"; boundary=b\r\n\r\npreamble\r\n--b\r\n" + part +
		"\r\n--b\r\nContent-Type: application/pkcs7-signature; name=smime.p7s\r\n\r\nsig\r\n--b--\r\n"
	l := parse(t, []byte(raw), mimex.Limits{})
	if len(l.Files) != 2 || l.Text != "текст" {
		t.Fatalf("%d files, text %q", len(l.Files), l.Text)
	}
	if got := string(read(t, &l.Files[0])); got != part || l.Files[0].Role != mimex.RoleSigned {
		t.Errorf("%s %q", l.Files[0].Role, got)
	}
	if l.Files[1].SignatureOf != 0 || l.Files[1].Role != mimex.RoleSignature {
		t.Errorf("%+v", l.Files[1])
	}
}

func TestFilesWithoutNamesGetOnes(t *testing.T) {
	part := func(declared, body string) string {
		return "--b\r\nContent-Type: " + declared + "\r\n\r\n" + body + "\r\n"
	}
	raw := head + "Content-Type: multipart/mixed; boundary=b\r\n\r\n" + part("image/jpeg", "\xFF\xD8\xFF\xE0") + part("text/calendar", "BEGIN:VCALENDAR") +
		part("application/octet-stream", "%PDF-1.4") + part("application/x-strange", "\x01\x02") + "--b--\r\n"
	var names []string
	for _, f := range parse(t, []byte(raw), mimex.Limits{}).Files {
		names = append(names, f.Name)
	}
	if want := []string{"изображение 1.jpg", "приглашение 2.ics", "вложение 3.pdf", "вложение 4.bin"}; !slices.Equal(names, want) {
		t.Errorf("got %q, want %q", names, want)
	}
}

func TestSyntheticIDIsStable(t *testing.T) {
	raw := "From: a@mail.test\r\nSubject: s\r\n\r\ntext\r\n"
	one, two := parse(t, []byte(raw), mimex.Limits{}), parse(t, []byte("Received: by x\r\n"+raw), mimex.Limits{})
	if !one.SyntheticID || one.MessageID != two.MessageID || one.BodySum != two.BodySum {
		t.Errorf("%q %q", one.MessageID, two.MessageID)
	}
	for _, other := range []string{"From: b@mail.test\r\nSubject: s\r\n\r\ntext\r\n", "From: a@mail.test\r\nSubject: s\r\n\r\ntext2\r\n", "no header one", "no header two"} {
		if l := parse(t, []byte(other), mimex.Limits{}); l.MessageID == one.MessageID {
			t.Errorf("%q has the same id", other)
		}
	}
	if a, b := parse(t, []byte("no header one"), mimex.Limits{}), parse(t, []byte("no header two"), mimex.Limits{}); a.MessageID == b.MessageID {
		t.Error("two broken letters have one id")
	}
}

func TestTextForms(t *testing.T) {
	for _, c := range []struct{ name, raw, text string }{
		{"empty plain form", "Content-Type: multipart/alternative; boundary=b\r\n\r\n--b\r\n\r\n \r\n--b\r\nContent-Type: text/html\r\n\r\n<p>из HTML</p>\r\n--b--\r\n", "из HTML"},
		{"named text in alternative", "Content-Type: multipart/alternative; boundary=b\r\n\r\n--b\r\nContent-Type: text/plain; name=a.txt\r\n\r\nтекст\r\n--b--\r\n", "текст"},
		{"named HTML in related", "Content-Type: multipart/related; boundary=b\r\n\r\n--b\r\nContent-Type: text/html; name=a.html\r\n\r\n<p>текст\r\n--b\r\nContent-Type: text/html; name=b.html\r\n\r\n<p>файл\r\n--b--\r\n", "текст"},
		{"named root text", "Content-Type: text/plain; name=a.txt\r\n\r\nтекст", "текст"},
		{"carriage returns alone", "\r\nодин\rдва", "один\nдва"},
		{"byte order mark", "Content-Type: text/plain\r\n\r\n\xEF\xBB\xBFтекст", "текст"},
		{"utf-16", "Content-Type: text/plain; charset=utf-16\r\nContent-Transfer-Encoding: base64\r\n\r\n//4fBEAEIAA4BDIENQRCBA==", "Пр ивет"},
		{"utf-16 by mistake", "Content-Type: text/plain; charset=utf-16\r\n\r\nПривет", "Привет"},
		{"line of two megabytes", "Content-Type: text/plain\r\n\r\n" + strings.Repeat("x", 1<<21), strings.Repeat("x", 1<<21)},
		{"begin in prose", "\r\nbegin 644 words\nПроза\n", "begin 644 words\nПроза"},
	} {
		if l := parse(t, []byte(head+c.raw), mimex.Limits{}); l.Text != c.text {
			t.Errorf("%s: got %.80q, want %.80q", c.name, l.Text, c.text)
		}
	}
}
