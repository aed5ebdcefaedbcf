package wire

import (
	"encoding/json"
	"fmt"
	"slices"
	"strings"
	"time"
	"unicode/utf8"

	"google.golang.org/protobuf/types/known/timestamppb"

	pluginv1 "github.com/uzel-hub/uzel/api/plugin/v1"
	"github.com/uzel-hub/uzel/core"
)

// Bounds of what a message may carry beside its files. A frame bounds the whole
// head already; these keep single fields usable as keys and on a card.
const (
	maxExternalID = 1000 // bytes; stands in an index
	maxSubject    = 4000 // bytes
	maxParties    = 1000
	maxReferences = 100
	maxKnownAs    = 20
	maxFields     = 200
)

// Message is the message without its files. KindInvalid, with the field, for
// what the hub does not take. kinds are those the connector declared; empty
// means any.
func Message(in *pluginv1.Message, kinds []core.MessageKind) (*core.Message, error) {
	m := &core.Message{
		ExternalID: in.GetExternalId(),
		Kind:       core.MessageKind(in.GetKind()),
		Change:     core.Change(in.GetChange()),
		About:      Text(in.GetAbout()),
		At:         moment(in.GetAt()),
		From:       party(in.GetFrom()),
		To:         parties(in.GetTo()),
		Subject:    Text(in.GetSubject()),
		Text:       Text(in.GetText()),
		HTML:       Text(in.GetHtml()),
		Thread:     thread(in.GetThread()),
		Marks:      marks(in.GetMarks()),
		Fields:     fields(in.GetFields()),
		Status:     status(in.GetStatus()),
		Details:    json.RawMessage(in.GetDetails()),
		DueAt:      due(in.GetDueAt()),
	}
	if m.Change == "" {
		m.Change = core.ChangeNew
	}
	return m, checkMessage(m, kinds)
}

func checkMessage(m *core.Message, kinds []core.MessageKind) error {
	if err := checkID("external_id", m.ExternalID); err != nil {
		return err
	}
	switch {
	case !knownKind(m.Kind):
		return refuse("kind", fmt.Sprintf("неизвестный вид сообщения %q", cut64(string(m.Kind))))
	case len(kinds) > 0 && !slices.Contains(kinds, m.Kind):
		return refuse("kind", fmt.Sprintf("коннектор не объявил вид сообщения %q", m.Kind))
	case !knownChange(m.Change):
		return refuse("change", fmt.Sprintf("неизвестное изменение %q", cut64(string(m.Change))))
	case m.Change != core.ChangeNew && m.About == "":
		return refuse("about", "не указано, какое сообщение изменяется")
	case len(m.About) > maxExternalID:
		return refuse("about", "слишком длинный идентификатор")
	case m.Kind == core.MessageStatus && m.Status == nil:
		return refuse("status", "в сообщении о статусе нет статуса")
	case m.Status != nil && !knownOutcome(m.Status.State):
		return refuse("status.state", fmt.Sprintf("неизвестное состояние отправки %q", cut64(string(m.Status.State))))
	case len(m.Details) > 0 && !json.Valid(m.Details):
		return refuse("details", "подробности не в формате JSON")
	}
	m.Subject = shorten(m.Subject, maxSubject)
	m.To = m.To[:min(len(m.To), maxParties)]
	m.Thread.References = m.Thread.References[:min(len(m.Thread.References), maxReferences)]
	m.Thread.Numbers = m.Thread.Numbers[:min(len(m.Thread.Numbers), maxReferences)]
	m.Thread.KnownAs = m.Thread.KnownAs[:min(len(m.Thread.KnownAs), maxKnownAs)]
	if len(m.Fields) > maxFields {
		return refuse("fields", fmt.Sprintf("больше %d реквизитов", maxFields))
	}
	return nil
}

// checkID refuses what cannot be an outside id. It is not mended: two different
// ids must never become one.
func checkID(field, id string) error {
	switch {
	case id == "":
		return refuse(field, "нет внешнего идентификатора")
	case len(id) > maxExternalID:
		return refuse(field, fmt.Sprintf("внешний идентификатор длиннее %d байт", maxExternalID))
	case !utf8.ValidString(id), strings.IndexByte(id, 0) >= 0:
		return refuse(field, "во внешнем идентификаторе недопустимые символы")
	}
	return nil
}

func refuse(field, text string) error {
	return &core.Error{Kind: core.KindInvalid, Code: "message.refused", Field: field, Text: text}
}

