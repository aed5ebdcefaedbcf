package search

import (
	"cmp"
	"slices"
	"strings"
	"unicode/utf8"

	"github.com/blevesearch/bleve/v2"
	found "github.com/blevesearch/bleve/v2/search"
	index "github.com/blevesearch/bleve_index_api"
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
)

// passages reads the texts of the hits and cuts passages out of them.
func passages(idx bleve.Index, hits found.DocumentMatchCollection) ([][]Passage, error) {
	out := make([][]Passage, len(hits))
	for i, hit := range hits {
		if len(hit.Locations) == 0 {
			continue
		}
		doc, err := idx.Document(hit.ID)
		if err != nil {
			return nil, err
		}
		if doc != nil {
			out[i] = passagesOf(doc, hit)
		}
	}
	return out, nil
}

// place is where a word stands: bytes of the n-th text of a field.
type place struct{ text, from, to int }

func passagesOf(doc index.Document, hit *found.DocumentMatch) []Passage {
	var out []Passage
	for _, f := range textFields {
		places := placesOf(hit.Locations[f.name])
		if len(places) == 0 || len(out) == maxPassages {
			continue
		}
		text := storedText(doc, f.name, places[0].text)
		if p := cutPassage(text, places); len(p) > 0 {
			out = append(out, Passage{Field: f.name, Parts: p})
		}
	}
	return out
}

// placesOf sorts the places of a field; what overlaps is told once.
func placesOf(terms found.TermLocationMap) []place {
	var out []place
	for _, locations := range terms {
		for _, l := range locations {
			p := place{from: int(l.Start), to: int(l.End)} //nolint:gosec // texts are bounded
			if len(l.ArrayPositions) > 0 {
				p.text = int(l.ArrayPositions[0]) //nolint:gosec // as above
			}
			out = append(out, p)
		}
	}
	slices.SortFunc(out, func(a, b place) int {
		return cmp.Or(cmp.Compare(a.text, b.text), cmp.Compare(a.from, b.from))
	})
	return slices.CompactFunc(out, func(a, b place) bool { return a.text == b.text && b.from < a.to })
}

// storedText is the n-th text of a field.
func storedText(doc index.Document, field string, n int) (text string) {
	doc.VisitFields(func(f index.Field) {
		if f.Name() != field {
			return
		}
		if at := f.ArrayPositions(); len(at) == 0 || int(at[0]) == n { //nolint:gosec // texts are few
			text = string(f.Value())
		}
	})
	return text
}

// cutPassage cuts the surroundings of the first place out and marks the places
// within.
func cutPassage(text string, places []place) []Part {
	first := places[0]
	if first.to > len(text) {
		return nil
	}
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
		if p.text != first.text || p.from < at || p.to > to {
			continue
		}
		add(text[at:p.from], false)
		add(text[p.from:p.to], true)
		at = p.to
	}
	add(text[at:to], false)
	return out
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
