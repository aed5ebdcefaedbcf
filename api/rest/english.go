package rest

import (
	"cmp"
	"embed"
	"encoding/json"
	"maps"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"sync"

	"golang.org/x/text/language"
)

// The English of what is worded in Russian where it arises: errors.json of
// errors, data.json of texts within data, by the Russian text. A %s or %d in it
// stands for what changes. In the English {1} is the first of these as it is,
// {1t} is it translated, and {1w} has the words of words.json in it translated:
// these are the pieces that longer texts are put together from.
//
//go:embed english/*.json
var englishFiles embed.FS

// readEnglish reads them once. They are a part of the program: that they can be
// read is proved by a test.
var readEnglish = sync.OnceValue(func() *translator {
	texts := map[string]string{}
	maps.Copy(texts, table("english/errors.json"))
	maps.Copy(texts, table("english/data.json"))
	return newTranslator(texts, table("english/words.json"))
})

func table(name string) (out map[string]string) {
	raw, err := englishFiles.ReadFile(name)
	if err == nil {
		err = json.Unmarshal(raw, &out)
	}
	if err != nil {
		panic("rest: " + name + ": " + err.Error()) // embedded when built, so a defect of the program; a test reads it
	}
	return out
}

// translator puts texts of the hub into another language. What it does not know
// stays as it is: names and what people wrote.
type translator struct {
	exact   map[string]string
	phrases []phrase          // the most particular first
	words   *strings.Replacer // longer ones first
}

// phrase is a text with parts that change.
type phrase struct {
	is *regexp.Regexp
	in string
}

var (
	verb = regexp.MustCompile(`%[sdq]`)
	slot = regexp.MustCompile(`\{([1-9])([tw]?)\}`)
)

func newTranslator(texts, words map[string]string) *translator {
	t := &translator{exact: texts}
	keys := slices.SortedFunc(maps.Keys(texts), longerFirst)
	for _, key := range keys {
		if parts := verb.Split(key, -1); len(parts) > 1 {
			for i := range parts {
				parts[i] = regexp.QuoteMeta(parts[i])
			}
			t.phrases = append(t.phrases, phrase{regexp.MustCompile(`(?s)^` + strings.Join(parts, `(.*?)`) + `$`), texts[key]})
		}
	}
	var pairs []string
	for _, key := range slices.SortedFunc(maps.Keys(words), longerFirst) {
		pairs = append(pairs, key, words[key])
	}
	t.words = strings.NewReplacer(pairs...)
	return t
}

func longerFirst(a, b string) int {
	return cmp.Or(cmp.Compare(len(b), len(a)), cmp.Compare(a, b))
}

// longText is more than any text of the hub has: what people wrote is not looked
// at.
const longText = 4000

func (t *translator) text(text string) string {
	if out, ok := t.exact[text]; ok {
		return out
	}
	if len(text) > longText {
		return text
	}
	for _, p := range t.phrases {
		if got := p.is.FindStringSubmatch(text); got != nil {
			return t.filled(p.in, got)
		}
	}
	return text
}

// filled puts what changes into a phrase; got[0] is the whole text.
func (t *translator) filled(in string, got []string) string {
	return slot.ReplaceAllStringFunc(in, func(s string) string {
		m := slot.FindStringSubmatch(s)
		n, err := strconv.Atoi(m[1])
		switch {
		case err != nil || n >= len(got):
			return s
		case m[2] == "t" && got[n] != got[0]:
			return t.text(got[n])
		case m[2] == "w":
			return t.outside(got[n])
		}
		return got[n]
	})
}

// outside translates the words that stand outside of «».
func (t *translator) outside(text string) string {
	var out strings.Builder
	for text != "" {
		plain, rest, _ := strings.Cut(text, "«")
		out.WriteString(t.words.Replace(plain))
		quoted, after, closed := strings.Cut(rest, "»")
		if rest != "" {
			out.WriteString("«" + quoted)
		}
		if closed {
			out.WriteString("»")
		}
		text = after
	}
	return out.String()
}

// spoken are the names under which answers of the routes hold texts of the hub.
// Rules of a name with a point at its end hold for all routes that begin so.
var spoken = map[string][]string{
	"appeals.":          {"basis", "note"},
	"calendars.":        {"explanation", "note", "title", "basis"},
	"deliveries.":       {"last_error"},
	"directories.":      {"help", "text"},
	"documents.":        {"basis", "explanation", "last_error", "note", "problem", "why"},
	"erasures.":         {"reason"},
	"jobs.":             {"text", "title"},
	"mass.":             {"text"},
	"mass.operations":   {"final", "title"},
	"parties.":          {"reason"},
	"rules.":            {"note", "text", "why"},
	"signatures.":       {"problem"},
	"drafts.signatures": {"problem"},
	"tasks.":            {"basis"},
}

func (c *call) spoken() []string {
	area, _, _ := strings.Cut(c.route.name, ".")
	return slices.Concat(spoken[area+"."], spoken[c.route.name])
}

// said translates the texts of the hub in an answer, for callers who want another
// language than its own.
func (c *call) said(body any) (any, error) {
	lang := languageOf(c.r)
	if lang == language.Russian || body == nil || c.route == nil {
		return body, nil
	}
	names := c.spoken()
	if len(names) == 0 {
		return body, nil
	}
	raw, err := json.Marshal(body)
	if err != nil {
		return nil, err
	}
	var v any
	decoder := json.NewDecoder(strings.NewReader(string(raw)))
	decoder.UseNumber()
	if err := decoder.Decode(&v); err != nil {
		return nil, err
	}
	return translated(v, false, names, wordsIn(lang)), nil
}

// translated goes through a value of JSON: texts under the names are the hub's.
func translated(v any, ours bool, names []string, w *words) any {
	switch v := v.(type) {
	case string:
		if ours {
			return w.text(v)
		}
	case []any:
		for i := range v {
			v[i] = translated(v[i], ours, names, w)
		}
	case map[string]any:
		for name := range v {
			v[name] = translated(v[name], slices.Contains(names, name), names, w)
		}
	}
	return v
}
