package charsetx_test

import (
	"strings"
	"testing"
	"unicode/utf8"

	"golang.org/x/text/encoding"
	"golang.org/x/text/encoding/charmap"

	"github.com/uzel-hub/uzel/plugins/email/internal/charsetx"
)

const longText = "Здравствуйте! Прошу принять меры: в подъезде № 3 третий день нет отопления, батареи «ледяные». С уважением, жилец квартиры 47."

func encode(t *testing.T, cm encoding.Encoding, s string) []byte {
	t.Helper()
	b, err := encoding.ReplaceUnsupported(cm.NewEncoder()).Bytes([]byte(s))
	if err != nil {
		t.Fatal(err)
	}
	return b
}

// comparable text: what every Cyrillic charset can carry.
func plain(s string) string {
	return strings.NewReplacer("№", "N", "«", "\"", "»", "\"").Replace(s)
}

func TestGuessFindsTheCyrillicCharset(t *testing.T) {
	charsets := map[string]*charmap.Charmap{
		"cp1251": charmap.Windows1251, "koi8-r": charmap.KOI8R, "cp866": charmap.CodePage866,
		"iso-8859-5": charmap.ISO8859_5, "mac-cyrillic": charmap.MacintoshCyrillic,
	}
	texts := []string{
		plain(longText),
		"Заявление о перерасчёте за отопление",
		"Холодные батареи",
		"Иванов Иван Иванович",
		"ООО \"Управляющая компания\"",
		"СРОЧНО: протекает крыша",
		"ЗАЯВЛЕНИЕ О ПЕРЕРАСЧЕТЕ",
	}
	labels := []string{"", "us-ascii", "iso-8859-1", "windows-1252", "utf-8", "x-unknown", "latin1"}
	for name, cm := range charsets {
		for _, text := range texts {
			for _, label := range labels {
				got, _ := charsetx.Decode(encode(t, cm, text), label)
				if got != text {
					t.Errorf("%s declared %q: got %q, want %q", name, label, got, text)
				}
			}
		}
	}
}

func TestRightLabelIsBelieved(t *testing.T) {
	for label, cm := range map[string]encoding.Encoding{
		"windows-1251": charmap.Windows1251, "win-1251": charmap.Windows1251, "CP1251": charmap.Windows1251,
		"koi8-r": charmap.KOI8R, "KOI8": charmap.KOI8R, "x-cp866": charmap.CodePage866, "IBM866": charmap.CodePage866,
		"iso-8859-5": charmap.ISO8859_5, "x-mac-cyrillic": charmap.MacintoshCyrillic, `"koi8-u"`: charmap.KOI8U,
	} {
		got, ok := charsetx.Decode(encode(t, cm, plain(longText)), label)
		if got != plain(longText) || !ok {
			t.Errorf("%s: got %q, ok %v", label, got, ok)
		}
	}
}

func TestShortTextUnderItsLabel(t *testing.T) {
	for _, text := range []string{"Да", "Ок, жду", "эй", "ЖКХ", "ъ"} {
		if got, _ := charsetx.Decode(encode(t, charmap.KOI8R, text), "koi8-r"); got != text {
			t.Errorf("got %q, want %q", got, text)
		}
	}
}

func TestShortWordsWithoutLabel(t *testing.T) {
	for _, word := range []string{"Да", "Акт", "Лифт", "Вода", "Жалоба", "Привет", "Срочно", "Отчёт", "Счёт на оплату", "Договор", "ДОГОВОР"} {
		for name, cm := range map[string]*charmap.Charmap{"cp1251": charmap.Windows1251, "koi8-r": charmap.KOI8R} {
			if got, _ := charsetx.Decode(encode(t, cm, word), ""); got != word {
				t.Errorf("%s: got %q, want %q", name, got, word)
			}
		}
	}
}

func TestThreeCapitalsAreTakenForWindows1251(t *testing.T) {
	if got, _ := charsetx.Decode([]byte("\xC6\xCA\xD5"), ""); got != "ЖКХ" {
		t.Errorf("got %q", got)
	}
}

func TestGibberishUnderAWrongCyrillicLabel(t *testing.T) {
	got, ok := charsetx.Decode(encode(t, charmap.KOI8R, plain(longText)), "windows-1251")
	if got != plain(longText) {
		t.Errorf("got %q", got)
	}
	if ok {
		t.Error("a guess against the label must not be reported as certain")
	}
}

func TestOtherLanguagesStay(t *testing.T) {
	for _, c := range []struct{ label, raw, want string }{
		{"iso-8859-1", "M\xFCller sch\xF6n", "Müller schön"},
		{"windows-1252", "r\xE9sum\xE9 d\xE9j\xE0", "résumé déjà"},
		{"gb2312", "\xC4\xE3\xBA\xC3", "你好"},
		{"iso-gb2312", "\xC4\xE3\xBA\xC3", "你好"},
		{"iso-2022-jp", "\x1B$B$3$s$K$A$O\x1B(B", "こんにちは"},
		{"unicode-1-1-utf-7", "Hi +BB8EQAQ4BDIENQRC-! 1 +- 1", "Hi Привет! 1 + 1"},
		{"utf-16", "\xFF\xFE\x1F\x04\x40\x04\x00\x00", "Пр"},
		{"", "\xEF\xBB\xBFдом", "дом"},
		{"windows-1250", "\x8Alo\x9Ad", "Šlošd"},
	} {
		if got, _ := charsetx.Decode([]byte(c.raw), c.label); got != c.want {
			t.Errorf("%s: got %q, want %q", c.label, got, c.want)
		}
	}
}

func TestUTF8WinsOverAnyLabel(t *testing.T) {
	for _, label := range []string{"windows-1251", "koi8-r", "us-ascii", "gb2312", "x-unknown", ""} {
		if got, _ := charsetx.Decode([]byte(longText), label); got != longText {
			t.Errorf("%s: got %q", label, got)
		}
	}
	cut := []byte(longText)[:42] // in the middle of a letter
	got, ok := charsetx.Decode(cut, "windows-1251")
	if !strings.HasPrefix(longText, strings.TrimSuffix(got, "\uFFFD")) || ok {
		t.Errorf("cut UTF-8: got %q, ok %v", got, ok)
	}
}

func TestResultIsAlwaysClean(t *testing.T) {
	got, _ := charsetx.Decode([]byte("a\x00b\x01\x1B[31mc\u0085d\r\n\te"), "utf-8")
	if got != "ab[31mcd\r\n\te" {
		t.Errorf("got %q", got)
	}
}

func TestKnown(t *testing.T) {
	for label, want := range map[string]bool{"win-1251": true, "utf8": true, "x-unknown": false, "": false, "default": false} {
		if charsetx.Known(label) != want {
			t.Errorf("Known(%q) = %v", label, !want)
		}
	}
}

func FuzzDecode(f *testing.F) {
	f.Add([]byte("\xCF\xF0\xE8\xE2\xE5\xF2"), "windows-1251")
	f.Add([]byte("+BB8-"), "utf-7")
	f.Add([]byte("\xFF\xFE\x00"), "utf-16")
	f.Fuzz(func(t *testing.T, b []byte, label string) {
		got, _ := charsetx.Decode(b, label)
		if !utf8.ValidString(got) || strings.ContainsRune(got, 0) {
			t.Errorf("not clean: %q", got)
		}
	})
}
