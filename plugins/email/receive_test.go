package main

import (
	"context"
	"fmt"
	"net"
	"os"
	"slices"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/emersion/go-imap/v2"
	"github.com/hashicorp/go-hclog"

	"github.com/uzel-hub/uzel/plugins/email/mailtest"
	"github.com/uzel-hub/uzel/sdk"
	"github.com/uzel-hub/uzel/sdk/sdktest"
)

func TestMain(m *testing.M) { os.Exit(mailtest.Main(m)) }

// object is settings as a person gives them.
type object = map[string]any

// box is a mailbox on a server, connected to a hub in memory.
type box struct {
	*testing.T
	srv  *mailtest.Server
	user mailtest.User
	hub  *sdktest.Hub
}

// settingsOf is a mailbox over TLS; edit may change what a test is about.
func settingsOf(srv *mailtest.Server, u mailtest.User, edit func(object)) object {
	set := object{
		"address": u.Address, "name": "УК «Дом»", "password": u.Password, "ca": string(srv.CAPEM),
		"imap":   object{"host": srv.TLSName, "port": port(srv.IMAPS), "tls": "tls"},
		"smtp":   object{"host": srv.TLSName, "port": port(srv.SMTPS), "tls": "tls", "save_sent": false},
		"letter": object{"signature": "УК «Дом»"},
	}
	if edit != nil {
		edit(set)
	}
	return set
}

func port(address string) int {
	_, p, _ := net.SplitHostPort(address)
	n, _ := strconv.Atoi(p)
	return n
}

// with sets one setting by its path.
func with(path string, value any) func(object) {
	return func(o object) {
		section, key, nested := strings.Cut(path, ".")
		if !nested {
			o[path] = value
			return
		}
		if o[section] == nil {
			o[section] = object{}
		}
		o[section].(object)[key] = value
	}
}

func all(edits ...func(object)) func(object) {
	return func(o object) {
		for _, e := range edits {
			e(o)
		}
	}
}

func connect(t *testing.T, srv *mailtest.Server, u mailtest.User, edit func(object)) *box {
	t.Helper()
	hub := sdktest.InProcess(t, connector(), hclog.NewNullLogger())
	if err := hub.Configure(settingsOf(srv, u, edit), nil); err != nil {
		t.Fatal(err)
	}
	return &box{T: t, srv: srv, user: u, hub: hub}
}

// deliver brings a plain letter from outside.
func (b *box) deliver(id, subject, body string) {
	b.Helper()
	b.srv.Deliver(b.T, "anna@mail.test", b.user.Address, letter(b.user.Address, id, subject, body))
}

func letter(to, id, subject, body string) []byte {
	return fmt.Appendf(nil, "From: Анна <anna@mail.test>\r\nTo: %s\r\nSubject: %s\r\nMessage-ID: <%s>\r\nDate: %s\r\n"+
		"MIME-Version: 1.0\r\nContent-Type: text/plain; charset=utf-8\r\nContent-Transfer-Encoding: 8bit\r\n\r\n%s\r\n",
		to, subject, id, time.Now().Format(time.RFC1123Z), body)
}

// receive reads the box until n letters are there.
func (b *box) receive(n int) []sdk.Message {
	b.Helper()
	r := b.hub.Receive(sdktest.Reception{})
	defer r.Wait() //nolint:errcheck // cancelled
	defer r.Cancel()
	return b.hub.Await(n)
}

// flags of the letters in a folder.
func (b *box) flags(folder string) [][]imap.Flag {
	b.Helper()
	var out [][]imap.Flag
	for _, l := range b.srv.Letters(b.T, b.user, folder) {
		out = append(out, l.Flags)
	}
	return out
}

// eventually waits for what the server shows a moment later.
func (b *box) eventually(what string, ok func() bool) {
	b.Helper()
	for deadline := time.Now().Add(30 * time.Second); !ok(); {
		if time.Now().After(deadline) {
			b.Fatalf("%s did not come about", what)
		}
		time.Sleep(20 * time.Millisecond)
	}
}

