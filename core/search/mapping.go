package search

import (
	"github.com/blevesearch/bleve/v2"
	"github.com/blevesearch/bleve/v2/analysis/analyzer/custom"
	"github.com/blevesearch/bleve/v2/analysis/lang/ru"
	"github.com/blevesearch/bleve/v2/analysis/token/lowercase"
	"github.com/blevesearch/bleve/v2/analysis/tokenizer/unicode"
	"github.com/blevesearch/bleve/v2/mapping"
)

// mappingVersion is written into each index. An index of another version is
// thrown away and built anew: raise it with every change of analyser or entry.
const mappingVersion = "4"

// analyzerName is the analyser of texts: words in lower case, without the words
// that stand everywhere, cut to their Russian stems. What it is given has е in
// place of ё already: see plainYo.
const analyzerName = "words"

// filterFields are the fields that are compared whole.
var filterFields = []string{
	"organization", "direction", "kind", "state", "channel", "thread", "number", "mark", "sender",
	"appeal_state", "line", "operator", "reason_group", "reason", "source", "tag",
}

// filesField has the texts of files.
const filesField = "files"

// versionField has the version of the document that was indexed.
const versionField = "version"

// textFields are the fields words are looked for in, those first where a hit
// counts most.
var textFields = []string{"subject", "requisites", "text", filesField}

// boosts is how much a hit counts in each of them.
var boosts = [...]float64{3, 2, 1, 0.7}

// newMapping is what the library needs to understand queries. What is indexed,
// and how, entryOf says itself.
func newMapping() (mapping.IndexMapping, error) {
	m := bleve.NewIndexMapping()
	err := m.AddCustomAnalyzer(analyzerName, map[string]any{
		"type": custom.Name, "tokenizer": unicode.Name,
		"token_filters": []string{lowercase.Name, ru.StopName, ru.SnowballStemmerName},
	})
	if err != nil {
		return nil, err
	}
	m.DefaultAnalyzer = analyzerName
	return m, nil
}
