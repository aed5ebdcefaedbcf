package mimex

import (
	"regexp"
	"strings"

	"github.com/emersion/go-message/textproto"

	"github.com/uzel-hub/uzel/plugins/email/internal/headerx"
)

// InstanceHeader is the field in which every letter of a hub carries the id of
// the hub that sent it.
const InstanceHeader = "X-Uzel-Id"

// AutoInfo is what a header says about letters written by programs (RFC 3834
// and what is common beside it). Values are in lower case.
type AutoInfo struct {
	Submitted   string   // Auto-Submitted without parameters
	Precedence  string   // Precedence
	Suppress    string   // X-Auto-Response-Suppress
	List        bool     // any List-* field: a mailing list
	Responder   bool     // X-Autoreply, X-Autorespond and kin
	Loop        bool     // X-Loop
	Feedback    bool     // Feedback-ID: mass mailing
	Report      bool     // multipart/report
	NullSender  bool     // Return-Path: <>
	NoSender    bool     // no Return-Path at all
	InstanceIDs []string // InstanceHeader: hubs the letter was sent by
}

func autoInfo(h textproto.Header) AutoInfo {
	get := func(name string) string {
		return strings.ToLower(strings.TrimSpace(headerx.UTF8(h.Get(name), "")))
	}
	submitted, _, _ := strings.Cut(get("Auto-Submitted"), ";")
	submitted, _, _ = strings.Cut(submitted, "(")
	a := AutoInfo{
		Submitted:   strings.TrimSpace(submitted),
		Precedence:  get("Precedence"),
		Suppress:    get("X-Auto-Response-Suppress"),
		Responder:   h.Has("X-Autoreply") || h.Has("X-Autorespond") || h.Has("X-Autoresponder") || h.Has("X-Auto-Reply") || h.Has("X-Mail-Autoreply"),
		Loop:        h.Has("X-Loop"),
		Feedback:    h.Has("Feedback-Id"),
		Report:      strings.HasPrefix(get("Content-Type"), "multipart/report"),
		NullSender:  h.Has("Return-Path") && strings.Trim(get("Return-Path"), "<> ") == "",
		NoSender:    !h.Has("Return-Path"),
		InstanceIDs: instances(h),
	}
	for fields := h.Fields(); fields.Next(); {
		a.List = a.List || strings.HasPrefix(fields.Key(), "List-")
	}
	return a
}

func instances(h textproto.Header) []string {
	var ids []string
	for _, v := range h.Values(InstanceHeader) {
		if id := strings.TrimSpace(headerx.UTF8(v, "")); id != "" {
			ids = append(ids, id)
		}
	}
	return ids
}

// Reply tells an automatic answer (out of office, receipt) from other letters
// of programs: it belongs to its appeal but must not reopen it.
func (a AutoInfo) Reply() bool {
	return strings.HasPrefix(a.Submitted, "auto-replied") || a.Responder || a.Precedence == "auto_reply"
}

// NoAutoReply says why no automatic answer may be sent to the letter, in
// Russian; "" when it may. own are the addresses of our mailboxes, of other
// departments too; a tag behind "+" does not matter. Of the rules of RFC 3834
// only the budget of answers to one sender is left to the caller.
func (l *Letter) NoAutoReply(own []string) (reason string) {
	for _, rule := range []struct {
		holds  bool
		reason string
	}{
		{l.Broken, "письмо не удалось разобрать"},
		{l.Bounce != nil, "это отчёт о доставке"},
		{l.Receipt != nil, "это отчёт о прочтении"},
		{l.Auto.Report, "это отчёт почтовой системы"},
		{l.Auto.NullSender, "обратный адрес конверта пуст"},
		{l.Auto.NoSender, "обратный адрес конверта не указан"},
		{l.Auto.Submitted != "" && l.Auto.Submitted != "no", "письмо отправлено автоматически (Auto-Submitted)"},
		{bulk(l.Auto.Precedence), "массовая рассылка или автоответ (Precedence)"},
		{l.Auto.List, "письмо списка рассылки"},
		{suppressed(l.Auto.Suppress), "отправитель запретил автоответы (X-Auto-Response-Suppress)"},
		{l.Auto.Responder, "это автоответ"},
		{l.Auto.Loop, "письмо прошло через пересылку с защитой от петель (X-Loop)"},
		{l.Auto.Feedback, "массовая рассылка (Feedback-ID)"},
		{l.From.Email == "", "адрес отправителя не указан"},
		{robot(l.From.Email) || robot(l.ReturnPath.Email), "отправитель — служебный адрес"},
		{isOwn(l.From.Email, own) || isOwn(l.ReturnPath.Email, own), "отправитель — собственный ящик организации"},
		{len(own) > 0 && !l.addressedTo(own), "нашего адреса нет среди получателей"},
	} {
		if rule.holds {
			return rule.reason
		}
	}
	return ""
}

func bulk(precedence string) bool {
	switch precedence {
	case "bulk", "junk", "list", "auto_reply":
		return true
	}
	return false
}

// suppressed looks for the words of Exchange that forbid an answer.
func suppressed(value string) bool {
	for _, word := range strings.FieldsFunc(value, func(r rune) bool { return r == ',' || r == ';' || r == ' ' }) {
		switch word {
		case "all", "autoreply", "oof", "dr", "rn", "nrn":
			return true
		}
	}
	return false
}

var robots = regexp.MustCompile(`^(mailer-?daemon|postmaster|no-?reply.*|do-?not-?reply.*|.*[-_.]no-?reply|bounces?([-+_.=].*)?|listserv|majordomo|owner-.*|.*-owner|.*-request|.*-bounces?|robot|autoreply|auto-reply)$`)

func robot(email string) bool {
	local, _, ok := strings.Cut(strings.ToLower(email), "@")
	return ok && robots.MatchString(strings.ReplaceAll(local, "no_reply", "noreply"))
}

func isOwn(email string, own []string) bool {
	for _, o := range own {
		if email != "" && strings.EqualFold(untagged(email), untagged(o)) {
			return true
		}
	}
	return false
}

// untagged removes the tag of an address: obr+17@uk.test is obr@uk.test.
func untagged(email string) string {
	local, domain, ok := strings.Cut(email, "@")
	if !ok {
		return email
	}
	local, _, _ = strings.Cut(local, "+")
	return local + "@" + domain
}

func (l *Letter) addressedTo(own []string) bool {
	for _, list := range [][]Address{l.To, l.Cc} {
		for _, a := range list {
			if isOwn(a.Email, own) {
				return true
			}
		}
	}
	return false
}
