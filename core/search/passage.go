package search

import (
	"slices"
	"strings"
	"unicode"
	"unicode/utf8"

	"github.com/blevesearch/bleve/v2/analysis"

	"github.com/uzel-hub/uzel/core"
)

// Passage is a piece of a text in which words were found.
type Passage struct {
	Field string `json:"field"` // subject, text, requisites or files
	Parts []Part `json:"parts"`
}

// Part of a passage: plain text, to be shown marked if Hit.
type Part struct {
	Text string `json:"text"`
	Hit  bool   `json:"hit,omitempty"`
}

const (
	// passageBytes is about how long a passage is, around its first word.
	passageBytes = 320
	maxPassages  = 3 // of one document
	// maxPlaces bounds how many words of a text are looked at more closely.
	maxPlaces = 200
)

// wanted is a word to be marked: its stem, or how it begins.
type wanted struct {
	text   string
	prefix bool
}

// passages cuts passages out of the texts of a document as it is now.
func passages(analyzer analysis.Analyzer, terms []wanted, d *core.Document, files []string) []Passage {
	if len(terms) == 0 {
		return nil
	}
	var out []Passage
	for field, texts := range map[string][]string{
		"subject": {d.Subject}, "requisites": requisitesOf(d), "text": {plainText(d)}, filesField: files,
	} {
		for _, text := range texts {
			if places := find(analyzer, terms, text); len(places) > 0 {
				out = append(out, Passage{field, cutPassage(text, places)})
				break
			}
		}
	}
	slices.SortFunc(out, func(a, b Passage) int { return slices.Index(textFields, a.Field) - slices.Index(textFields, b.Field) })
	return out[:min(len(out), maxPassages)]
}

// span is where a word stands, in bytes.
type span struct{ from, to, term int }

// find finds the words in a text. A stem is the beginning of its word, so that
// only words that begin so need a closer look.
func find(analyzer analysis.Analyzer, terms []wanted, text string) []span {
	var out []span
	for at := 0; at < len(text) && len(out) < maxPlaces; {
		from, to := nextWord(text, at)
		at = to
		word := plainYo(strings.ToLower(text[from:to]))
		for i, t := range terms {
			if strings.HasPrefix(word, t.text) && (t.prefix || stemOf(analyzer, word) == t.text) {
				out = append(out, span{from, to, i})
				break
			}
		}
	}
	return out
}

func stemOf(analyzer analysis.Analyzer, word string) string {
	if tokens := analyzer.Analyze([]byte(word)); len(tokens) == 1 {
		return string(tokens[0].Term)
	}
	return ""
}

// nextWord is the next run of letters and digits from the byte at on, with what
// holds addresses and numbers together; empty at the end of the text.
func nextWord(text string, at int) (from, to int) {
	start := strings.IndexFunc(text[at:], isWord)
	if start < 0 {
		return len(text), len(text)
	}
	from = at + start
	length := strings.IndexFunc(text[from:], func(r rune) bool { return !isWord(r) && !strings.ContainsRune(inWord, r) })
	if length < 0 {
		length = len(text) - from
	}
	return from, from + len(strings.TrimRight(text[from:from+length], inWord))
}

// inWord is what the analyser does not divide words at.
const inWord = ".'_:"

func isWord(r rune) bool { return unicode.IsLetter(r) || unicode.IsDigit(r) }

// cutPassage cuts out the piece with the most different words, and marks them.
func cutPassage(text string, places []span) []Part {
	first := places[best(places)]
	from, to := wordStart(text, first.from-passageBytes/3), wordEnd(text, first.from+passageBytes*2/3)
	to = max(to, first.to)
	var out []Part
	add := func(piece string, hit bool) {
		if piece != "" {
			out = append(out, Part{piece, hit})
		}
	}
	at := from
	for _, p := range places {
		if p.from < at || p.to > to {
			continue
		}
		add(text[at:p.from], false)
		add(text[p.from:p.to], true)
		at = p.to
	}
	add(text[at:to], false)
	return out
}

// best is the place behind which the most different words stand.
func best(places []span) (at int) {
	most := 0
	for i, p := range places {
		seen := map[int]bool{}
		for _, other := range places[i:] {
			if other.to-p.from > passageBytes*2/3 {
				break
			}
			seen[other.term] = true
		}
		if len(seen) > most {
			at, most = i, len(seen)
		}
	}
	return at
}

// wordStart is the beginning of the word after the byte i, 0 for the first.
func wordStart(text string, i int) int {
	if i <= 0 {
		return 0
	}
	if space := strings.IndexAny(text[i:], " \n"); space >= 0 && space < passageBytes/3 {
		return i + space + 1
	}
	return runeStart(text, i)
}

func wordEnd(text string, i int) int {
	if i >= len(text) {
		return len(text)
	}
	if space := strings.LastIndexAny(text[:i], " \n"); space > i-passageBytes/3 {
		return space
	}
	return runeStart(text, i)
}

// runeStart moves i back to the beginning of a character.
func runeStart(text string, i int) int {
	for i > 0 && !utf8.RuneStart(text[i]) {
		i--
	}
	return i
}