func TestLetterBecomesMessage(t *testing.T) {
	mailtest.Both(t, func(t *testing.T, srv *mailtest.Server) {
		b := connect(t, srv, srv.NewUser(t), nil)
		b.deliver("one@mail.test", "Re: Крыша [№ Вх-2026/000017]", "Пятый подъезд")
		r := b.hub.Receive(sdktest.Reception{})
		defer r.Wait() //nolint:errcheck // cancelled
		defer r.Cancel()
		m := b.hub.Await(1)[0]
		if m.Kind != sdk.KindLetter || m.Subject != "Re: Крыша [№ Вх-2026/000017]" || strings.TrimSpace(m.Text) != "Пятый подъезд" {
			t.Errorf("%+v", m)
		}
		if m.From.Name != "Анна" || m.From.Address("email") != "anna@mail.test" || m.To[0].Address("email") != b.user.Address {
			t.Errorf("from %+v to %+v", m.From, m.To)
		}
		if m.Fields[sdk.FieldDeliveryType] != "Электронная почта" || !slices.Equal(m.Thread.Numbers, []string{"Вх-2026/000017"}) ||
			!slices.Equal(m.Thread.KnownAs, []string{"one@mail.test"}) {
			t.Errorf("fields %v, thread %+v", m.Fields, m.Thread)
		}
		if len(m.Files) != 1 || m.Files[0].Role != sdk.RoleOriginal {
			t.Errorf("files %+v", m.Files)
		}
		b.eventually("the letter is marked as seen", func() bool {
			f := b.flags("INBOX")
			return len(f) == 1 && slices.Contains(f[0], imap.FlagSeen)
		})
	})
}

func TestNewLetterComesByIdle(t *testing.T) {
	mailtest.Both(t, func(t *testing.T, srv *mailtest.Server) {
		b := connect(t, srv, srv.NewUser(t), with("imap.every", "24h"))
		r := b.hub.Receive(sdktest.Reception{})
		defer r.Wait() //nolint:errcheck // cancelled
		defer r.Cancel()
		for n := range 3 {
			b.deliver(fmt.Sprintf("%d@mail.test", n), "Письмо", "текст")
			b.hub.Await(n + 1)
		}
	})
}

func TestLetterThatComesWhileAnotherIsTakenIsNotOverlooked(t *testing.T) {
	mailtest.Both(t, func(t *testing.T, srv *mailtest.Server) {
		b := connect(t, srv, srv.NewUser(t), all(with("imap.every", "24h"), with("imap.after", "leave")))
		b.deliver("1@mail.test", "Первое", "текст")
		r := b.hub.Receive(sdktest.Reception{Answer: func(m sdk.Message) error {
			if m.Subject == "Первое" {
				b.deliver("2@mail.test", "Второе", "текст") // after the search, before IDLE
			}
			return nil
		}})
		defer r.Wait() //nolint:errcheck // cancelled
		defer r.Cancel()
		b.hub.Await(2)
	})
}

func TestWakeLooksAtOnceWithoutIdle(t *testing.T) {
	mailtest.Both(t, func(t *testing.T, srv *mailtest.Server) {
		b := connect(t, srv, srv.NewUser(t), all(with("imap.every", "24h"), with("imap.idle", false)))
		b.deliver("1@mail.test", "Первое", "текст")
		r := b.hub.Receive(sdktest.Reception{})
		defer r.Wait() //nolint:errcheck // cancelled
		defer r.Cancel()
		b.hub.Await(1)
		b.deliver("2@mail.test", "Второе", "текст")
		if restart, err := b.hub.Wake(); restart || err != nil {
			t.Fatalf("restart %v, %v", restart, err)
		}
		b.hub.Await(2)
	})
}

func TestLettersMoveToAFolderWithACyrillicName(t *testing.T) {
	mailtest.Both(t, func(t *testing.T, srv *mailtest.Server) {
		b := connect(t, srv, srv.NewUser(t), all(with("imap.after", "move"), with("imap.move_to", "Зарегистрировано")))
		for n := range 3 {
			b.deliver(fmt.Sprintf("%d@mail.test", n), "Письмо", "текст")
		}
		r := b.hub.Receive(sdktest.Reception{})
		b.hub.Await(3)
		b.eventually("the letters are moved", func() bool {
			return len(b.srv.Letters(t, b.user, "INBOX")) == 0 && len(b.srv.Letters(t, b.user, "Зарегистрировано")) == 3
		})
		r.Cancel()
		r.Wait() //nolint:errcheck // cancelled
		if n := len(b.hub.Stored()); n != 3 {
			t.Errorf("%d stored", n)
		}
	})
}

func TestLeaveTouchesNothing(t *testing.T) {
	mailtest.Both(t, func(t *testing.T, srv *mailtest.Server) {
		b := connect(t, srv, srv.NewUser(t), with("imap.after", "leave"))
		b.deliver("1@mail.test", "Письмо", "текст")
		b.receive(1)
		if f := b.flags("INBOX"); len(f) != 1 || slices.Contains(f[0], imap.FlagSeen) {
			t.Errorf("flags %v", f)
		}
		if b.receive(1); b.hub.Offered(b.hub.Stored()[0].ExternalID) != 1 {
			t.Error("offered again although the cursor stands behind it")
		}
	})
}

