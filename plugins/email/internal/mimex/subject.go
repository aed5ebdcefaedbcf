package mimex

import (
	"regexp"
	"strings"
	"unicode"

	"golang.org/x/text/unicode/norm"
)

// maxNumbers bounds what SubjectNumbers returns.
const maxNumbers = 10

// replyMark is one mark that mail programs put before a subject: Re:, FW:, Отв:,
// HA: (Outlook, in Cyrillic or Latin letters), RE[2]:, and tags of filters.
var replyMark = regexp.MustCompile(`(?i)^\s*(?:(?:re|r|fw|fwd|aw|wg|sv|vs|tr|rv|enc|на|ha|отв|ответ|пер|перес|пересл|переслано|fw\s*re)\s*(?:[\[(]\d{1,3}[\])]|\^\d{1,3})?\s*[:\x{FF1A}]|[\[({<*]{1,4}\s*(?:spam|спам|probable spam|possible spam|bulk|внешний|внешняя почта|внешнее письмо|external|ext)\s*[\])}>*]{1,4}:?)\s*`)

// NormalizeSubject removes the marks of replies, forwards and filters, however
// many stand before each other, and makes white space single.
func NormalizeSubject(subject string) string {
	s := strings.Join(strings.Fields(norm.NFC.String(subject)), " ")
	for {
		rest := replyMark.ReplaceAllString(s, "")
		if rest == s {
			return s
		}
		s = rest
	}
}

var (
	inBrackets = regexp.MustCompile(`[\[({<«【"“„]\s*(?:(?:№|N[oо]?\.?|#|Nr\.?)\s*)?([\p{L}\p{N}][\p{L}\p{N}\-/._ ]{1,60}?)\s*[\])}>»】"”“]`)
	afterSign  = regexp.MustCompile(`(?:№|#|N[oо]\.?)\s*([\p{L}\p{N}][\p{L}\p{N}\-/._]{1,60})`)
	hyphens    = strings.NewReplacer("‐", "-", "‑", "-", "‒", "-", "–", "-", "—", "-", "−", "-", "⁄", "/", "∕", "/", "\u00A0", " ", "\u00AD", "")
)

// SubjectNumbers finds what may be registration numbers of ours in a subject,
// most certain first: what stands in brackets ("[№ Вх-2026/000123]"), then what
// follows the sign of number when the brackets were lost. Marks of replies,
// other kinds of brackets, dashes and spaces put in by mail programs do not
// matter. A candidate proves nothing: it must be looked up.
func SubjectNumbers(subject string) []string {
	s := hyphens.Replace(norm.NFC.String(strings.Join(strings.Fields(subject), " ")))
	var list []string
	for _, re := range []*regexp.Regexp{inBrackets, afterSign} {
		for _, m := range re.FindAllStringSubmatch(s, -1) {
			list = addNumber(list, m[1])
		}
	}
	return list
}

func addNumber(list []string, s string) []string {
	s = strings.Trim(strings.ReplaceAll(s, " ", ""), "-/._")
	if !numberLike(s) || len(list) == maxNumbers {
		return list
	}
	for _, have := range list {
		if strings.EqualFold(have, s) {
			return list
		}
	}
	return append(list, s)
}

// numberLike wants a digit and either a separator or a letter: a bare small
// number in brackets is rather a year or a count.
func numberLike(s string) bool {
	digits := strings.IndexFunc(s, unicode.IsDigit) >= 0
	rest := strings.IndexFunc(s, func(r rune) bool { return !unicode.IsDigit(r) }) >= 0
	return digits && (rest || len(s) >= 5)
}
