package core

import "time"

// RuleID names a rule; it stays the same in all versions of the rule set.
type RuleID string

// RuleSet (набор правил) is one version of all routing rules of the hub, in the
// order they are tried in. A version is written once and never changed: every
// edit makes the next one, and going back is a new version that repeats an old.
type RuleSet struct {
	Meta
	Number uint64 `json:"number"` // from 1, without gaps
	Rules  []Rule `json:"rules"`
	By     Actor  `json:"by"`
	Note   string `json:"note,omitempty"` // what was changed, in Russian
}

// RecordKey implements Record.
func (s *RuleSet) RecordKey() string { return RuleSetKey(s.Number) }

// RuleSetKey is the key of a version; keys sort as numbers do.
func RuleSetKey(number uint64) string { return FixedWidth(number) }

// FixedWidth writes n with ten digits at least, so that texts sort as numbers.
func FixedWidth(n uint64) string {
	var out [20]byte
	i := len(out)
	for n > 0 || i > len(out)-10 {
		i--
		out[i] = '0' + byte(n%10)
		n /= 10
	}
	return string(out[i:])
}

// RuleHead tells which version of the rule set is in force: the Version of its
// Meta. It is a small record of its own because it is looked at for each
// document.
type RuleHead struct {
	Meta
	ID string `json:"id"` // always RuleHeadID
}

// RuleHeadID is the key of the only RuleHead.
const RuleHeadID = "rules"

// RecordKey implements Record.
func (h *RuleHead) RecordKey() string { return h.ID }

// Rule (правило маршрутизации) says what is done with which documents.
type Rule struct {
	ID    RuleID `json:"id"`
	Title string `json:"title"`
	On    bool   `json:"on"`
	// Changed is the version of the rule set that this rule was changed in last;
	// it is the rule's ETag.
	Changed uint64 `json:"changed"`
	// Organization narrows the rule to documents of one organisation; empty: all.
	Organization OrganizationID `json:"organization,omitempty"`
	// Directions the rule is for; none: documents that came in.
	Directions []Direction `json:"directions,omitempty"`
	When       *Condition  `json:"when,omitempty"` // nil: always
	Then       []Action    `json:"then"`
	// Fault says why the hub itself switched the rule off; nil if it did not. It
	// is forgotten when a person switches the rule on again.
	Fault *RuleFault `json:"fault,omitempty"`
}

// RuleFault is a rule's failure.
type RuleFault struct {
	At       time.Time  `json:"at"`
	Document DocumentID `json:"document"` // at which it failed
	Text     string     `json:"text"`     // in Russian, no personal data
}

// Condition is a node of a rule's condition tree. Exactly one of All, Any, Not,
// Field and Expr is given.
type Condition struct {
	All []Condition `json:"all,omitempty"` // every one of them holds
	Any []Condition `json:"any,omitempty"` // at least one holds
	Not *Condition  `json:"not,omitempty"`

	Field RuleField `json:"field,omitempty"`
	// Name is which requisite FieldRequisite looks at.
	Name string `json:"name,omitempty"`
	// Days is how far back FieldAppeals counts.
	Days   int      `json:"days,omitempty"`
	Is     Relation `json:"is,omitempty"`
	Values []string `json:"values,omitempty"` // of a text: one of them is enough
	Number int      `json:"number,omitempty"` // of a number

	// Expr is an expression for what the rest cannot say; see package routing.
	Expr string `json:"expr,omitempty"`
}

// RuleField is what a comparison looks at.
type RuleField string

// Texts; those that may have several values match if one of them does.
const (
	FieldChannel        RuleField = "channel"
	FieldOrganization   RuleField = "organization"
	FieldDirection      RuleField = "direction"
	FieldKind           RuleField = "kind"
	FieldSource         RuleField = "source"          // source of the appeal, an EntryID
	FieldSender         RuleField = "sender"          // its addresses
	FieldSenderName     RuleField = "sender_name"     //
	FieldSenderDomain   RuleField = "sender_domain"   // of its e-mail addresses
	FieldRecipient      RuleField = "recipient"       // addresses the document was sent to
	FieldSubject        RuleField = "subject"         //
	FieldText           RuleField = "text"            // its first 32 KiB
	FieldLanguage       RuleField = "language"        // ru or other, by the letters of subject and text
	FieldMark           RuleField = "mark"            // kinds of marks
	FieldAttachment     RuleField = "attachment"      // names of the files a person attached
	FieldAttachmentKind RuleField = "attachment_type" // their media types
	FieldReasonGroup    RuleField = "reason_group"
	FieldReason         RuleField = "reason"
	FieldLine           RuleField = "line"
	FieldTag            RuleField = "tag"
	FieldAddress        RuleField = "address" // of the premises
	FieldAccount        RuleField = "account" // лицевой счёт
	FieldRequisite      RuleField = "fields"  // one of the document's fields, by Name
)

// Numbers.
const (
	FieldAttachments RuleField = "attachments"  // how many files a person attached
	FieldAppeals     RuleField = "appeals"      // documents of the same sender in the last Days days, this one not counted
	FieldOpenAppeals RuleField = "open_appeals" // appeals of the same sender that have not ended, this one not counted
)

