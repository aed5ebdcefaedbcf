package headerx_test

import (
	"reflect"
	"strings"
	"testing"
	"time"
	"unicode"
	"unicode/utf8"

	"golang.org/x/text/encoding/charmap"

	"github.com/uzel-hub/uzel/plugins/email/internal/headerx"
)

func cp1251(t *testing.T, s string) string { return encoded(t, charmap.Windows1251, s) }

func encoded(t *testing.T, cm *charmap.Charmap, s string) string {
	t.Helper()
	out, err := cm.NewEncoder().String(s)
	if err != nil {
		t.Fatal(err)
	}
	return out
}

func TestText(t *testing.T) {
	for _, c := range []struct{ name, raw, hint, want string }{
		{"plain", "Hello", "", "Hello"},
		{"base64 utf-8", "=?UTF-8?B?0J/RgNC40LLQtdGC?=", "", "Привет"},
		{"q with space, lower case", "=?windows-1251?q?=cf=f0 =e8=e2=e5=f2_!?=", "", "Пр ивет !"},
		{"koi8-r with language", "=?koi8-r*ru?Q?=F0=D2=C9?=", "", "При"},
		{"letter split between words", "=?utf-8?B?0J/RgNC40LLQ?= =?utf-8?B?tdGC?=", "", "Привет"},
		{"base64 cut at any character", "=?utf-8?B?0J/RgNC?= =?utf-8?B?40LLQtdGC?=", "", "Привет"},
		{"padding missing", "=?utf-8?B?0J/RgCE?= =?utf-8?B?0J/RgA?=", "", "Пр!Пр"},
		{"two charsets", "=?utf-8?B?0J8=?= =?koi8-r?Q?=D2?=", "", "Пр"},
		{"words and text", "Re: =?utf-8?B?0J8=?= and =?utf-8?B?0YA=?=", "", "Re: П and р"},
		{"inside quotes", `"=?utf-8?B?0J/RgA==?="`, "", `"Пр"`},
		{"alias", "=?win-1251?Q?=CF=F0?=", "", "Пр"},
		{"wrong charset name", "=?x-unknown?Q?=D5=EE=EB=EE=E4=ED=FB=E5?=", "", "Холодные"},
		{"us-ascii for cp1251", "=?us-ascii?Q?=D5=EE=EB=EE=E4=ED=FB=E5?=", "", "Холодные"},
		{"question mark in q", "=?utf-8?Q?=D0=9F?=20=D1=80?=", "", "П?\u0020р"},
		{"no end", "=?utf-8?B?0J/RgNC40LLQtdGC", "", "Привет"},
		{"raw cp1251", cp1251(t, "Холодные батареи"), "", "Холодные батареи"},
		{"raw koi8-r with a hint", encoded(t, charmap.KOI8R, "Эй"), "koi8-r", "Эй"},
		{"raw utf-8", "Холодные батареи", "us-ascii", "Холодные батареи"},
		{"line ends in a word", "=?utf-8?B?YQ0KQmNjOiB4?=", "", "a  Bcc: x"},
		{"NUL", "a\x00b", "", "ab"},
		{"not a word", "1 =? 2 ?= 3", "", "1 =? 2 ?= 3"},
		{"word of 300 characters", "=?utf-8?B?" + strings.Repeat("0J/RgNC4", 40) + "?=", "", strings.Repeat("При", 40)},
	} {
		if got := headerx.Text(c.raw, c.hint); got != c.want {
			t.Errorf("%s: got %q, want %q", c.name, got, c.want)
		}
	}
}