func TestWhatAnInterruptionLeftUnmarkedIsMarked(t *testing.T) {
	mailtest.Both(t, func(t *testing.T, srv *mailtest.Server) {
		b := connect(t, srv, srv.NewUser(t), with("imap.after", "leave"))
		b.deliver("1@mail.test", "Письмо", "текст")
		b.receive(1) // the hub has it, the box does not show it
		if err := b.hub.Configure(settingsOf(srv, b.user, nil), nil); err != nil {
			t.Fatal(err)
		}
		r := b.hub.Receive(sdktest.Reception{})
		defer r.Wait() //nolint:errcheck // cancelled
		defer r.Cancel()
		b.eventually("the letter is marked", func() bool { return slices.Contains(b.flags("INBOX")[0], imap.FlagSeen) })
	})
}

func TestMailBeforeTheStartDateStays(t *testing.T) {
	srv := mailtest.Emulated(t)
	u := srv.NewUser(t)
	old := time.Now().AddDate(-10, 0, 0)
	if err := srv.World.AppendAt(u.Address, "INBOX", letter(u.Address, "old@mail.test", "Старое", "текст"), old); err != nil {
		t.Fatal(err)
	}
	b := connect(t, srv, u, nil)
	b.deliver("new@mail.test", "Новое", "текст")
	if m := b.receive(1); len(m) != 1 || m[0].Subject != "Новое" {
		t.Errorf("%d letters, the first is %q", len(m), m[0].Subject)
	}
	all := connect(t, srv, u, with("imap.since", old.AddDate(0, 0, -1).Format(time.DateOnly)))
	all.receive(2)
}

func TestSeveralFolders(t *testing.T) {
	mailtest.Both(t, func(t *testing.T, srv *mailtest.Server) {
		u := srv.NewUser(t)
		srv.Append(t, u, "Жалобы", letter(u.Address, "a@mail.test", "Жалоба", "текст"))
		b := connect(t, srv, u, with("imap.folders", []string{"INBOX", "Жалобы"}))
		b.deliver("b@mail.test", "Письмо", "текст")
		b.receive(2)
	})
}

func TestNewUIDValidityBringsNothingTwice(t *testing.T) {
	mailtest.Both(t, func(t *testing.T, srv *mailtest.Server) {
		b := connect(t, srv, srv.NewUser(t), nil)
		for n := range 3 {
			b.deliver(fmt.Sprintf("%d@mail.test", n), "Письмо", fmt.Sprint("текст ", n))
		}
		b.receive(3)
		srv.ChangeUIDValidity(t, b.user, "INBOX")
		b.deliver("4@mail.test", "Письмо", "новое")
		if m := b.receive(4); len(m) != 4 {
			t.Errorf("%d stored", len(m))
		}
	})
}

func TestTwoLettersWithOneMessageIDAreBothKept(t *testing.T) {
	srv := mailtest.Emulated(t)
	b := connect(t, srv, srv.NewUser(t), nil)
	b.deliver("same@mail.test", "Первое", "текст")
	b.deliver("same@mail.test", "Второе", "другой текст")
	b.deliver("same@mail.test", "Второе", "другой текст") // a true copy
	b.deliver("end@mail.test", "Третье", "текст")
	if m := b.receive(3); len(m) != 3 {
		t.Errorf("%d stored", len(m))
	}
}

func TestKickedSessionGoesOnWhereItWas(t *testing.T) {
	mailtest.Both(t, func(t *testing.T, srv *mailtest.Server) {
		b := connect(t, srv, srv.NewUser(t), nil)
		b.deliver("1@mail.test", "Письмо", "1")
		r := b.hub.Receive(sdktest.Reception{})
		b.hub.Await(1)
		b.eventually("the letter is marked", func() bool { f := b.flags("INBOX"); return slices.Contains(f[0], imap.FlagSeen) })
		srv.Kick(t, b.user)
		if _, err := r.Wait(); sdk.KindOf(err) != "unavailable" {
			t.Errorf("the end of the connection is %v", err)
		}
		b.deliver("2@mail.test", "Письмо", "2")
		b.receive(2)
	})
}

func TestOversizedLetterIsRegisteredByItsHeader(t *testing.T) {
	mailtest.Both(t, func(t *testing.T, srv *mailtest.Server) {
		b := connect(t, srv, srv.NewUser(t), with("imap.letter_mb", 1))
		b.deliver("big@mail.test", "Большое", strings.Repeat("строка\r\n", 200_000))
		b.deliver("small@mail.test", "Малое", "текст")
		for _, m := range b.receive(2) {
			marked := slices.ContainsFunc(m.Marks, func(k sdk.Mark) bool { return k.Kind == sdk.MarkOversized })
			if marked != (m.Subject == "Большое") {
				t.Errorf("%s: marks %+v", m.Subject, m.Marks)
			}
		}
	})
}

