package main

import (
	"fmt"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/uzel-hub/uzel/plugins/email/internal/mimex"
	"github.com/uzel-hub/uzel/plugins/email/mailtest"
	"github.com/uzel-hub/uzel/sdk"
)

// dispatch is an answer to one address.
func dispatch(to string) sdk.Dispatch {
	return sdk.Dispatch{
		Delivery: "dlv_01kah3zn5m0000000000000000", Purpose: sdk.PurposeAnswer, Attempt: 1,
		Document: sdk.Document{
			Number: "Исх-2026/000001", Date: "2026-11-21", Subject: "Re: Течёт крыша", Text: "Мастер придёт завтра.\n\n— {signature} здесь не подстановка",
			OriginNumber: "Вх-2026/000017", OriginDate: "2026-11-20", Author: "Иванова И. И.",
		},
		To:     []sdk.Party{{Name: "Анна", Addresses: []sdk.Address{{Kind: "email", Value: to}}}},
		Thread: sdk.ThreadHint{References: []string{"two@mail.test", "one@mail.test"}},
	}
}

// sent reads the only letter in a folder.
func sent(t *testing.T, srv *mailtest.Server, u mailtest.User, folder string) *mimex.Letter {
	t.Helper()
	raw := srv.Await(t, u, folder, 1)[0].Raw
	l, err := mimex.Parse(t.Context(), strings.NewReader(string(raw)), mimex.Limits{}, mimex.Spool{Dir: t.TempDir()})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = l.Close() })
	return l
}

func TestAnswerGoesIntoTheThread(t *testing.T) {
	mailtest.Both(t, func(t *testing.T, srv *mailtest.Server) {
		resident := srv.NewUser(t)
		b := connect(t, srv, srv.NewUser(t), with("smtp.save_sent", true))
		d := dispatch(resident.Address)
		d.Files = []sdk.File{sdk.Bytes("Акт обследования № 5.txt", []byte("протекает"))}
		receipt, err := b.hub.Send(t.Context(), d)
		if err != nil {
			t.Fatal(err)
		}
		if receipt.State != sdk.StateSent || receipt.ExternalID != d.Delivery+"@uk.test" {
			t.Errorf("receipt %+v", receipt)
		}
		for _, l := range []*mimex.Letter{sent(t, srv, resident, "INBOX"), sent(t, srv, b.user, "Sent")} {
			if l.MessageID != receipt.ExternalID || !slices.Equal(l.InReplyTo, []string{"two@mail.test"}) ||
				!slices.Equal(l.References, []string{"one@mail.test", "two@mail.test"}) {
				t.Errorf("id %s, reply to %v, references %v", l.MessageID, l.InReplyTo, l.References)
			}
			if l.Subject != "Re: Течёт крыша [№ Вх-2026/000017]" || l.From.Name != "УК «Дом»" {
				t.Errorf("subject %q from %+v", l.Subject, l.From)
			}
			if got := strings.ReplaceAll(strings.TrimSpace(l.Text), "\r\n", "\n"); got != "Мастер придёт завтра.\n\n— {signature} здесь не подстановка\n\nУК «Дом»" {
				t.Errorf("text %q", got)
			}
			if len(l.Files) != 1 || l.Files[0].Name != "Акт обследования № 5.txt" {
				t.Errorf("files %+v", l.Files)
			}
		}
		if why := sent(t, srv, resident, "INBOX").NoAutoReply(nil); why != "" {
			t.Errorf("a person's answer looks automatic: %s", why)
		}
	})
}

func TestAnswerToAnAnswerNamesOurLetter(t *testing.T) {
	mailtest.Both(t, func(t *testing.T, srv *mailtest.Server) {
		resident := srv.NewUser(t)
		b := connect(t, srv, srv.NewUser(t), nil)
		if _, err := b.hub.Send(t.Context(), dispatch(resident.Address)); err != nil {
			t.Fatal(err)
		}
		l := sent(t, srv, resident, "INBOX")
		raw := letter(b.user.Address, "back@mail.test", "Re: "+l.Subject, "Спасибо")
		raw = append(fmt.Appendf(nil, "In-Reply-To: <%s>\r\n", l.MessageID), raw...)
		srv.Deliver(t, resident.Address, b.user.Address, raw)
		m := b.receive(1)[0]
		if !slices.Equal(m.Thread.References, []string{l.MessageID}) || !slices.Equal(m.Thread.Numbers, []string{"Вх-2026/000017"}) {
			t.Errorf("thread %+v", m.Thread)
		}
	})
}