func TestParseValue(t *testing.T) {
	long := `attachment; filename*0*=utf-8''%D0%94%D0%BE%D0%B3; filename*1*=%D0%BE%D0%B2%D0; filename*2*=%BE%D1%80; filename*3=".pdf"`
	for _, c := range []struct{ name, raw, value, param, want string }{
		{"simple", "text/plain; charset=koi8-r", "text/plain", "charset", "koi8-r"},
		{"comment", `TEXT/Plain (text); charset="utf-8" (really)`, "text/plain", "charset", "utf-8"},
		{"pieces, a letter between them", long, "attachment", "filename", "Договор.pdf"},
		{"2231 koi8-r", "attachment; filename*=koi8-r''%C4%CF%C7%CF%D7%CF%D2.pdf", "attachment", "filename", "договор.pdf"},
		{"2231 windows-1251 with language", "attachment; filename*=windows-1251'ru'%E4%EE%E3.pdf", "attachment", "filename", "дог.pdf"},
		{"2231 wins over the plain name", `attachment; filename="dogovor.pdf"; filename*=utf-8''%D0%94.pdf`, "attachment", "filename", "Д.pdf"},
		{"2231 without charset", "attachment; filename*=%D0%94.pdf", "attachment", "filename", "Д.pdf"},
		{"2231 under the plain name", `attachment; filename="utf-8''%D0%94.pdf"`, "attachment", "filename", "Д.pdf"},
		{"words in quotes", `attachment; filename="=?utf-8?B?0JTQvtCz0L7Qsg==?= =?utf-8?B?0L7RgC5wZGY=?="`, "attachment", "filename", "Договор.pdf"},
		{"words without quotes", `attachment; filename==?utf-8?B?0JTQvtCz0L7QstC+0YA=?=; size=1`, "attachment", "filename", "Договор"},
		{"words cut by pieces", `attachment; filename*0="=?utf-8?B?0JTQvtCz"; filename*1="0L7QstC+0YA=?="`, "attachment", "filename", "Договор"},
		{"raw cp1251", `attachment; filename="` + cp1251(t, "Договор №5.pdf") + `"`, "attachment", "filename", "Договор №5.pdf"},
		{"raw utf-8 with spaces", `attachment; filename=Счёт на оплату.pdf; size=1`, "attachment", "filename", "Счёт на оплату.pdf"},
		{"quotes in quotes", `attachment; filename="ООО "Ромашка".pdf"; size=5`, "attachment", "filename", `ООО "Ромашка".pdf`},
		{"escaped quotes", `attachment; filename="a \"b\" c.pdf"`, "attachment", "filename", `a "b" c.pdf`},
		{"backslashes of a path", `attachment; filename="C:\docs\a.pdf"`, "attachment", "filename", `C:\docs\a.pdf`},
		{"never closed", `attachment; filename="a.pdf; size=5`, "attachment", "filename", "a.pdf"},
		{"rubbish between", `attachment;; foo ; filename=a.pdf;;`, "attachment", "filename", "a.pdf"},
		{"rest of header after the quote", `attachment; filename="a.pdf"; junk "b"; c`, "attachment", "filename", "a.pdf"},
		{"first of two wins", `text/plain; charset=utf-8; charset=koi8-r`, "text/plain", "charset", "utf-8"},
		{"boundary with equals signs", `multipart/mixed; boundary="=_a=?b"`, "multipart/mixed", "boundary", "=_a=?b"},
		{"unquoted boundary", `multipart/mixed; boundary=----=_Part_1 x`, "multipart/mixed", "boundary", "----=_Part_1"},
		{"spaces around", `text/plain ; Charset = "utf-8" ;`, "text/plain", "charset", "utf-8"},
		{"broken type", `text/html charset=utf-8`, "text/html", "charset", ""},
	} {
		got := headerx.ParseValue(c.raw, "")
		if got.Value != c.value || got.Params[c.param] != c.want {
			t.Errorf("%s: got %q %q, want %q %q", c.name, got.Value, got.Params[c.param], c.value, c.want)
		}
	}
}

func TestFileName(t *testing.T) {
	long := strings.Repeat("ы", 200) + ".docx"
	for _, c := range []struct{ raw, want string }{
		{"Договор.pdf", "Договор.pdf"},
		{"../../etc/passwd", "passwd"},
		{`C:\Users\ivan\doc.txt`, "doc.txt"},
		{"a\u202Efdp.exe", "afdp.exe"},
		{"a\x00b\nc.txt", "ab c.txt"},
		{"con.txt", "_con.txt"},
		{"LPT1", "_LPT1"},
		{"lpt0.txt", "lpt0.txt"},
		{`a<b>:"c"|?*.txt`, "a_b___c____.txt"},
		{"..", ""},
		{"/", ""},
		{"  .htaccess. ", "htaccess"},
		{"и\u0306од.txt", "йод.txt"},
		{long, strings.Repeat("ы", 145) + ".docx"},
		{strings.Repeat("a", 100) + "." + strings.Repeat("b", 100), strings.Repeat("a", 100) + "." + strings.Repeat("b", 49)},
	} {
		if got := headerx.FileName(c.raw); got != c.want {
			t.Errorf("%q: got %q, want %q", c.raw, got, c.want)
		}
	}
}

