package search

import (
	"github.com/blevesearch/bleve/v2"
	"github.com/blevesearch/bleve/v2/analysis/analyzer/custom"
	"github.com/blevesearch/bleve/v2/analysis/analyzer/keyword"
	"github.com/blevesearch/bleve/v2/analysis/lang/ru"
	"github.com/blevesearch/bleve/v2/analysis/token/lowercase"
	"github.com/blevesearch/bleve/v2/analysis/tokenizer/unicode"
	"github.com/blevesearch/bleve/v2/mapping"
)

// mappingVersion is written into each index. An index of another version is
// thrown away and built anew: raise it with every change of mapping, analyser
// or entry.
const mappingVersion = "3"

// analyzerName is the analyser of texts: words in lower case, without the words
// that stand everywhere, cut to their Russian stems. What it is given has е in
// place of ё already: see plainYo.
const analyzerName = "words"

// keywords are the fields that are compared whole.
var keywords = [...]string{
	"organization", "direction", "kind", "state", "channel", "thread", "number", "mark", "sender",
	"appeal_state", "line", "operator", "reason_group", "reason", "source", "tag", "codes",
}

// filesField has the texts of files.
const filesField = "files"

// textFields are the fields words are looked for in, and how much a hit counts.
var textFields = [...]struct {
	name  string
	boost float64
}{{"subject", 3}, {"requisites", 2}, {"text", 1}, {filesField, 0.7}}

func newMapping() (mapping.IndexMapping, error) {
	m := bleve.NewIndexMapping()
	err := m.AddCustomAnalyzer(analyzerName, map[string]any{
		"type": custom.Name, "tokenizer": unicode.Name,
		"token_filters": []string{lowercase.Name, ru.StopName, ru.SnowballStemmerName},
	})
	if err != nil {
		return nil, err
	}
	m.DefaultMapping = documentMapping()
	m.DefaultAnalyzer = analyzerName
	m.IndexDynamic, m.StoreDynamic, m.DocValuesDynamic = false, false, false
	return m, nil
}

func documentMapping() *mapping.DocumentMapping {
	d := bleve.NewDocumentStaticMapping()
	// The library would gather all fields in one more, of which each search names its own.
	d.AddSubDocumentMapping("_all", bleve.NewDocumentDisabledMapping())
	for _, name := range keywords {
		d.AddFieldMappingsAt(name, field(keyword.Name))
	}
	for _, f := range textFields {
		text := field(analyzerName)
		text.IncludeTermVectors = true    // for phrases
		text.Store = f.name == filesField // the rest is in the store; files are read once
		d.AddFieldMappingsAt(f.name, text)
	}
	key := field(keyword.Name)
	key.DocValues = true // sorts
	d.AddFieldMappingsAt("key", key)
	version := field(keyword.Name)
	version.Index, version.Store = false, true
	d.AddFieldMappingsAt("version", version)
	day := bleve.NewNumericFieldMapping()
	day.Store, day.IncludeInAll, day.DocValues = false, false, false
	d.AddFieldMappingsAt("day", day)
	return d
}

// field is indexed by the analyser, and nothing more.
func field(analyzer string) *mapping.FieldMapping {
	f := bleve.NewTextFieldMapping()
	f.Analyzer = analyzer
	f.Store, f.IncludeInAll, f.IncludeTermVectors, f.DocValues = false, false, false, false
	return f
}