func TestServersAnswerDecides(t *testing.T) {
	mailtest.Both(t, func(t *testing.T, srv *mailtest.Server) {
		b := connect(t, srv, srv.NewUser(t), nil)
		good := srv.NewUser(t).Address
		for name, c := range map[string]struct {
			to   []string
			kind string
		}{
			"refused for good":   {[]string{srv.Refused}, "rejected"},
			"refused for now":    {[]string{srv.Deferred}, "unavailable"},
			"no such mailbox":    {[]string{srv.Unknown}, "rejected"},
			"no address":         {nil, "rejected"},
			"one of two refused": {[]string{good, srv.Refused}, ""},
		} {
			t.Run(name, func(t *testing.T) {
				d := dispatch("")
				d.To = nil
				for _, a := range c.to {
					d.To = append(d.To, sdk.Party{Addresses: []sdk.Address{{Kind: "email", Value: a}}})
				}
				receipt, err := b.hub.Send(t.Context(), d)
				if c.kind == "" && (err != nil || receipt.Text == "") || c.kind != "" && (err == nil || sdk.KindOf(err) != c.kind) {
					t.Errorf("receipt %+v, %v", receipt, err)
				}
			})
		}
	})
}

func TestLetterTooLargeIsRefusedBeforeItIsSent(t *testing.T) {
	srv := mailtest.Emulated(t)
	b := connect(t, srv, srv.NewUser(t), with("smtp.letter_mb", 1))
	d := dispatch(srv.NewUser(t).Address)
	d.Files = []sdk.File{sdk.Bytes("большой.bin", make([]byte, 2<<20))}
	if _, err := b.hub.Send(t.Context(), d); sdk.KindOf(err) != "rejected" || !strings.Contains(err.Error(), "МБ") {
		t.Errorf("got %v", err)
	}
	if n := len(srv.World.Submissions()); n != 0 {
		t.Errorf("%d letters went out", n)
	}
}

func TestLostAnswerIsUnknownAndTheSentFolderTells(t *testing.T) {
	srv := mailtest.Emulated(t)
	resident, office := srv.NewUser(t), srv.NewUser(t)
	b := connect(t, srv, office, nil)
	srv.World.SMTP.ApplyThenDrop(1)
	d := dispatch(resident.Address)
	if _, err := b.hub.Send(t.Context(), d); sdk.KindOf(err) != "unknown" {
		t.Fatalf("got %v", err)
	}
	item := sdk.TrackItem{Delivery: d.Delivery}
	track := func() sdk.State {
		r, err := b.hub.Track(item)
		if err != nil || len(r) != 1 {
			t.Fatalf("%+v %v", r, err)
		}
		return r[0].State
	}
	// The server keeps no copy by itself: perhaps it went, perhaps not.
	srv.Append(t, office, "Sent", letter(resident.Address, "other@uk.test", "Другое", "текст"))
	if s := track(); s != sdk.StateUnknown {
		t.Errorf("without a copy it is %s", s)
	}
	srv.Append(t, office, "Sent", srv.Await(t, resident, "INBOX", 1)[0].Raw)
	if s := track(); s != sdk.StateSent {
		t.Errorf("with a copy it is %s", s)
	}
}

func TestBounceNamesTheDelivery(t *testing.T) {
	mailtest.Both(t, func(t *testing.T, srv *mailtest.Server) {
		b := connect(t, srv, srv.NewUser(t), nil)
		d := dispatch(srv.Bouncing)
		if _, err := b.hub.Send(t.Context(), d); err != nil {
			t.Fatal(err)
		}
		m := b.receive(1)[0]
		if m.Kind != sdk.KindStatus || m.Status == nil || m.Status.Delivery != d.Delivery || m.Status.State != sdk.StateRejected ||
			!strings.HasPrefix(m.Status.Code, "5.") || m.About != d.Delivery+"@uk.test" {
			t.Errorf("kind %s, about %s, status %+v", m.Kind, m.About, m.Status)
		}
		if len(m.Files) == 0 {
			t.Error("the report itself is not kept")
		}
	})
}

func TestAutomaticLettersAreMarkedAndBounded(t *testing.T) {
	srv := mailtest.Emulated(t)
	resident := srv.NewUser(t)
	b := connect(t, srv, srv.NewUser(t), with("letter.automatic", 1))
	d := dispatch(resident.Address)
	d.Purpose = sdk.PurposeNotice
	if _, err := b.hub.Send(t.Context(), d); err != nil {
		t.Fatal(err)
	}
	if l := sent(t, srv, resident, "INBOX"); l.NoAutoReply(nil) == "" {
		t.Error("nothing in the letter keeps machines from answering it")
	}
	if _, err := b.hub.Send(t.Context(), d); sdk.KindOf(err) != "rejected" {
		t.Errorf("the second one of the day: %v", err)
	}
	d.Purpose = sdk.PurposeAnswer
	if _, err := b.hub.Send(t.Context(), d); err != nil {
		t.Errorf("a person's answer: %v", err)
	}
}

func TestBudgetIsForgottenAfterADay(t *testing.T) {
	now := time.Now()
	b := newBudget(2, func() time.Time { return now })
	for i, want := range []bool{true, true, false} {
		if got := b.take([]string{"A@mail.test"}); got != want {
			t.Errorf("letter %d: %v", i, got)
		}
	}
	now = now.Add(25 * time.Hour)
	if !b.take([]string{"a@MAIL.test"}) || len(b.sent) != 1 {
		t.Errorf("a day later: %v", b.sent)
	}
}
