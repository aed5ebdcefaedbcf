package search

import (
	"cmp"
	"strconv"
	"strings"
	"time"

	"github.com/blevesearch/bleve/v2/analysis"
	"github.com/blevesearch/bleve/v2/document"
	index "github.com/blevesearch/bleve_index_api"

	"github.com/uzel-hub/uzel/core"
	"github.com/uzel-hub/uzel/core/search/extract"
)

// How fields are kept.
const (
	// A filter has few values of many documents each: how often it stands in one
	// need not be known.
	asFilter = index.IndexField | index.SkipFreqNorm
	// A name has many values of few documents each; the library packs those it
	// counts.
	asName   = index.IndexField
	asOrder  = index.IndexField | index.DocValues
	asText   = index.IndexField | index.IncludeTermVectors // for phrases
	asStored = index.StoreField
)

// entry is a document as the index knows it. The names of its fields are those
// of the filters. What is empty is not there.
type entry struct {
	*document.Document
	words analysis.Analyzer // of texts
	size  int               // of the texts, bytes
}

// whole has values compared as they are.
func (e *entry) whole(how index.FieldIndexingOptions, name string, values ...string) {
	for _, v := range values {
		if v != "" {
			e.AddField(document.NewTextFieldCustom(name, nil, []byte(v), how, nil))
		}
	}
}

// text has words looked for. A phrase stands within one of the texts.
func (e *entry) text(how index.FieldIndexingOptions, name string, texts ...string) {
	var place uint64
	for _, text := range texts {
		if text != "" {
			e.AddField(document.NewTextFieldCustom(name, []uint64{place}, []byte(text), how, e.words))
			e.size += len(text)
			place++
		}
	}
}

// codes are found by their grams.
func (e *entry) codes(codes []string) {
	if len(codes) > 0 {
		e.AddField(document.NewTextFieldCustom(codesField, nil, []byte(strings.Join(codes, " ")), asText, gramAnalyzer{}))
	}
}

// dayOf is the day of the office's calendar. Days are compared as texts.
func dayOf(t time.Time) string { return t.In(core.OfficeZone).Format(time.DateOnly) }

// none stands in fields a user's limits look at and that are empty: such
// documents everybody sees.
const none = "-"

func orNone(value string) string { return cmp.Or(value, none) }

// plainYo writes е for ё, which takes as many bytes: places in the text stay
// the same.
func plainYo(text string) string {
	return strings.ReplaceAll(strings.ReplaceAll(text, "ё", "е"), "Ё", "Е")
}

// entryOf is the document with the texts of its files.
func entryOf(words analysis.Analyzer, d *core.Document, files []string) *entry {
	e := &entry{Document: document.NewDocument(string(d.ID)), words: words}
	e.whole(asOrder, "key", string(d.ID)) // once more, to sort by
	e.whole(asStored, versionField, strconv.FormatUint(d.Version, 10))
	e.whole(asFilter, "day", dayOf(d.CreatedAt)) // of registration
	e.whole(asFilter, "organization", orNone(string(d.Organization)))
	e.whole(asFilter, "direction", string(d.Direction))
	e.whole(asFilter, "kind", string(d.Kind))
	e.whole(asFilter, "state", string(d.State))
	e.whole(asFilter, "channel", string(d.Channel))
	e.whole(asName, "thread", string(d.Thread))
	if d.Number != nil {
		e.whole(asName, "number", d.Number.Text)
	}
	for _, m := range d.Marks {
		e.whole(asFilter, "mark", string(m.Kind))
	}
	for _, a := range d.Sender.Addresses {
		e.whole(asName, "sender", a.Key())
	}
	e.addAppeal(d.Appeal)
	e.addTexts(d, files)
	return e
}

func (e *entry) addAppeal(a *core.Appeal) {
	if a == nil {
		e.whole(asFilter, "line", none)
		return
	}
	e.whole(asFilter, "appeal_state", string(a.State))
	e.whole(asFilter, "line", orNone(string(a.Line)))
	e.whole(asFilter, "operator", string(a.Operator))
	e.whole(asFilter, "reason_group", string(a.ReasonGroup))
	e.whole(asFilter, "reason", string(a.Reason))
	e.whole(asFilter, "source", string(a.Source))
	for _, tag := range a.Tags {
		e.whole(asFilter, "tag", string(tag))
	}
}

func (e *entry) addTexts(d *core.Document, files []string) {
	subject, text, requisites := plainYo(d.Subject), plainYo(plainText(d)), requisitesOf(d)
	texts := []string{subject, text}
	for _, file := range files {
		texts = append(texts, plainYo(file))
	}
	e.text(asText, "subject", subject)
	e.text(asText, "text", text)
	e.text(asText, "requisites", plainYo(strings.Join(requisites, "\n")))
	e.text(asText|asStored, filesField, texts[2:]...) // read once; the rest is in the store
	e.codes(codesOf(requisites, texts))
}

// maxText bounds the text of a document in the index, in bytes.
const maxText = 512 << 10

// plainText is the text of a document; one that has only HTML says the same.
func plainText(d *core.Document) string {
	if strings.TrimSpace(d.Text) != "" || d.HTML == "" {
		return cut(d.Text, maxText)
	}
	text, _ := extract.Text("text.html", "text/html", []byte(d.HTML), maxText) // was sanitised when it came in
	return text
}

// cut shortens a text to at most limit bytes of whole characters.
func cut(text string, limit int) string {
	if len(text) <= limit {
		return text
	}
	return strings.ToValidUTF8(text[:limit], "")
}

// requisitesOf are the values around the text, one by one.
func requisitesOf(d *core.Document) []string {
	var out []string
	add := func(values ...string) {
		for _, v := range values {
			if v = strings.TrimSpace(v); v != "" {
				out = append(out, cut(v, 16<<10))
			}
		}
	}
	if d.Number != nil {
		add(d.Number.Text)
	}
	addPerson(add, d.Sender)
	for _, r := range d.Recipients {
		addPerson(add, r)
	}
	for _, v := range d.Fields {
		add(v)
	}
	for _, f := range d.Files {
		if f.Role == core.FileAttachment {
			add(f.Name)
		}
	}
	if d.Appeal != nil {
		addAppeal(add, d.Appeal)
	}
	return out
}

func addPerson(add func(...string), c core.Correspondent) {
	add(c.Name)
	for _, a := range c.Addresses {
		add(a.Value)
	}
}

func addAppeal(add func(...string), a *core.Appeal) {
	addPerson(add, a.Applicant)
	for _, account := range a.Accounts {
		add(account.Number, account.Provider, account.Address)
	}
	if a.Premises != nil {
		add(a.Premises.Text, a.Premises.Flat)
	}
	add(a.Description, a.Comment, a.RejectReason)
	for _, v := range a.Extra {
		add(v)
	}
	if a.Result != nil {
		add(a.Result.Text)
		add(a.Result.Works...)
	}
}
