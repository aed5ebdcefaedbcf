package routing_test

import (
	"encoding/json"
	"reflect"
	"regexp"
	"runtime"
	"slices"
	"strings"
	"testing"
	"unicode"

	"github.com/uzel-hub/uzel/core"
	"github.com/uzel-hub/uzel/core/routing"
)

// FuzzCondition proves that whatever JSON a condition is, it is refused with the
// names of its fields, or decides alike each time, says why, and never keeps the
// document from the rule below.
func FuzzCondition(f *testing.F) {
	for _, s := range []string{
		`{"field":"subject","is":"words","values":["крыша теч*","лифт"]}`,
		`{"all":[{"field":"channel","is":"equals","values":["mail"]},{"not":{"field":"text","is":"matches","values":["а(б|в)+г?"]}}]}`,
		`{"any":[{"field":"appeals","is":"at_least","days":7,"number":2},{"field":"working_time","is":"yes"},{"expr":"any(files, .size > 1)"}]}`,
		`{"field":"fields","name":"account","is":"begins","values":["407"]}`, `{"field":"tag","is":"present"}`, `{}`, `{"not":{"not":{"not":{}}}}`,
		`{"all":[]}`, `{"expr":"true","any":[{}]}`, `{"field":"attachments","is":"equals","number":-9223372036854775808}`,
	} {
		f.Add([]byte(s))
	}
	f.Fuzz(func(t *testing.T, raw []byte) {
		var when core.Condition
		if json.Unmarshal(raw, &when) != nil {
			return
		}
		rules := []core.Rule{tagging("a", &when), tagging("b", nil)}
		set, err := routing.Compile(rules)
		if faults := routing.Check(&rules[0]); (err != nil) != (len(faults) > 0) {
			t.Fatalf("check %+v, compile %v", faults, err)
		}
		if err != nil {
			return
		}
		d := set.Decide(facts(letter()))
		if again := set.Decide(facts(letter())); !reflect.DeepEqual(d, again) {
			t.Fatalf("%+v, then %+v", d, again)
		}
		if last := d.Planned[len(d.Planned)-1]; last.Rule != 1 {
			t.Errorf("the rule below was not tried: %+v", d)
		}
		for _, s := range routing.Steps(rules, d.Trace, d.Faults) {
			if s.Why == "" {
				t.Errorf("step without a reason: %+v", s)
			}
		}
	})
}

// FuzzExpression proves that whatever is written in an expression is either
// refused or ends, and never takes the document or the hub's memory with it.
func FuzzExpression(f *testing.F) {
	for _, s := range []string{
		`subject contains "a"`, `any(files, .size > 1)`, `fields["x"] ?? "y" == "z"`, `files[0].name == ""`, `1/0 > 1`, `sender?.name == "a" ? true : false`,
		`all(files, not (.name matches "a+"))`, `hour in 9..18`, `len(text) % 0 == 1`, `-9223372036854775808 / -1 > 0`, `text[5:1] == ""`,
		`len(text+text+text+text+text+text+text+text) > 1`, `text matches "((a{0,30}){0,30}){0,30}"`, `[[[[[[1]]]]]] == tags`, `any(tags, any(tags, true))`,
	} {
		f.Add(s)
	}
	big := letter()
	big.Text = strings.Repeat("Вода льётся по стене. ", 2000)
	f.Fuzz(func(t *testing.T, text string) {
		rules := []core.Rule{tagging("a", &core.Condition{Expr: text}), tagging("b", nil)}
		before := allocated()
		set, err := routing.Compile(rules)
		if err != nil {
			return
		}
		d := set.Decide(facts(big))
		if took := allocated() - before; took > 64<<20 {
			t.Errorf("%d MB for an expression", took>>20)
		}
		if last := d.Planned[len(d.Planned)-1]; last.Rule != 1 {
			t.Errorf("the rule below was not tried: %+v", d)
		}
	})
}

func allocated() uint64 {
	var m runtime.MemStats
	runtime.ReadMemStats(&m)
	return m.TotalAlloc
}

// FuzzPattern proves the same of patterns and phrases.
func FuzzPattern(f *testing.F) {
	f.Add("a(b|c)*", "крыша теч*")
	f.Add(`(?s:.*)\p{Cyrillic}{1,5}$`, "*")
	f.Fuzz(func(t *testing.T, pattern, phrase string) {
		set, err := routing.Compile([]core.Rule{
			tagging("a", text(core.FieldSubject, core.IsMatches, pattern)), tagging("b", text(core.FieldText, core.IsWords, phrase)), tagging("c", nil),
		})
		if err != nil {
			return
		}
		if d := set.Decide(facts(letter())); len(d.Faults) > 0 || d.Planned[len(d.Planned)-1].Rule != 2 {
			t.Errorf("%+v", d)
		}
	})
}

// FuzzTexts holds comparisons against the plainest way to make them: what saves
// looking at the whole text must never change what is found.
func FuzzTexts(f *testing.F) {
	f.Add("Течёт КРЫША в пятом подъезде, дом 12", "крыша", `дом\s*\d+`)
	f.Add("вода", "ВОДА водопад", `(вода|лифты)+x?`)
	f.Add("ААААААААААААБ", "аааааааб", `(а{2,3}б|лифт){1,2}`)
	f.Add("\xff\xfe № 5 — «Ёлка» İ", "ёлк*", `[^ё]л(ка)?`)
	f.Fuzz(func(t *testing.T, content, value, pattern string) {
		d := letter()
		d.Subject = ""
		d.Text = content
		for is, want := range map[core.Relation]func() bool{
			core.IsContains: func() bool { return strings.Contains(plain(content), plain(value)) },
			core.IsEqual:    func() bool { return plain(content) == plain(value) },
			core.IsBegins:   func() bool { return strings.HasPrefix(plain(content), plain(value)) },
			core.IsWords:    func() bool { return hasWords(content, value) },
		} {
			set, err := routing.Compile([]core.Rule{tagging("a", text(core.FieldText, is, value))})
			if err != nil || content == "" || len(content) > 1<<12 {
				continue
			}
			if got := len(set.Decide(facts(d)).Planned) == 1; got != want() {
				t.Errorf("%s: %v", is, got)
			}
		}
		set, err := routing.Compile([]core.Rule{tagging("a", text(core.FieldText, core.IsMatches, pattern))})
		if err != nil || content == "" || len(content) > 1<<12 || !simple(content) || !simple(pattern) {
			return
		}
		if got, want := len(set.Decide(facts(d)).Planned) == 1, regexp.MustCompile("(?i:"+pattern+")").MatchString(content); got != want {
			t.Errorf("pattern: %v", got)
		}
	})
}

func plain(s string) string {
	return strings.Map(func(r rune) rune {
		if r == 'ё' || r == 'Ё' {
			return 'е'
		}
		return unicode.ToLower(r)
	}, s)
}

func hasWords(content, phrase string) bool {
	words := strings.FieldsFunc(plain(content), func(r rune) bool { return !unicode.IsLetter(r) && !unicode.IsDigit(r) })
	for _, want := range strings.Fields(plain(phrase)) {
		stem, open := strings.CutSuffix(want, "*")
		if !slices.ContainsFunc(words, func(w string) bool { return w == stem || open && strings.HasPrefix(w, stem) }) {
			return false
		}
	}
	return true
}

// simple texts are those for which the regexp package's own way of ignoring case
// is the same: it takes ſ for s and does not take е for ё.
func simple(s string) bool {
	return !strings.ContainsFunc(s, func(r rune) bool { return r >= 0x80 && (r < 'А' || r > 'я') })
}