// Yes or no.
const (
	FieldWorkingTime RuleField = "working_time" // the document came in working time
	FieldKnownSender RuleField = "known_sender" // the sender was recognised as a party
)

// Relation is how a comparison compares. Texts are compared without regard to
// case and to ё.
type Relation string

const (
	IsEqual    Relation = "equals"   // a text or a number
	IsContains Relation = "contains" // a text: the value is a part of it
	IsBegins   Relation = "begins"
	IsEnds     Relation = "ends"
	IsWords    Relation = "words"    // a text: has all words of the value, in any order; `теч*` is any word that begins so
	IsMatches  Relation = "matches"  // a text: a regular expression in the syntax RE2 finds something in it
	IsPresent  Relation = "present"  // a text: there is one
	IsAtLeast  Relation = "at_least" // a number
	IsAtMost   Relation = "at_most"
	IsYes      Relation = "yes" // yes or no
)

// ActionKind is what an action does.
type ActionKind string

const (
	ActSetLine     ActionKind = "set_line"
	ActSetOperator ActionKind = "set_operator"
	ActSetReason   ActionKind = "set_reason"
	ActAddTags     ActionKind = "add_tags"
	ActSetTerm     ActionKind = "set_term"
	ActCreateTask  ActionKind = "create_task"
	ActReply       ActionKind = "reply"
	ActForward     ActionKind = "forward"
	ActNotify      ActionKind = "notify"
	ActStop        ActionKind = "stop" // no rule below is tried
)

// OperatorChoice is how one of several operators is chosen.
type OperatorChoice string

const (
	ChooseFixed OperatorChoice = "fixed" // the only one named
	ChooseLoad  OperatorChoice = "load"  // the one with the fewest open appeals
	ChooseTurn  OperatorChoice = "turn"  // one after the other
)

// Action is one thing a rule does. Which fields it has follows from Do.
type Action struct {
	Do          ActionKind     `json:"do"`
	Line        EntryID        `json:"line,omitempty"`         // set_line
	Choice      OperatorChoice `json:"choice,omitempty"`       // set_operator
	Users       []UserID       `json:"users,omitempty"`        // set_operator, notify
	ReasonGroup EntryID        `json:"reason_group,omitempty"` // set_reason
	Reason      EntryID        `json:"reason,omitempty"`       // set_reason
	Tags        []EntryID      `json:"tags,omitempty"`         // add_tags
	Term        *Term          `json:"term,omitempty"`         // set_term, create_task
	Performer   UserID         `json:"performer,omitempty"`    // create_task
	Controller  UserID         `json:"controller,omitempty"`   // create_task
	Channels    []ChannelID    `json:"channels,omitempty"`     // forward
	Template    EntryID        `json:"template,omitempty"`     // reply: of the directory message_templates
	Title       string         `json:"title,omitempty"`        // create_task; the subject of a reply
	Text        string         `json:"text,omitempty"`         // create_task, notify, reply without a template
}

// RuleOutcome is how a rule ended for a document.
type RuleOutcome string

const (
	RuleMatched RuleOutcome = "matched"
	RuleMissed  RuleOutcome = "missed"  // its condition does not hold
	RuleOff     RuleOutcome = "off"     // switched off
	RuleForeign RuleOutcome = "foreign" // of another organisation or direction
	RuleSkipped RuleOutcome = "skipped" // a rule above stopped
	RuleFailed  RuleOutcome = "failed"  // was switched off by this failure
)

// Decision (решение) is what the rules made of a document, kept as its record:
// which rule did what, and why each of the others did nothing. One document has
// one at most.
type Decision struct {
	Meta
	Document DocumentID `json:"document"`
	RuleSet  uint64     `json:"rule_set"` // version of the rules that decided
	// Seen is the version of the document the rules looked at.
	Seen    uint64   `json:"seen"`
	Effects []Effect `json:"effects,omitempty"`
	// Trace has a word for each rule of the set, in its order: see package
	// routing, which writes and reads it.
	Trace []uint16 `json:"trace"`
	// Faults are the rules that failed, by their place in the set.
	Faults map[int]string `json:"faults,omitempty"`
}

// RecordKey implements Record.
func (d *Decision) RecordKey() string { return string(d.Document) }

// Effect is what came of one action.
type Effect struct {
	Rule   RuleID `json:"rule"`
	Title  string `json:"title"` // of the rule
	Action Action `json:"action"`
	// Operator is who was chosen by set_operator.
	Operator UserID `json:"operator,omitempty"`
	Done     bool   `json:"done"`
	Note     string `json:"note,omitempty"` // why it was not done, in Russian
}

// Turn remembers whose turn it was last in a rule that chooses in turn.
type Turn struct {
	Meta
	Rule RuleID `json:"rule"`
	Last UserID `json:"last"`
}

// RecordKey implements Record.
func (t *Turn) RecordKey() string { return string(t.Rule) }

// RuleStep is a line of a decision's trace, for people.
type RuleStep struct {
	Rule    RuleID      `json:"rule"`
	Title   string      `json:"title"`
	Outcome RuleOutcome `json:"outcome"`
	Why     string      `json:"why"` // in Russian: the part of the condition that decided
}
