package core

// DirectoryName names a directory (справочник): lower-case Latin letters, digits
// and underscores; those a connector declares begin with its name and a dot.
type DirectoryName string

// The directories of a residents' desk.
const (
	DirSupportLines     DirectoryName = "support_lines"
	DirReasonGroups     DirectoryName = "reason_groups"
	DirReasons          DirectoryName = "reasons"
	DirExtraFields      DirectoryName = "extra_fields"
	DirTags             DirectoryName = "tags"
	DirSources          DirectoryName = "sources"
	DirMessageTemplates DirectoryName = "message_templates"
	DirResultTemplates  DirectoryName = "result_templates"

	DirOrganizations    DirectoryName = "organizations"
	DirBlanks           DirectoryName = "blanks"
	DirDocumentTypes    DirectoryName = "document_types"
	DirCounterparties   DirectoryName = "counterparties"
	DirAddressAliases   DirectoryName = "address_aliases"
	DirCallNumberGroups DirectoryName = "call_number_groups"
	DirMassContracts    DirectoryName = "mass_contracts"
	DirNews             DirectoryName = "news"
	DirArticles         DirectoryName = "articles"
	DirArticleComments  DirectoryName = "article_comments"
)

// Entry (запись справочника) is one line of a directory. What its values mean is
// declared in package directory. The id of an entry of the directory
// organizations is the OrganizationID used everywhere.
type Entry struct {
	Meta
	ID           EntryID        `json:"id"`
	Directory    DirectoryName  `json:"directory"`
	Organization OrganizationID `json:"organization,omitempty"` // empty: for all
	// Values are by the name of the field, as JSON has them: text, number
	// (float64), bool, list ([]any) or map (map[string]any). A field without a
	// value is not there.
	Values map[string]any `json:"values"`
	Files  []Attachment   `json:"files,omitempty"` // those the fields of files name
}

// RecordKey implements Record.
func (e *Entry) RecordKey() string { return string(e.ID) }

// Text is a value that is a text; "" if there is none.
func (e *Entry) Text(field string) string {
	text, _ := e.Values[field].(string)
	return text
}