func TestAddresses(t *testing.T) {
	type list = []headerx.Address
	for _, c := range []struct {
		name, raw string
		want      list
	}{
		{"plain", "ivan@mail.test", list{{Email: "ivan@mail.test"}}},
		{"two", `Ivan <ivan@mail.test>, "Petrov, Petr" <petr@mail.test>`, list{{"Ivan", "ivan@mail.test"}, {"Petrov, Petr", "petr@mail.test"}}},
		{"comma inside a word", "=?utf-8?Q?=D0=98=D0=B2=D0=B0=D0=BD=D0=BE=D0=B2, =D0=98?= <i@mail.test>", list{{"Иванов, И", "i@mail.test"}}},
		{"encoded comma", "=?utf-8?Q?=D0=98=D0=B2=2C_?= =?utf-8?Q?=D0=98?= <i@mail.test>", list{{"Ив, И", "i@mail.test"}}},
		{"word in quotes", `"=?windows-1251?B?yOLg7e7i?=" <i@mail.test>`, list{{"Иванов", "i@mail.test"}}},
		{"raw cp1251", cp1251(t, "Иванов Иван") + " <i@mail.test>", list{{"Иванов Иван", "i@mail.test"}}},
		{"no address", "MAILER-DAEMON (Mail Delivery System)", list{{Name: "MAILER-DAEMON (Mail Delivery System)"}}},
		{"comment is the name", "i@mail.test (=?utf-8?B?0JjQstCw0L0=?=)", list{{"Иван", "i@mail.test"}}},
		{"dot behind the domain", "<i@mail.test.>", list{{Email: "i@mail.test"}}},
		{"empty brackets", `"Иван" <>`, list{{Name: "Иван"}}},
		{"address in quotes, empty brackets", `"i@mail.test" <>`, list{{Email: "i@mail.test"}}},
		{"address in quotes", `"i@mail.test"`, list{{Email: "i@mail.test"}}},
		{"address as the name", `"i@mail.test" <i@mail.test>`, list{{"i@mail.test", "i@mail.test"}}},
		{"two pairs of brackets", "Иван <old> <i@mail.test>", list{{"Иван <old>", "i@mail.test"}}},
		{"no brackets", "Иванов Иван i@mail.test", list{{"Иванов Иван", "i@mail.test"}}},
		{"spaces in the local part", "<ivan ivanov@mail.test>", list{{Name: "ivan", Email: "ivanov@mail.test"}}},
		{"spaces around the sign", "<i @ mail.test>", list{{Email: "i@mail.test"}}},
		{"quoted local part", `<"ivan ivanov"@mail.test>`, list{{Email: `"ivan ivanov"@mail.test`}}},
		{"group", "Undisclosed: a@mail.test, b@mail.test;", list{{Email: "a@mail.test"}, {Email: "b@mail.test"}}},
		{"empty group", "undisclosed-recipients:;", nil},
		{"quote never closed", `"Иван <i@mail.test>, p@mail.test`, list{{"Иван", "i@mail.test"}, {Email: "p@mail.test"}}},
		{"bracket never closed", "Иван <i@mail.test", list{{"Иван", "i@mail.test"}}},
		{"source route", "<@a.test,@b.test:i@mail.test>", list{{Email: "i@mail.test"}}},
		{"mailto", "mailto:i@mail.test", list{{Email: "i@mail.test"}}},
		{"semicolons", "a@mail.test; b@mail.test", list{{Email: "a@mail.test"}, {Email: "b@mail.test"}}},
		{"ip literal", "<i@[IPv6:::1]>", list{{Email: "i@[IPv6:::1]"}}},
		{"Cyrillic domain", "иван@почта.рф", list{{Email: "иван@почта.рф"}}},
		{"nothing", " , ;", nil},
	} {
		if got := headerx.Addresses(c.raw, ""); !reflect.DeepEqual(got, c.want) {
			t.Errorf("%s: got %q, want %q", c.name, got, c.want)
		}
	}
}

