package routing

import (
	"strings"
	"unicode"
	"unicode/utf8"
)

// fold is the form in which texts are compared: in lower case, with е for ё.
func fold(text string) string {
	var out strings.Builder
	done := 0
	for i := 0; i < len(text); {
		r, size := pair(text, i)
		if size == 0 {
			r, size = utf8.DecodeRuneInString(text[i:])
		}
		if f := foldRune(r); f != r || r == utf8.RuneError {
			if done == 0 {
				out.Grow(len(text) + utf8.UTFMax)
			}
			out.WriteString(text[done:i])
			out.WriteRune(f)
			done = i + size
		}
		i += size
	}
	if done == 0 {
		return text
	}
	out.WriteString(text[done:])
	return out.String()
}

// pair decodes a character of one or two bytes; size is 0 if it is another one.
// With it most characters of most texts need no call.
func pair(text string, i int) (r rune, size int) {
	c := text[i]
	switch {
	case c < utf8.RuneSelf:
		return rune(c), 1
	case 0xC2 <= c && c < 0xE0 && i+1 < len(text) && text[i+1]&0xC0 == 0x80:
		return rune(c&0x1F)<<6 | rune(text[i+1]&0x3F), 2
	}
	return 0, 0
}

func foldAll(texts []string) []string { return each(texts, fold) }

func foldRune(r rune) rune {
	if uint32(r) < uint32(len(letters)) {
		return letters[r].folded
	}
	return unicode.ToLower(r)
}

// inWord tells a character of a word of folded texts.
func inWord(r rune) bool {
	if uint32(r) < uint32(len(letters)) {
		return letters[r].word
	}
	return wide(r)
}

// wide is inWord of what letters do not have.
func wide(r rune) bool { return unicode.IsLetter(r) || unicode.IsDigit(r) }

func notInWord(r rune) bool { return !inWord(r) }

// letter is what must be known of a character.
type letter struct {
	folded           rune
	word, alphabetic bool
	cyrillic         bool
}

// letters are those of the scripts nearly every text is written in: looking them
// up in the tables of package unicode is what most of the time would go to.
var letters = func() (all [0x530]letter) {
	for i := range all {
		r := rune(i)
		all[i] = letter{
			folded: unicode.ToLower(r), word: wide(r),
			alphabetic: unicode.IsLetter(r), cyrillic: unicode.Is(unicode.Cyrillic, r),
		}
	}
	all['ё'].folded, all['Ё'].folded = 'е', 'е'
	return all
}()

// spaced are the words of folded texts with a space around each.
func spaced(texts []string) string {
	size := 1
	for _, text := range texts {
		size += len(text) + 1
	}
	out := append(make([]byte, 0, size), ' ')
	for _, text := range texts {
		for word := range strings.FieldsFuncSeq(text, notInWord) {
			out = append(append(out, word...), ' ')
		}
	}
	return string(out)
}

// language is ru if most letters are Cyrillic, other if most are not, and empty
// if there are none.
func language(texts ...string) string {
	cyrillic, all := 0, 0
	for _, text := range texts {
		for _, r := range text {
			l := letterOf(r)
			if l.alphabetic {
				all++
			}
			if l.cyrillic {
				cyrillic++
			}
		}
	}
	switch {
	case all == 0:
		return ""
	case 2*cyrillic > all:
		return "ru"
	}
	return "other"
}

func letterOf(r rune) letter {
	if uint32(r) < uint32(len(letters)) {
		return letters[r]
	}
	return letter{alphabetic: unicode.IsLetter(r), cyrillic: unicode.Is(unicode.Cyrillic, r)}
}