func TestLetterTheHubRefusesIsOfferedWithoutItsFiles(t *testing.T) {
	srv := mailtest.Emulated(t)
	b := connect(t, srv, srv.NewUser(t), nil)
	for n := range 3 {
		b.deliver(fmt.Sprintf("%d@mail.test", n), fmt.Sprint("Письмо ", n), "текст")
	}
	r := b.hub.Receive(sdktest.Reception{Answer: func(m sdk.Message) error {
		if m.Subject == "Письмо 1" && len(m.Files) > 0 {
			return sdk.Rejected(fmt.Errorf("файл больше предела"))
		}
		return nil
	}})
	defer r.Wait() //nolint:errcheck // cancelled
	defer r.Cancel()
	for _, m := range b.hub.Await(3) {
		if stripped := len(m.Files) == 0; stripped != (m.Subject == "Письмо 1") {
			t.Errorf("%s has %d files", m.Subject, len(m.Files))
		}
	}
}

func TestBrokenLetterDoesNotStopTheBox(t *testing.T) {
	srv := mailtest.Emulated(t)
	u := srv.NewUser(t)
	b := connect(t, srv, u, nil)
	for _, raw := range [][]byte{{0xff, 0xfe, 0, 1, 2}, []byte("\r\n\r\n"), []byte("no header at all"), []byte("Content-Type: multipart/mixed; boundary=x\r\n\r\n--x\r\n--x\r\n--x")} {
		if err := srv.World.Append(u.Address, "INBOX", raw); err != nil {
			t.Fatal(err)
		}
	}
	b.deliver("good@mail.test", "Хорошее", "текст")
	quarantined := 0
	for _, m := range b.receive(5) {
		if len(m.Files) == 0 || m.Files[0].Role != sdk.RoleOriginal {
			t.Errorf("%q has lost its original", m.Subject)
		}
		if slices.ContainsFunc(m.Marks, func(k sdk.Mark) bool { return k.Kind == sdk.MarkQuarantine && k.Reason != "" }) {
			quarantined++
		}
	}
	if quarantined == 0 {
		t.Error("nothing is marked as unreadable")
	}
}

func TestWrongPasswordNamesTheField(t *testing.T) {
	mailtest.Both(t, func(t *testing.T, srv *mailtest.Server) {
		b := connect(t, srv, srv.NewUser(t), with("password", "wrong"))
		err := b.hub.Check()
		e, ok := err.(*sdk.Error) //nolint:errorlint // the very error is looked at
		if !ok || e.Kind != "config" || e.Field != "password" {
			t.Fatalf("check: %v", err)
		}
		if strings.Contains(err.Error(), "wrong") {
			t.Error("the password stands in the error")
		}
		if _, err := b.hub.Receive(sdktest.Reception{}).Wait(); sdk.KindOf(err) != "config" {
			t.Errorf("receive: %v", err)
		}
		if _, err := b.hub.Send(t.Context(), dispatch("anna@mail.test")); sdk.KindOf(err) != "config" {
			t.Errorf("send: %v", err)
		}
	})
}

func TestWaysToConnect(t *testing.T) {
	mailtest.Both(t, func(t *testing.T, srv *mailtest.Server) {
		u := srv.NewUser(t)
		for name, c := range map[string]struct {
			edit func(object)
			kind string
		}{
			"starttls":          {all(with("imap.tls", "starttls"), with("imap.port", port(srv.IMAP)), with("smtp.tls", "starttls"), with("smtp.port", port(srv.SMTP))), ""},
			"xoauth2":           {all(with("auth", "oauth"), with("password", ""), with("oauth.token", srv.Token(u, time.Hour))), ""},
			"expired token":     {all(with("auth", "oauth"), with("password", ""), with("oauth.token", srv.Token(u, -time.Hour))), "config"},
			"nobody there":      {with("imap.port", 1), "unavailable"},
			"no such folder":    {with("imap.folders", []string{"Нет такой"}), "config"},
			"unknown authority": {with("ca", ""), "config"},
			"plain port":        {all(with("imap.tls", "tls"), with("imap.port", port(srv.IMAP))), "config"},
		} {
			t.Run(name, func(t *testing.T) {
				err := connect(t, srv, u, c.edit).hub.Check()
				if c.kind == "" && err != nil || c.kind != "" && sdk.KindOf(err) != c.kind {
					t.Errorf("got %v, want kind %q", err, c.kind)
				}
			})
		}
	})
}

func TestWrongSettingsAllAtOnce(t *testing.T) {
	_, err := newMailbox(context.Background(), settings{
		Address: "не адрес", CA: "не сертификат", Auth: "oauth", IMAP: imapSettings{Since: "вчера"},
	}, sdk.Env{})
	e, ok := err.(*sdk.Error) //nolint:errorlint // the very error is looked at
	if !ok || len(e.Faults) != 5 {
		t.Fatalf("got %v", err)
	}
}
