package rest_test

import (
	"encoding/json"
	"go/ast"
	"go/parser"
	"go/token"
	"io/fs"
	"maps"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"testing"
	"time"
	"unicode"

	"github.com/uzel-hub/uzel/api/rest"
	"github.com/uzel-hub/uzel/core"
	"github.com/uzel-hub/uzel/core/report"
	"github.com/uzel-hub/uzel/core/store"
)

// unsaid are the places whose Russian does not come out of REST as the hub's own
// words, with the reason.
var unsaid = map[string]string{
	"app/app.go":                       "the command line",
	"demo":                             "the demonstration's own records",
	"app/serve.go":                     "the command line",
	"appeal/notify.go":                 "letters to residents",
	"bench":                            "the measurements",
	"blob/fileblob":                    "the command line, and settings on start",
	"bus/boltbus/check.go":             "the check of a data folder: as the program prints it",
	"cmd":                              "the command line",
	"config":                           "settings on start",
	"directory/desk.go":                "declared in both languages",
	"directory/seed.go":                "records people may change",
	"internal":                         "tests",
	"maintenance":                      "the check of a data folder: as the program prints it",
	"outgoing/parcel.go":               "letters to residents",
	"outgoing/reply.go:автоответ":      "a stored name of an author",
	"party/erase.go":                   "the act of an erasure: a document",
	"party/match.go":                   "letters that are compared",
	"pluginhost/internal/process":      "tests and the log",
	"pluginhost/internal/testplugin":   "tests",
	"pluginhost/internal/wire/text.go": "the name of a file without one",
	"registry/registry.go":             "records people may change",
	"directory/cell.go:да":             "how a file says yes",
	"directory/cell.go:нет":            "how a file says no",
	"report/sheet.go":                  "the name of a sheet",
	"store/boltstore/checkpoint.go":    "the command line, when the database is opened",
	"store/schema_directory.go":        "letters that are compared",
	"schedule/decree.go:е":             "letters that are compared",
	"schedule/decree.go:ё":             "letters that are compared",
	"schedule/decree.go:дата":          "how a file names a column",
	"search/entry.go":                  "letters that are compared",
	"signing/sheet.go":                 "documents that are signed",
	"signing/summary.go":               "a document about signatures",
	"store/storetest":                  "tests",
	"rest/letterpage.go":               "the head of a letter that is shown as a page",
	"rest/service.go":                  "the page at the root: in both languages of its reader's programs",
	"rest/signedset.go":                "names of files in a set that is handed over",
	"rest/words.go":                    "in both languages beside each other",
}

var formVerb = regexp.MustCompile(`%[-+#0-9.]*[a-z]`)

// TestEnglishIsComplete reads the program: every Russian text that may come out of
// REST has an English one.
func TestEnglishIsComplete(t *testing.T) {
	known := map[string]bool{}
	var pieces []string
	for _, name := range []string{"errors", "data", "words"} {
		raw, err := os.ReadFile("english/" + name + ".json")
		if err != nil {
			t.Fatal(err)
		}
		var texts map[string]string
		if err := json.Unmarshal(raw, &texts); err != nil {
			t.Fatal(err)
		}
		for ru, en := range texts {
			if strings.ContainsFunc(en, cyrillic) && ru != "ожидается да или нет" {
				t.Errorf("%s: the English of %q is %q", name, ru, en)
			}
			known[formVerb.ReplaceAllString(ru, "%s")] = true
		}
		if name == "words" {
			pieces = slices.Collect(maps.Keys(texts))
		}
	}
	for text, where := range russianTexts(t) {
		if !known[text] && !known["%s "+text] && !ofPieces(text, pieces) && !inPhrase(text, known) {
			t.Errorf("%s: no English for %q", where, text)
		}
	}
}

// ofPieces tells that a text that is put together consists of known words.
func ofPieces(text string, pieces []string) bool {
	for part := range strings.SplitSeq(text, "%s") {
		if strings.ContainsFunc(part, cyrillic) && !slices.Contains(pieces, part) {
			return false
		}
	}
	return true
}

// inPhrase tells that a text that is put together further is a part of a known
// one: it has a gap, or a blank at an end.
func inPhrase(text string, known map[string]bool) bool {
	parts := strings.Split(text, "%s")
	if len(parts) == 1 && strings.TrimSpace(text) == text {
		return false
	}
	for phrase := range known {
		rest, found := phrase, true
		for _, part := range parts {
			if _, rest, found = strings.Cut(rest, part); !found {
				break
			}
		}
		if found {
			return true
		}
	}
	return false
}

func cyrillic(r rune) bool { return unicode.Is(unicode.Cyrillic, r) }

// russianTexts are those of the program, with what changes in them as %s, and
// where they stand.
func russianTexts(t *testing.T) map[string]string {
	out := map[string]string{}
	for root, prefix := range map[string]string{"../../core": "", ".": "rest"} {
		err := filepath.WalkDir(root, func(path string, d fs.DirEntry, err error) error {
			if err != nil {
				return err
			}
			name, err := filepath.Rel(root, path)
			name = filepath.ToSlash(filepath.Join(prefix, name))
			switch {
			case err != nil:
				return err
			case unsaid[name] != "" || d.IsDir() && d.Name() == "testdata":
				if d.IsDir() {
					return filepath.SkipDir
				}
				return nil
			case d.IsDir() || !strings.HasSuffix(name, ".go") || strings.HasSuffix(name, "_test.go"):
				return nil
			}
			return textsOf(path, name, out)
		})
		if err != nil {
			t.Fatal(err)
		}
	}
	if len(out) < 500 {
		t.Fatalf("%d texts found", len(out))
	}
	return out
}