func cut64(s string) string { return shorten(Text(s), 64) }

func shorten(s string, n int) string {
	if len(s) <= n {
		return s
	}
	return cut(s, n)
}

func knownKind(k core.MessageKind) bool {
	switch k {
	case core.MessageLetter, core.MessageAppeal, core.MessageChat, core.MessageCall, core.MessageStatus, core.MessageReport:
		return true
	}
	return false
}

func knownChange(c core.Change) bool {
	switch c {
	case core.ChangeNew, core.ChangeEdited, core.ChangeWithdrawn:
		return true
	}
	return false
}

func knownOutcome(s core.DeliveryState) bool {
	switch s {
	case core.DeliverySubmitted, core.DeliverySent, core.DeliveryDelivered, core.DeliveryRead, core.DeliveryRejected, core.DeliveryUnknown:
		return true
	}
	return false
}

// moment reads a time; none, or one no calendar has, is the zero time.
func moment(t *timestamppb.Timestamp) time.Time {
	if t == nil || t.CheckValid() != nil {
		return time.Time{}
	}
	return t.AsTime()
}

func due(t *timestamppb.Timestamp) *time.Time {
	at := moment(t)
	if at.IsZero() {
		return nil
	}
	return &at
}

func party(p *pluginv1.Party) core.Correspondent {
	if p == nil {
		return core.Correspondent{}
	}
	out := core.Correspondent{Name: Text(p.GetName())}
	switch kind := core.PartyKind(p.GetKind()); kind {
	case core.PartyPerson, core.PartyOrganization:
		out.Kind = kind
	}
	for _, a := range p.GetAddresses() {
		value := shorten(strings.TrimSpace(Text(a.GetValue())), maxExternalID)
		if value != "" && len(out.Addresses) < maxParties {
			out.Addresses = append(out.Addresses, core.Address{Kind: core.AddressKind(Text(a.GetKind())), Value: value})
		}
	}
	return out
}

func parties(in []*pluginv1.Party) []core.Correspondent {
	if len(in) == 0 {
		return nil
	}
	out := make([]core.Correspondent, len(in))
	for i, p := range in {
		out[i] = party(p)
	}
	return out
}

func thread(t *pluginv1.ThreadHint) core.ThreadHint {
	return core.ThreadHint{
		External:   shorten(Text(t.GetExternal()), maxExternalID),
		References: texts(t.GetReferences()),
		Numbers:    texts(t.GetNumbers()),
		KnownAs:    texts(t.GetKnownAs()),
	}
}

func texts(in []string) []string {
	var out []string
	for _, s := range in {
		if s = shorten(Text(s), maxExternalID); s != "" {
			out = append(out, s)
		}
	}
	return out
}

func marks(in []*pluginv1.Mark) []core.Mark {
	var out []core.Mark
	for _, m := range in {
		if kind := core.MarkKind(cut64(m.GetKind())); kind != "" {
			out = append(out, core.Mark{Kind: kind, Reason: Text(m.GetReason())})
		}
	}
	return out
}

func fields(in map[string]string) map[string]string {
	if len(in) == 0 {
		return nil
	}
	out := make(map[string]string, len(in))
	for k, v := range in {
		if k = shorten(Text(k), maxName); k != "" {
			out[k] = Text(v)
		}
	}
	return out
}

func status(s *pluginv1.Status) *core.OutsideStatus {
	if s == nil {
		return nil
	}
	return &core.OutsideStatus{
		Delivery: core.DeliveryID(cut64(s.GetDelivery())),
		State:    core.DeliveryState(s.GetState()),
		Code:     cut64(s.GetCode()),
		Text:     Text(s.GetText()),
		At:       moment(s.GetAt()),
	}
}

// File is a file's head as an attachment; hash and size are the blob store's to
// tell.
func File(h *pluginv1.FileHead) core.Attachment {
	a := core.Attachment{
		Name:      FileName(h.GetName()),
		MediaType: shorten(Text(h.GetMediaType()), maxName),
		Role:      core.FileRole(h.GetRole()),
		ContentID: shorten(Text(h.GetContentId()), maxExternalID),
		Note:      Text(h.GetNote()),
	}
	if h.GetSigns() != "" {
		a.Signs = FileName(h.GetSigns())
	}
	switch a.Role {
	case core.FileAttachment, core.FileInline, core.FileOriginal, core.FileHTML, core.FileSignature:
	default:
		a.Role = core.FileAttachment
	}
	return a
}
