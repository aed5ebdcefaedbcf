package mimex_test

import (
	"slices"
	"strings"
	"testing"

	"github.com/uzel-hub/uzel/plugins/email/internal/mimex"
)

func TestNoAutoReply(t *testing.T) {
	own := []string{"uk@uk.test", "other@uk.test"}
	for _, c := range []struct{ name, change, with, reason string }{
		{"a person", "", "", ""},
		{"a person to our tag", "To: uk@uk.test", "To: uk+obr.1@UK.test", ""},
		{"submitted by a person", "", "Auto-Submitted: no", ""},
		{"null sender", "Return-Path: <ivanov@mail.test>", "Return-Path: <>", "пуст"},
		{"no sender", "Return-Path: <ivanov@mail.test>\r\n", "", "не указан"},
		{"vacation", "", "Auto-Submitted: auto-replied (vacation)", "Auto-Submitted"},
		{"notice", "", "Auto-Submitted: auto-generated", "Auto-Submitted"},
		{"bulk", "", "Precedence: bulk", "Precedence"},
		{"junk", "", "Precedence: Junk", "Precedence"},
		{"list", "", "List-Id: <x.mail.test>", "списка"},
		{"Exchange", "", "X-Auto-Response-Suppress: DR, OOF, AutoReply", "X-Auto-Response-Suppress"},
		{"Exchange allows", "", "X-Auto-Response-Suppress: None", ""},
		{"responder", "", "X-Autoreply: yes", "автоответ"},
		{"loop", "", "X-Loop: uk@uk.test", "X-Loop"},
		{"mass mailing", "", "Feedback-ID: 1", "Feedback-ID"},
		{"report", "", "Content-Type: multipart/report; boundary=x", "отчёт"},
		{"daemon", "<ivanov@mail.test>", "<MAILER-DAEMON@mail.test>", "служебный"},
		{"no-reply", "From: Ivan <ivanov@mail.test>", "From: <no-reply@mail.test>", "служебный"},
		{"noreply with a word", "From: Ivan <ivanov@mail.test>", "From: <noreply-shop@mail.test>", "служебный"},
		{"list manager", "From: Ivan <ivanov@mail.test>", "From: <news-request@mail.test>", "служебный"},
		{"bounce address", "Return-Path: <ivanov@mail.test>", "Return-Path: <bounces+17@mail.test>", "служебный"},
		{"own department", "From: Ivan <ivanov@mail.test>", "From: <other+x@uk.test>", "собственный"},
		{"blind copy", "To: uk@uk.test", "To: somebody@mail.test", "среди получателей"},
		{"copy", "To: uk@uk.test", "Cc: uk@uk.test", ""},
		{"sender unknown", "From: Ivan <ivanov@mail.test>", "From: Ivan <>", "не указан"},
	} {
		raw := "Return-Path: <ivanov@mail.test>\r\nFrom: Ivan <ivanov@mail.test>\r\nTo: uk@uk.test\r\nSubject: s\r\n"
		if c.change == "" {
			raw += c.with + "\r\n"
		} else {
			raw = strings.ReplaceAll(raw, c.change, c.with)
		}
		l := parse(t, []byte(strings.TrimRight(raw, "\r\n")+"\r\n\r\ntext"), mimex.Limits{})
		reason := l.NoAutoReply(own)
		if (reason == "") != (c.reason == "") || !strings.Contains(reason, c.reason) {
			t.Errorf("%s: %q, want %q", c.name, reason, c.reason)
		}
	}
}

func TestInstanceOfTheSender(t *testing.T) {
	l := parse(t, load(t, "testdata/auto/own-loop.eml"), mimex.Limits{})
	if !slices.Equal(l.Auto.InstanceIDs, []string{"hub-17"}) {
		t.Errorf("%q", l.Auto.InstanceIDs)
	}
	if l := parse(t, load(t, "testdata/auto/out-of-office.eml"), mimex.Limits{}); !l.Auto.Reply() || l.Bounce != nil {
		t.Errorf("%+v %+v", l.Auto, l.Bounce)
	}
}

func TestBounceNamesLetterAndRecipient(t *testing.T) {
	for _, name := range fixtures(t, "auto/bounce-*.eml") {
		b := parse(t, load(t, name), mimex.Limits{}).Bounce
		if b == nil || !slices.Contains(b.OriginalIDs, "doc-1.1@uk.test") || len(b.Recipients) == 0 {
			t.Errorf("%s: %+v", name, b)
			continue
		}
		if r := b.Recipients[0]; r.Final != "ghost@mail.test" || !r.Permanent() {
			t.Errorf("%s: %+v", name, r)
		}
	}
}

