package charsetx

import (
	"strings"
	"unicode"

	"golang.org/x/text/encoding/charmap"
)

// guessSample bounds the work of guessing: the language shows itself early.
const guessSample = 16 << 10

// gibberishFrom is how many characters outside ASCII it takes to overrule a
// label: a short text proves nothing.
const gibberishFrom = 12

// prior is what windows-1251 is ahead of the others: it is by far the most
// frequent where nothing is declared, and three letters ("ЖКХ") prove nothing.
const prior = 2

// letters gives the Russian alphabet from the most frequent letter down.
const letters = "оеаинтсрвлкмдпуяыьгзбчйхжшюцщэфъё"

// pairs are the most frequent pairs of letters in Russian business text.
const pairs = "ст но то на ен ов ни ра во ко ро по пр ре ер ли ос ал ть ва ел го ка не ны ог ол ат та он де ле от ор " +
	"ит ис ве ет ль ин ия ом об ес за ие до ск ан ла ри ло ме да те ти ем ам им ми ки же ил ой ый ая ые ых их " +
	"ег ди ви си ед ев ав ас ма мо му ну ск ку ту ру ду ля ся тс тр др пе па пи бе бы бо ба ча чи че ша ши жи " +
	"щи ще це ци эт юю ую ью ют ях ям ря ля ня тв св зд зв зн вн дн нн сл сп см нт нс ул уч ук уп ущ юч ющ яв"

// candidates in the order of their frequency in mail.
func candidates() []*charmap.Charmap {
	return []*charmap.Charmap{
		charmap.Windows1251, charmap.KOI8R, charmap.CodePage866, charmap.ISO8859_5, charmap.MacintoshCyrillic,
	}
}

// guess decodes bytes that are not UTF-8 by the Cyrillic charset in which they
// read best. Letters with accents inside Latin words ("Müller") under a label
// of Latin-1 are left Latin.
func guess(b []byte, latin bool) string {
	if latin && westernWords(b) {
		return convert(b, charset{enc: charmap.Windows1252})
	}
	best := charmap.Windows1251
	bestScore := score(b, best) + prior
	for _, cm := range candidates()[1:] {
		if s := score(b, cm); s > bestScore {
			best, bestScore = cm, s
		}
	}
	return convert(b, charset{enc: best})
}

// gibberish tells that text, decoded from b by its label, is Cyrillic of the
// wrong charset: it reads badly as Russian while another charset reads well.
func gibberish(b []byte, text string) bool {
	high, own := scoreText(text)
	if high < gibberishFrom {
		return false
	}
	for _, cm := range candidates() {
		if score(b, cm) > 2*max(own, 0)+high {
			return true
		}
	}
	return false
}

func score(b []byte, cm *charmap.Charmap) int {
	_, s := scoreText(convert(b[:min(len(b), guessSample)], charset{enc: cm}))
	return s
}

// scoreText rates how well text reads as Russian. high counts the characters
// outside ASCII that were rated.
func scoreText(text string) (high, score int) {
	m := model{prev: ' '}
	for _, r := range text {
		if m.high >= guessSample {
			break
		}
		m.add(r)
	}
	return m.high, m.score
}

// model walks a text and adds up what speaks for Russian and what against.
type model struct {
	prev        rune
	high, score int
}

func (m *model) add(r rune) {
	if r >= 0x80 {
		m.high++
		m.score += m.rate(r)
	}
	m.prev = r
}

func (m *model) rate(r rune) int {
	switch {
	case r >= 0x80 && r < 0xA0, r == unicode.ReplacementChar:
		return -10
	case r >= 0x2500 && r < 0x25A0: // box drawing: what koi8-r and cp866 make of others
		return -6
	case !unicode.IsLetter(r):
		return typography(r)
	case !russian(r):
		return -2
	case unicode.IsUpper(r):
		return m.letter(unicode.ToLower(r)) - 1 // koi8-r and windows-1251 show each other's letters in the wrong case
	}
	return m.letter(r)
}

func (m *model) letter(r rune) int {
	s := rank(r)
	switch prev := unicode.ToLower(m.prev); {
	case pairKnown(prev, r):
		s += 4
	case prev < 0x80 && unicode.IsLetter(prev): // a Latin letter in the same word
		s -= 4
	case prev >= 0x80 && !unicode.IsLetter(prev) && (typography(prev) < 1 || closing(prev)): // a sign in the middle of a word
		s -= 4
	}
	return s
}

func russian(r rune) bool {
	return r >= 'А' && r <= 'я' || r == 'ё' || r == 'Ё'
}

func rank(r rune) int {
	if i := index(r); i >= 0 {
		return int(ranks[i])
	}
	return 0
}

func pairKnown(a, b rune) bool {
	i, j := index(a), index(b)
	return i >= 0 && j >= 0 && known[i][j]
}

// index places the small letters of the Russian alphabet in a table.
func index(r rune) int {
	switch {
	case r >= 'а' && r <= 'я':
		return int(r - 'а')
	case r == 'ё':
		return 32
	}
	return -1
}

// The tables are filled once from letters and pairs and never change.
var (
	ranks = rankTable()
	known = pairTable()
)

func rankTable() (t [33]int8) {
	for place, r := range []rune(letters) {
		t[index(r)] = []int8{3, 2, 1, 0}[place/9]
	}
	return t
}

func pairTable() (t [33][33]bool) {
	for pair := range strings.FieldsSeq(pairs) {
		r := []rune(pair)
		t[index(r[0])][index(r[1])] = true
	}
	return t
}

func typography(r rune) int {
	switch r {
	case '«', '»', '—', '–', '№', '…', '“', '”', '„', '‘', '’', '\u00A0', '§':
		return 1
	}
	return -2
}

// closing signs do not stand right before a letter.
func closing(r rune) bool { return r == '»' || r == '”' || r == '’' }

// westernWords tells that most high letters stand beside Latin ones.
func westernWords(b []byte) bool {
	mixed, alone := 0, 0
	for i, c := range b {
		if c < 0xC0 {
			continue
		}
		if latinAt(b, i-1) || latinAt(b, i+1) {
			mixed++
		} else {
			alone++
		}
	}
	return mixed > alone
}

func latinAt(b []byte, i int) bool {
	return i >= 0 && i < len(b) && (b[i] >= 'a' && b[i] <= 'z' || b[i] >= 'A' && b[i] <= 'Z')
}