func textsOf(path, name string, out map[string]string) error {
	file, err := parser.ParseFile(token.NewFileSet(), path, nil, parser.SkipObjectResolution)
	if err != nil {
		return err
	}
	ast.Inspect(file, func(n ast.Node) bool {
		e, ok := n.(ast.Expr)
		if !ok {
			return true
		}
		text, ok := textOf(e)
		if ok && strings.ContainsFunc(text, cyrillic) && unsaid[name+":"+text] == "" {
			out[formVerb.ReplaceAllString(text, "%s")] = name
		}
		return !ok
	})
	return nil
}

// textOf is a text as it is put together: a literal, or a sum with one.
func textOf(e ast.Expr) (string, bool) {
	switch e := e.(type) {
	case *ast.BasicLit:
		text, err := strconv.Unquote(e.Value)
		return text, err == nil && e.Kind == token.STRING
	case *ast.BinaryExpr:
		left, l := textOf(e.X)
		right, r := textOf(e.Y)
		if !l {
			left = "%s"
		}
		if !r {
			right = "%s"
		}
		return left + right, e.Op == token.ADD && (l || r)
	}
	return "", false
}

func TestEnglishIsAnsweredInEnglish(t *testing.T) {
	h := newHub(t, withEntries)
	ru, en := h.administrator(), h.as("john", core.RoleAdministrator).with("Accept-Language", "en")
	p := en.post("/api/v1/directories/organizations/entries", object{"values": object{"title": "ООО", "inn": "1", "floor": 1}}).problem(400, "entries.invalid")
	if got, want := told(p), []string{"values.inn · not an INN: 10 or 12 digits, the check digits must match", "values.floor · unknown field"}; !slices.Equal(got, want) {
		t.Errorf("faults %q, want %q", got, want)
	}
	line := ru.entry("support_lines", object{"title": "Лифты"})
	rule := read[core.Rule](ru.post("/api/v1/rules", lineRule("Лифт", "лифт", line.ID)).want(201))
	if p := en.with("If-Match", `"1"`).delete(address(line)).problem(409, "entries.used"); p.Errors[0].Text != "routing rules: 1" {
		t.Errorf("uses %+v", p.Errors)
	}
	d := h.appeal("doc_1")
	h.update(func(tx store.Tx) error {
		got, err := store.Documents.Get(tx, string(d.ID))
		if err == nil {
			got.Subject = "Стоит лифт: тема дня"
			err = store.Documents.Put(tx, got)
		}
		return err
	})
	h.route(d.ID)
	var card struct {
		Decision struct{ Steps []core.RuleStep }
	}
	en.get("/api/v1/documents/doc_1").want(200).read(&card)
	if steps := card.Decision.Steps; len(steps) != 1 || steps[0].Why != "the condition held: subject has the words «лифт»" || steps[0].Title != rule.Title {
		t.Errorf("steps %+v", steps)
	}
	lines := read[rest.DeadlineView](en.get("/api/v1/documents/doc_1/deadline").want(200)).Explanation
	for _, line := range lines[1:] { // the first has the basis somebody gave
		if strings.ContainsFunc(line, cyrillic) {
			t.Errorf("explained as %q", line)
		}
	}
	if lines[0] != "Basis: Регламент." || !strings.HasPrefix(lines[1], "Term: 5 working days from 02.03.2026") {
		t.Errorf("explained as %q", lines)
	}
	again := read[rest.DeadlineView](ru.get("/api/v1/documents/doc_1/deadline").want(200)).Explanation
	if again[0] != "Основание: Регламент." {
		t.Errorf("explained in Russian as %q", again)
	}
}

func TestReportsAreTitledInEnglish(t *testing.T) {
	h := newHub(t, func(c *rest.Config) { c.Reports = &report.Service{Store: c.Store} })
	h.appeal("doc_1")
	h.pass(time.Hour)
	c := h.as("lead", core.RoleSupervisor).with("Accept-Language", "en-GB")
	var sum rest.Summary
	c.get("/api/v1/reports/summary?group=appeal_state").want(200).read(&sum)
	if len(sum.Rows) != 1 || sum.Rows[0].Keys[0].Title != "New" {
		t.Errorf("rows %+v", sum.Rows)
	}
	for _, path := range []string{"summary?group=line,kind&format=csv", "documents?columns=number,state,kind,result"} {
		if text := string(c.get("/api/v1/reports/" + path).want(200).body); strings.ContainsFunc(text, cyrillic) {
			t.Errorf("%s has Russian: %s", path, text)
		}
	}
	admin := h.administrator()
	english := admin.with("Accept-Language", "en")
	page := admin.with("Accept-Language", "ru").with("Cookie", admin.header.Get("Cookie")+"; uzel-language=en")
	for _, who := range []*client{english, page} { // a browser fetches files by itself, in its own language
		if text := string(who.get("/api/v1/audit/export").want(200).body); !strings.Contains(text, "Time;User;Name") {
			t.Errorf("audit %s", text)
		}
	}
}