func TestCauseOfFailure(t *testing.T) {
	for status, want := range map[string]mimex.Cause{
		"5.1.1": mimex.CauseAddress, "5.1.10": mimex.CauseAddress, "4.2.2": mimex.CauseFull, "5.2.3": mimex.CauseSize,
		"5.3.4": mimex.CauseSize, "5.7.26": mimex.CausePolicy, "5.0.0": mimex.CauseOther, "": mimex.CauseOther, "550": mimex.CauseOther,
	} {
		if got := (mimex.Recipient{Status: status}).Cause(); got != want {
			t.Errorf("%q: %s", status, got)
		}
	}
	if (mimex.Recipient{Action: "delayed", Status: "5.0.0"}).Permanent() || !(mimex.Recipient{Status: "5.0.0"}).Permanent() {
		t.Error("what is delayed is not lost, what failed is")
	}
}

func TestOrdinaryLettersAreNoBounces(t *testing.T) {
	for _, raw := range []string{
		"Return-Path: <i@mail.test>\r\nFrom: i@mail.test\r\nSubject: Re: Delivery failed\r\n\r\ntext",
		"Return-Path: <>\r\nFrom: i@mail.test\r\nSubject: Out of office\r\nAuto-Submitted: auto-replied\r\n\r\nMessage-ID: <doc-1.1@uk.test>",
	} {
		if l := parse(t, []byte(raw), mimex.Limits{}); l.Bounce != nil {
			t.Errorf("%q: %+v", raw, l.Bounce)
		}
	}
}

func TestSubjectNumbers(t *testing.T) {
	for _, c := range []struct {
		subject string
		want    []string
	}{
		{"[№ Вх-2026/000123] Холодные батареи", []string{"Вх-2026/000123"}},
		{"Re: FW: Отв: HA: [SPAM] Re[2]: [№ ОБР-2026-000123] тема", []string{"ОБР-2026-000123"}},
		{"RE: (№ ОБР-2026-000123) тема", []string{"ОБР-2026-000123"}},
		{"НА: {ОБР-2026-000123}", []string{"ОБР-2026-000123"}},
		{"«№ОБР–2026–000123»", []string{"ОБР-2026-000123"}},
		{"【№ Вх-2026/000123】", []string{"Вх-2026/000123"}},
		{"[№\u00A0Вх‑2026/000123]", []string{"Вх-2026/000123"}},
		{"[No Вх-2026/000123]", []string{"Вх-2026/000123"}},
		{"[# 2026/17]", []string{"2026/17"}},
		{"Ответ на № Вх-2026/000123 от 5 марта", []string{"Вх-2026/000123"}},
		{"[№ Вх-2026/000123] и [№ ОБР-2026-000124]", []string{"Вх-2026/000123", "ОБР-2026-000124"}},
		{"[ № Вх - 2026 / 000123 ]", []string{"Вх-2026/000123"}},
		{"[SPAM] дом 5 [важно] (2026)", nil},
		{"Без номера", nil},
		{"", nil},
	} {
		if got := mimex.SubjectNumbers(c.subject); !slices.Equal(got, c.want) {
			t.Errorf("%q: got %q, want %q", c.subject, got, c.want)
		}
	}
	if got := mimex.SubjectNumbers(strings.Repeat("[№ A-1] [№ B-2] [№ C-3]", 100)); len(got) != 3 {
		t.Errorf("%q", got)
	}
}

func TestNormalizeSubject(t *testing.T) {
	for subject, want := range map[string]string{
		"Re: FW: Отв: HA: [SPAM]  Холодные   батареи": "Холодные батареи",
		"RE[3]: Fwd: Пересл: На: тема":                "тема",
		"Re:Re:RE:re: x":          "x",
		"*** SPAM *** Re: x":      "x",
		"[Внешняя почта] Re^2: x": "x",
		"Ответ: заявка":           "заявка",
		"Реклама: скидки":         "Реклама: скидки",
		"Report: x":               "Report: x",
		"Re:":                     "",
		"":                        "",
	} {
		if got := mimex.NormalizeSubject(subject); got != want {
			t.Errorf("%q: got %q, want %q", subject, got, want)
		}
	}
}
