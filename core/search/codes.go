package search

import (
	"strings"
	"unicode"
	"unicode/utf8"

	"github.com/blevesearch/bleve/v2/analysis"
)

// Codes are numbers people know things by: INN, phones, accounts, registration
// numbers. They are found by any part of at least minCode characters: the index
// holds every three characters that stand together in a code, its grams, and a
// part is a phrase of grams. Endings of codes in their place would each be a word
// of its own, and words are what an index is slow and large by.
const (
	minCode  = 3 // of a gram, too
	minRun   = 5
	maxCode  = 40
	maxGrams = 3000 // of a document
)

// codesField has the codes.
const codesField = "codes"

// codesOf finds the codes: every requisite with a digit, or its words where it is
// too long for one, and in texts and mail addresses the runs of minRun digits or
// more; shorter ones are words.
func codesOf(requisites, texts []string) []string {
	found := codes{known: map[string]bool{}}
	for _, v := range requisites {
		if !found.addWhole(v) {
			for word := range strings.FieldsSeq(v) {
				found.addWhole(word)
			}
			found.addRuns(v)
		}
	}
	for _, text := range texts {
		found.addRuns(text)
	}
	return found.all
}

// code is a code as it is compared: letters and digits only, in lower case.
func code(text string) string {
	return strings.Map(func(r rune) rune {
		switch {
		case unicode.IsDigit(r):
			return r
		case unicode.IsLetter(r):
			return sameYo(unicode.ToLower(r))
		}
		return -1
	}, text)
}

func sameYo(r rune) rune {
	if r == 'ё' {
		return 'е'
	}
	return r
}

// codes are those of one document.
type codes struct {
	all   []string
	known map[string]bool
	grams int
}

// addWhole is false for what is too long for a code.
func (c *codes) addWhole(text string) bool {
	whole := code(text)
	switch {
	case utf8.RuneCountInString(whole) > maxCode:
		return false
	case strings.Contains(text, "@"):
		c.addRuns(text)
	case strings.ContainsFunc(whole, unicode.IsDigit):
		c.add(whole)
	}
	return true
}

func (c *codes) add(code string) {
	n := utf8.RuneCountInString(code) - minCode + 1
	if n > 0 && c.grams+n <= maxGrams && !c.known[code] {
		c.known[code] = true
		c.all = append(c.all, code)
		c.grams += n
	}
}

// addRuns takes runs of digits, with a space, a dash or a bracket between them
// as in phones, out of a text.
func (c *codes) addRuns(text string) {
	var run []byte
	between := 0 // characters since the last digit
	flush := func() {
		if len(run) >= minRun {
			c.add(string(run))
		}
		run = run[:0]
	}
	for _, r := range text {
		switch {
		case r >= '0' && r <= '9':
			run, between = append(run, byte(r)), 0
			if len(run) == maxCode {
				flush()
			}
		case len(run) > 0 && strings.ContainsRune(" -()\u00a0", r) && between < 2:
			between++
		default:
			flush()
		}
		if c.grams > maxGrams-minRun {
			return
		}
	}
	flush()
}

// grams of a code, one after the other.
func grams(code string) []string {
	runes := []rune(code)
	var out []string
	for i := 0; i+minCode <= len(runes); i++ {
		out = append(out, string(runes[i:i+minCode]))
	}
	return out
}

// gramAnalyzer gives the grams of codes with spaces between them. Those of two
// codes are no phrase.
type gramAnalyzer struct{}

// Analyze implements analysis.Analyzer.
func (gramAnalyzer) Analyze(text []byte) analysis.TokenStream {
	var out analysis.TokenStream
	position := 0
	for code := range strings.FieldsSeq(string(text)) {
		for _, gram := range grams(code) {
			position++
			out = append(out, &analysis.Token{Term: []byte(gram), Position: position})
		}
		position++
	}
	return out
}

// codeParts are the grams of what is typed, if that may be a part of a code; of a
// phone those without the 8 or 7 it begins with, too.
func codeParts(text string) (parts [][]string) {
	typed := code(text)
	n := utf8.RuneCountInString(typed)
	if n < minCode || n > maxCode || !strings.ContainsFunc(typed, unicode.IsDigit) {
		return nil
	}
	parts = append(parts, grams(typed))
	if len(typed) == phoneDigits && (typed[0] == '8' || typed[0] == '7') && isDigits(typed) {
		parts = append(parts, grams(typed[1:]))
	}
	return parts
}

// phoneDigits is the length of a Russian phone with its country code or the 8
// that stands for it.
const phoneDigits = 11

func isDigits(s string) bool {
	return !strings.ContainsFunc(s, func(r rune) bool { return r < '0' || r > '9' })
}

// joinPhones takes the spaces out of phones, which people type in pieces:
// +7 (916) 123-45-67.
func joinPhones(text string) string {
	var out strings.Builder
	for len(text) > 0 {
		if n := phoneAt(text); n > 0 {
			out.WriteString(code(text[:n]))
			text = text[n:]
			continue
		}
		n := strings.IndexByte(text, ' ') + 1
		if n == 0 {
			n = len(text)
		}
		out.WriteString(text[:n])
		text = text[n:]
	}
	return out.String()
}

// phoneAt is how many bytes of the text's beginning are a phone typed in
// pieces, 0 if they are none.
func phoneAt(text string) int {
	if !strings.HasPrefix(text, "+7") && !strings.HasPrefix(text, "8") {
		return 0
	}
	digits := 0
	for i, r := range text {
		switch {
		case r >= '0' && r <= '9':
			digits++
		case !strings.ContainsRune("+ -()", r):
			return 0
		}
		if digits == phoneDigits {
			if rest := text[i+1:]; rest == "" || rest[0] == ' ' {
				return i + 1
			}
			return 0
		}
	}
	return 0
}