func TestMessageIDs(t *testing.T) {
	for _, c := range []struct {
		raw  string
		want []string
	}{
		{"<a@b> <c@d>\t<a@b>", []string{"a@b", "c@d"}},
		{"<a @b>", []string{"a@b"}},
		{"a@b", []string{"a@b"}},
		{"Message of <x@y> from Monday", []string{"x@y"}},
		{"<a@b", []string{"a@b"}},
		{"<bad <a@b>", []string{"a@b"}},
		{"", nil},
		{"no id here", nil},
		{"<" + strings.Repeat("x", 1000) + "@y>", nil},
	} {
		if got := headerx.MessageIDs(c.raw); !reflect.DeepEqual(got, c.want) {
			t.Errorf("%q: got %q, want %q", c.raw, got, c.want)
		}
	}
	if got := headerx.MessageIDs(strings.Repeat("<a@b", 1) + strings.Repeat("<x@y>", 1)); len(got) == 0 {
		t.Error("nothing read")
	}
}

func TestDate(t *testing.T) {
	want := time.Date(2026, 3, 5, 10, 20, 30, 0, time.FixedZone("", 3*3600))
	for _, raw := range []string{
		"Thu, 5 Mar 2026 10:20:30 +0300", "Thu, 05 Mar 2026 10:20:30 +0300 (MSK)", "5 Mar 2026 10:20:30 MSK",
		"Чт, 5 Mar 2026 10:20:30 +0300", "Thu, 5 Mar 2026 10.20.30 +0300", "2026-03-05T10:20:30+03:00",
		"Thu,  5 Mar 26 10:20:30 +0300", "Thu, 5 Mar 2026 07:20:30 GMT",
	} {
		if got, ok := headerx.Date(raw); !ok || !got.Equal(want) {
			t.Errorf("%q: got %v %v", raw, got, ok)
		}
	}
	for _, raw := range []string{"", "yesterday", "Thu, 0 Mar 0000 00:00:00 +0000"} {
		if got, ok := headerx.Date(raw); ok {
			t.Errorf("%q: got %v", raw, got)
		}
	}
}

func TestParseBlock(t *testing.T) {
	for _, c := range []struct {
		name, block string
		get         map[string]string
		rest        string
		joined      int
		lost        int
	}{
		{"sound", "Subject: a\r\n b\r\nTo: x\r\n", map[string]string{"Subject": "a b", "To": "x"}, "", 0, 0},
		{"mbox line", "From i@mail.test Mon Jan  1 00:00:00 2026\nSubject: a\n", map[string]string{"Subject": "a"}, "", 0, 0},
		{"garbage first", "+OK 123 octets\nSubject: a\n", map[string]string{"Subject": "a"}, "", 0, 1},
		{"indented first", " x\nSubject: a\n", map[string]string{"Subject": "a"}, "", 0, 1},
		{"signature wrapped wrongly", "DKIM-Signature: v=1; b=abc\ndef==\n ghi\nTo: x\n", map[string]string{"Dkim-Signature": "v=1; b=abc def== ghi", "To": "x"}, "", 1, 0},
		{"list wrapped wrongly", "To: a@b,\nc@d\nSubject: s\n", map[string]string{"To": "a@b, c@d"}, "", 1, 0},
		{"line without colon", "From: a@b\nHTTP/1.1 200\nTo: x\n", map[string]string{"From": "a@b", "To": "x"}, "", 0, 1},
		{"blank line missing", "Subject: a\r\nДобрый день, прошу помочь\r\nс уважением\r\n", map[string]string{"Subject": "a"}, "Добрый день, прошу помочь\r\nс уважением\r\n", 0, 0},
		{"parameter wrapped wrongly at the end", "Content-Type: multipart/mixed;\nboundary=\"a:b\"\n", map[string]string{"Content-Type": `multipart/mixed; boundary="a:b"`}, "", 1, 0},
		{"space before colon", "Subject : a\nTo:b\n", map[string]string{"Subject": "a", "To": "b"}, "", 0, 0},
		{"only text", "Hello\nworld\n", nil, "Hello\nworld\n", 0, 0},
		{"nothing", "", nil, "", 0, 0},
	} {
		b := headerx.ParseBlock([]byte(c.block), 1<<16)
		for k, want := range c.get {
			if got := b.Header.Get(k); got != want {
				t.Errorf("%s: %s is %q, want %q", c.name, k, got, want)
			}
		}
		if string(b.Rest) != c.rest || b.Joined != c.joined || b.Lost != c.lost || b.Header.Len() < len(c.get) {
			t.Errorf("%s: rest %q joined %d lost %d fields %d", c.name, b.Rest, b.Joined, b.Lost, b.Header.Len())
		}
	}
}

