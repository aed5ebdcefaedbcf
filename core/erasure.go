package core

import "time"

// ErasureID sorts by time, like all ids.
type ErasureID string

// MarkErased is the mark of a document whose personal data were erased. Its
// Reason names the act.
const MarkErased MarkKind = "erased"

// ErasureState is how far an erasure is.
type ErasureState string

const (
	ErasureRunning  ErasureState = "running"
	ErasureFinished ErasureState = "finished"
)

// ErasureStage is what an erasure works on. Stages follow each other in this
// order; the parties come last, because the others find by them what is theirs.
type ErasureStage string

const (
	ErasingDocuments ErasureStage = "documents"
	ErasingMessages  ErasureStage = "messages" // those that are no document's
	ErasingDrafts    ErasureStage = "drafts"   // those that answer no document
	ErasingMass      ErasureStage = "mass"     // what mass operations noted of documents
	ErasingAnswers   ErasureStage = "answers"  // kept for repeated requests
	ErasingFilters   ErasureStage = "filters"  // saved by users
	ErasingParties   ErasureStage = "parties"
	ErasingFiles     ErasureStage = "files"
)

// Erasure (акт об уничтожении персональных данных) is the act of erasing what the
// hub knows about one person: who ordered it, when, on what ground, what was
// erased, what was kept and why. It holds no personal data itself. A person
// orders it, the hub alone writes it after that.
type Erasure struct {
	Meta
	ID      ErasureID    `json:"id"`
	Party   PartyID      `json:"party"`
	Parties []PartyID    `json:"parties"` // the party and those merged with it
	State   ErasureState `json:"state"`

	Ground   string     `json:"ground"`             // the law, the request
	Document DocumentID `json:"document,omitempty"` // the request itself, if it was registered
	// Keep are documents that who ordered the erasure wants kept.
	Keep      []KeptDocument `json:"keep,omitempty"`
	OrderedBy Actor          `json:"ordered_by"`

	Documents  []ErasedDocument `json:"documents"`  // whose contents were erased
	Messages   int              `json:"messages"`   // how many messages were
	Deliveries int              `json:"deliveries"` // how many deliveries were
	Tasks      []TaskID         `json:"tasks"`      // whose texts and comments were
	Drafts     []DraftID        `json:"drafts"`     // whose texts were, in all versions
	Signatures int              `json:"signatures"` // how many electronic signatures were, with what they tell of signers
	MassItems  int              `json:"mass_items"` // how many notes of mass operations were
	Filters    int              `json:"filters"`    // how many saved filters that named the person were
	Audit      int              `json:"audit"`      // entries of the journal about what was erased: they stay
	Files      int              `json:"files"`      // how many files were
	Bytes      int64            `json:"bytes"`      // how much the files took
	// SharedFiles are files that something else refers to as well.
	SharedFiles int            `json:"shared_files"`
	Kept        []KeptDocument `json:"kept"`
	KeptDrafts  []KeptDraft    `json:"kept_drafts"`
	// Remains says, in Russian, what an erasure leaves in place, and why.
	Remains    []string   `json:"remains"`
	FinishedAt *time.Time `json:"finished_at,omitempty"`

	// Stage, Cursor and Doomed are where the work stands: a hub that was stopped
	// goes on there. Doomed are the files that may have to go.
	Stage  ErasureStage `json:"stage,omitempty"`
	Cursor string       `json:"cursor,omitempty"`
	Doomed []DoomedFile `json:"doomed,omitempty"`
}

// RecordKey implements Record.
func (e *Erasure) RecordKey() string { return string(e.ID) }

// ErasedDocument is a document whose contents were erased: its number stays.
type ErasedDocument struct {
	ID     DocumentID `json:"id"`
	Number string     `json:"number,omitempty"`
	// Part tells that only the person's name and addresses were erased, because
	// the document is about others as well.
	Part bool `json:"part,omitempty"`
}

// KeptDocument is a document an erasure leaves as it is.
type KeptDocument struct {
	ID     DocumentID `json:"id"`
	Reason string     `json:"reason"` // in Russian, no personal data
}

// KeptDraft is a draft to the person that an erasure leaves as it is.
type KeptDraft struct {
	ID     DraftID `json:"id"`
	Reason string  `json:"reason"` // in Russian, no personal data
}

// DoomedFile is a file that something erased referred to.
type DoomedFile struct {
	Hash string `json:"hash"`
	Size int64  `json:"size"` // bytes
}
