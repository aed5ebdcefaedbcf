package routing

import (
	"slices"
	"strings"
	"time"
	"unicode/utf8"

	"github.com/expr-lang/expr/vm"

	"github.com/uzel-hub/uzel/core"
)

// Facts are all that rules may look at.
type Facts struct {
	Document *core.Document
	At       time.Time // when the document came
	Working  bool      // At is in working time
	// Appeals is how many earlier documents the same sender wrote, by the days
	// they are counted back from At: those of Set.Periods.
	Appeals     map[int]int
	OpenAppeals int // the same sender's other appeals that have not ended, if Set.AsksOpen
}

// sight is a document as the rules of a set see it: what they compare is worked
// out when it is first asked for, and what they set is seen by those below.
type sight struct {
	*Facts
	set     *Set
	views   []view // by column
	env     *env
	machine vm.VM
	budget  int
	line    core.EntryID
	group   core.EntryID
	reason  core.EntryID
	tags    []core.EntryID
	manned  bool // has an operator
	due     bool
	replied bool
	sentTo  []core.ChannelID
}

func (s *Set) look(f *Facts) *sight {
	out := &sight{Facts: f, set: s, views: make([]view, len(s.columns)), due: f.Document.DueAt != nil}
	if a := f.Document.Appeal; a != nil {
		out.line, out.group, out.reason, out.manned = a.Line, a.ReasonGroup, a.Reason, a.Operator != ""
		out.tags = slices.Clone(a.Tags)
	}
	return out
}

// raw are the values of a text field as they were written.
func (s *sight) raw(field core.RuleField) []string {
	d := s.Document
	switch field {
	case core.FieldChannel:
		return some(string(d.Channel))
	case core.FieldOrganization:
		return some(string(d.Organization))
	case core.FieldDirection:
		return some(string(d.Direction))
	case core.FieldKind:
		return some(string(d.Kind))
	case core.FieldSender:
		return addresses(d.Sender)
	case core.FieldSenderName:
		return some(d.Sender.Name)
	case core.FieldSenderDomain:
		return domains(d.Sender)
	case core.FieldRecipient:
		return recipients(d)
	case core.FieldSubject:
		return some(cut(d.Subject, textLimit))
	case core.FieldText:
		return some(cut(d.Text, textLimit))
	case core.FieldLanguage:
		return some(language(cut(d.Subject, languageLimit), cut(d.Text, languageLimit)))
	case core.FieldMark:
		return each(d.Marks, func(m core.Mark) string { return string(m.Kind) })
	case core.FieldAttachment:
		return each(attached(d), func(f core.Attachment) string { return f.Name })
	case core.FieldAttachmentKind:
		return each(attached(d), func(f core.Attachment) string { return f.MediaType })
	case core.FieldAddress:
		return s.address()
	case core.FieldAccount:
		return s.accounts()
	case core.FieldSource:
		return some(string(s.source()))
	case core.FieldLine:
		return some(string(s.line))
	case core.FieldReason:
		return some(string(s.reason))
	case core.FieldReasonGroup:
		return some(string(s.group))
	case core.FieldTag:
		return each(s.tags, func(id core.EntryID) string { return string(id) })
	}
	return nil
}

// number is the value of a number field.
func (s *sight) number(field core.RuleField, days int) int {
	switch field {
	case core.FieldAttachments:
		return len(attached(s.Document))
	case core.FieldAppeals:
		return s.Appeals[days]
	}
	return s.OpenAppeals
}

// yes is the value of a field that is yes or no.
func (s *sight) yes(field core.RuleField) bool {
	if field == core.FieldWorkingTime {
		return s.Working
	}
	return s.Document.Sender.Party != ""
}

func (s *sight) source() core.EntryID {
	if a := s.Document.Appeal; a != nil {
		return a.Source
	}
	return ""
}

// address is where the matter is: of the appeal, else the requisite a connector
// brought.
func (s *sight) address() []string {
	if a := s.Document.Appeal; a != nil && a.Premises != nil {
		return some(a.Premises.Text)
	}
	return some(s.Document.Fields["address"])
}

// accounts are those of the appeal, of the requisites and of the sender.
func (s *sight) accounts() []string {
	var out []string
	if a := s.Document.Appeal; a != nil {
		out = each(a.Accounts, func(ref core.AccountRef) string { return ref.Number })
	}
	out = append(out, some(s.Document.Fields["account"])...)
	return append(out, some(s.Document.Sender.Address(core.AddressAccount))...)
}

// attached are the files a person attached, without images of the text, the
// letter as it came and signatures.
func attached(d *core.Document) []core.Attachment {
	var out []core.Attachment
	for _, f := range d.Files {
		if f.Role == core.FileAttachment {
			out = append(out, f)
		}
	}
	return out
}

func addresses(c core.Correspondent) []string {
	return each(c.Addresses, func(a core.Address) string { return a.Value })
}

func domains(c core.Correspondent) []string {
	var out []string
	for _, a := range c.Addresses {
		if _, domain, ok := strings.Cut(a.Value, "@"); ok && a.Kind == core.AddressEmail {
			out = append(out, domain)
		}
	}
	return out
}

func recipients(d *core.Document) []string {
	var out []string
	for _, c := range d.Recipients {
		out = append(out, addresses(c)...)
	}
	return out
}

// cut bounds a text at a whole character.
func cut(text string, limit int) string {
	if len(text) <= limit {
		return text
	}
	end := limit
	for end > 0 && !utf8.RuneStart(text[end]) {
		end--
	}
	return text[:end]
}

func each[T, V any](in []T, show func(T) V) []V {
	out := make([]V, len(in))
	for i, v := range in {
		out[i] = show(v)
	}
	return out
}

func some(text string) []string {
	if text == "" {
		return nil
	}
	return []string{text}
}