func TestLongFieldIsCut(t *testing.T) {
	b := headerx.ParseBlock([]byte("X: "+strings.Repeat("a", 500)+"\r\n more\r\nY: "+strings.Repeat("b\r\n ", 200)+"\r\nTo: x\r\n"), 100)
	if b.Cut != 2 || len(b.Header.Get("X")) != 97 || len(b.Header.Get("Y")) > 100 || b.Header.Get("To") != "x" {
		t.Errorf("cut %d, X %d, Y %d", b.Cut, len(b.Header.Get("X")), len(b.Header.Get("Y")))
	}
}

func checkClean(t *testing.T, s string) {
	t.Helper()
	if !utf8.ValidString(s) || strings.IndexFunc(s, func(r rune) bool { return unicode.IsControl(r) }) >= 0 {
		t.Errorf("not clean: %q", s)
	}
}

func FuzzHeaderWords(f *testing.F) {
	f.Add("=?utf-8?B?0J/RgNC40LLQ?= =?utf-8?B?tdGC?= x", "koi8-r")
	f.Add("=?utf-8?Q?=D0=9F?=20=D1=80?=", "")
	f.Add(`"=?windows-1251?B?yOLg7e7i?=, x" <i@mail.test>, b (c`, "windows-1251")
	f.Add("=?unicode-1-1-utf-7?Q?+BB8?=", "")
	f.Fuzz(func(t *testing.T, raw, hint string) {
		checkClean(t, headerx.Text(raw, hint))
		for _, a := range headerx.Addresses(raw, hint) {
			checkClean(t, a.Name)
			checkClean(t, a.Email)
			if a.Email != "" && headerx.CleanEmail(a.Email) != a.Email {
				t.Errorf("address %q of %q is not stable", a.Email, raw)
			}
		}
		for _, id := range headerx.MessageIDs(raw) {
			checkClean(t, id)
		}
		headerx.Date(raw)
	})
}

func FuzzParams(f *testing.F) {
	f.Add(`attachment; filename*0*=koi8-r'ru'%C4%CF; filename*1*=%C7; filename*2=".pdf"`)
	f.Add(`attachment; filename="ООО "Ромашка".pdf"; size=5`)
	f.Add(`text/plain; charset==?utf-8?B?0JTQ?=; x (c); y="`)
	f.Fuzz(func(t *testing.T, raw string) {
		v := headerx.ParseValue(raw, "")
		checkClean(t, v.Value)
		for name, val := range v.Params {
			checkClean(t, name)
			checkClean(t, val)
			n := headerx.FileName(val)
			if strings.ContainsAny(n, `/\<>:"|?*`) || utf8.RuneCountInString(n) > 151 || headerx.FileName(n) != n {
				t.Errorf("file name %q of %q", n, val)
			}
		}
	})
}

func FuzzBlock(f *testing.F) {
	f.Add([]byte("From x\nSubject: a\n b\nDKIM-Signature: v=1; b=abc\ndef==\ngarbage\nTo: x\nlast"), 40)
	f.Fuzz(func(t *testing.T, block []byte, limit int) {
		limit = max(10, limit)
		b := headerx.ParseBlock(block, limit)
		if got, lines := b.Header.Len(), strings.Count(string(block), ":"); got > lines {
			t.Errorf("%d fields from %d colons", got, lines)
		}
		for fields := b.Header.Fields(); fields.Next(); {
			if len(fields.Value()) > limit {
				t.Errorf("field of %d bytes", len(fields.Value()))
			}
		}
	})
}
