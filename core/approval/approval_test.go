package approval_test

import (
	"fmt"
	"slices"
	"strings"
	"testing"

	"pgregory.net/rapid"

	"github.com/uzel-hub/uzel/core"
	"github.com/uzel-hub/uzel/core/approval"
	"github.com/uzel-hub/uzel/core/bus"
	"github.com/uzel-hub/uzel/core/internal/coretest"
	"github.com/uzel-hub/uzel/core/outgoing"
	"github.com/uzel-hub/uzel/core/store"
)

func TestSequenceAsksOneAfterTheOtherAndTheLastVisaSends(t *testing.T) {
	d := newDesk(t)
	id := d.answer(route(core.ApprovalSequence, core.RestartAll, lawyer, bursar, head)).ID
	d.submit(id)
	for _, who := range []core.Acting{lawyer, bursar, head} {
		if got := d.asked(id); !slices.Equal(got, []core.UserID{who.User}) {
			t.Fatalf("asked %q, want %s", got, who.User)
		}
		if n, _ := d.numbers(); n != 0 {
			t.Fatal("a document before all have agreed")
		}
		d.yes(who, id)
	}
	got := d.draft(id)
	if got.State != core.DraftSent || got.Document == "" || got.Delivery == "" || len(got.Visas) != 3 || len(d.asked(id)) != 0 {
		t.Fatalf("draft %+v", got)
	}
	coretest.View(t, d.store, func(tx store.Tx) error {
		doc, err := store.Documents.Get(tx, string(got.Document))
		if err != nil {
			return err
		}
		if doc.Number.Text != "Исх-2026/000001" || doc.Text != "Починим" || doc.Subject != "Re: Течёт крыша" || doc.Fields[outgoing.FieldAuthor] != "Директор" {
			t.Errorf("document %+v", doc)
		}
		dlv, err := store.Deliveries.Get(tx, string(got.Delivery))
		if err == nil && (dlv.Purpose != core.PurposeAnswer || dlv.State != core.DeliveryQueued) {
			t.Errorf("delivery %+v", dlv)
		}
		return err
	})
	if n := len(d.bus.Take(bus.DraftUpdated)); n != 5 {
		t.Errorf("%d events of the draft, want 5", n)
	}
}

func TestParallelAsksAllAndWaitsForAllRemarks(t *testing.T) {
	d := newDesk(t)
	id := d.answer(route(core.ApprovalParallel, core.RestartAll, lawyer, bursar, head)).ID
	d.submit(id)
	if got := d.asked(id); len(got) != 3 {
		t.Fatalf("asked %q", got)
	}
	d.no(bursar, id)
	if got := d.yes(head, id); got.State != core.DraftApproval {
		t.Fatalf("the round ended before all answered: %s", got.State)
	}
	if got := d.no(lawyer, id); got.State != core.DraftRemarks {
		t.Fatalf("draft is %s", got.State)
	}
	if n, _ := d.numbers(); n != 0 {
		t.Fatal("a rejected draft became a document")
	}
}

func TestFirstNoEndsASequence(t *testing.T) {
	d := newDesk(t)
	id := d.answer(route(core.ApprovalSequence, core.RestartAll, lawyer, bursar)).ID
	d.submit(id)
	if got := d.no(lawyer, id); got.State != core.DraftRemarks || len(d.asked(id)) != 0 {
		t.Fatalf("draft is %s, asked %q", got.State, d.asked(id))
	}
	_, err := d.do(d.submitting(id))
	coretest.WantError(t, err, core.KindConflict, "draft.remarks")
}

func TestNewVersionAsksWhomTheRouteSays(t *testing.T) {
	for _, c := range []struct {
		restart core.ApprovalRestart
		want    []core.UserID
	}{
		{core.RestartAll, []core.UserID{bursar.User, head.User, lawyer.User}},
		{core.RestartOthers, []core.UserID{bursar.User}},
	} {
		t.Run(string(c.restart), func(t *testing.T) {
			d := newDesk(t)
			id := d.answer(route(core.ApprovalParallel, c.restart, lawyer, bursar, head)).ID
			d.submit(id)
			d.yes(lawyer, id)
			d.no(bursar, id)
			d.yes(head, id)
			d.revise(id, "Починим завтра")
			d.submit(id)
			if got := d.asked(id); !slices.Equal(got, c.want) {
				t.Fatalf("asked %q, want %q", got, c.want)
			}
			for _, who := range c.want {
				d.yes(core.Acting{User: who}, id)
			}
			got := d.draft(id)
			if got.State != core.DraftSent || got.Round != 2 || got.Versions != 2 {
				t.Fatalf("draft %+v", got)
			}
		})
	}
}

func TestSignedVisaDoesNotCoverANewText(t *testing.T) {
	d := newDesk(t)
	r := route(core.ApprovalParallel, core.RestartOthers, lawyer, bursar)
	r.Approvers[0].Signed = true
	id := d.answer(r).ID
	d.submit(id)
	_, err := d.visa(lawyer, id, approval.Word{Version: 1, Agreed: true})
	coretest.WantError(t, err, core.KindInvalid, "draft.invalid")
	sig := &core.Attachment{Hash: strings.Repeat("a", 64), Name: "visa.sig", Role: core.FileSignature}
	if _, err := d.visa(lawyer, id, approval.Word{Version: 1, Agreed: true, Signature: sig}); err != nil {
		t.Fatal(err)
	}
	d.no(bursar, id)
	d.revise(id, "Починим завтра")
	d.submit(id)
	if got := d.asked(id); !slices.Equal(got, []core.UserID{bursar.User, lawyer.User}) {
		t.Fatalf("asked %q", got)
	}
	if got := d.draft(id).Visas[0].Signature; got == nil || got.Name != "visa.sig" {
		t.Errorf("signature %+v", got)
	}
}

func TestVisaIsForWhoseTurnItIs(t *testing.T) {
	d := newDesk(t)
	id := d.answer(route(core.ApprovalSequence, core.RestartAll, lawyer, bursar)).ID
	say := func(by core.Acting, version int) error {
		_, err := d.visa(by, id, approval.Word{Version: version, Agreed: true})
		return err
	}
	coretest.WantError(t, say(lawyer, 1), core.KindConflict, "draft.transition")
	d.submit(id)
	coretest.WantError(t, say(maria, 1), core.KindForbidden, "draft.forbidden")
	coretest.WantError(t, say(chief, 1), core.KindForbidden, "draft.forbidden")
	coretest.WantError(t, say(bursar, 1), core.KindConflict, "draft.turn")
	coretest.WantError(t, say(lawyer, 2), core.KindConflict, "draft.version")
	_, err := d.visa(lawyer, id, approval.Word{Version: 1, Remarks: " "})
	coretest.WantError(t, err, core.KindInvalid, "draft.invalid")
	d.yes(lawyer, id)
	coretest.WantError(t, say(lawyer, 1), core.KindConflict, "draft.visa")
}

func TestWithdrawnDraftKeepsTheVisasOfItsText(t *testing.T) {
	d := newDesk(t)
	id := d.answer(route(core.ApprovalParallel, core.RestartAll, lawyer, bursar)).ID
	d.submit(id)
	d.yes(lawyer, id)
	got := d.must(func(tx store.Tx) (*core.Draft, error) { return d.svc.Withdraw(tx, maria, approval.Ref{ID: id}) })
	if got.State != core.DraftEditing || len(d.asked(id)) != 0 {
		t.Fatalf("draft is %s, asked %q", got.State, d.asked(id))
	}
	d.submit(id)
	if got := d.asked(id); !slices.Equal(got, []core.UserID{bursar.User}) {
		t.Fatalf("asked %q", got)
	}
}

func TestWhatCannotBeSentIsNotSubmitted(t *testing.T) {
	d := newDesk(t)
	got := d.must(func(tx store.Tx) (*core.Draft, error) {
		return d.svc.Create(tx, maria, approval.New{Way: approval.Way{Journal: "none", Route: route(core.ApprovalSequence, core.RestartAll, lawyer)}})
	})
	_, err := d.do(d.submitting(got.ID))
	if fields := coretest.FaultFields(err); !slices.Equal(fields, []string{"text", "channel", "subject", "to", "journal"}) {
		t.Fatalf("faults %q of %v", fields, err)
	}
	if left := d.draft(got.ID); left.State != core.DraftEditing || left.Round != 0 {
		t.Errorf("draft %+v", left)
	}
}

func TestAgreedDraftWaitsUntilItCanBeSent(t *testing.T) {
	d := newDesk(t)
	id := d.answer(route(core.ApprovalSequence, core.RestartAll, lawyer)).ID
	d.submit(id)
	coretest.Update(t, d.store, func(tx store.Tx) error { return store.Channels.Delete(tx, "mail") })
	got := d.yes(lawyer, id)
	if got.State != core.DraftAgreed || got.Problem != "такого канала нет" || len(got.Visas) != 1 {
		t.Fatalf("draft %+v", got)
	}
	if n, _ := d.numbers(); n != 0 {
		t.Fatal("a number was taken")
	}
	send := func(tx store.Tx) (*core.Draft, error) { return d.svc.Send(tx, maria, approval.Ref{ID: id}) }
	if _, err := d.do(send); core.KindOf(err) != core.KindInvalid {
		t.Fatal(err)
	}
	coretest.Update(t, d.store, func(tx store.Tx) error { return store.Channels.Put(tx, &core.Channel{ID: "mail2"}) })
	d.must(func(tx store.Tx) (*core.Draft, error) {
		return d.svc.Redirect(tx, maria, approval.Ref{ID: id}, approval.Way{Channel: "mail2", Route: got.Route})
	})
	if sent := d.must(send); sent.State != core.DraftSent || sent.Problem != "" {
		t.Fatalf("draft %+v", sent)
	}
}

func TestWithoutARouteADraftIsSentAsToday(t *testing.T) {
	d := newDesk(t)
	id := d.answer(nil).ID
	_, err := d.do(d.submitting(id))
	coretest.WantError(t, err, core.KindConflict, "draft.no_route")
	got := d.must(func(tx store.Tx) (*core.Draft, error) { return d.svc.Send(tx, maria, approval.Ref{ID: id}) })
	if got.State != core.DraftSent {
		t.Fatalf("draft %+v", got)
	}
	if n, last := d.numbers(); n != 1 || last != 1 {
		t.Errorf("%d documents, last number %d", n, last)
	}
}

func TestLetterOfOurOwn(t *testing.T) {
	d := newDesk(t)
	made := d.must(func(tx store.Tx) (*core.Draft, error) {
		return d.svc.Create(tx, maria, approval.New{
			Organization: "org_2", Way: approval.Way{Channel: "mail"},
			Text: approval.Text{Subject: "В министерство", Text: "Просим", To: []core.Correspondent{{Addresses: []core.Address{{Kind: core.AddressEmail, Value: "min@gov.test"}}}}},
		})
	})
	sent := d.must(func(tx store.Tx) (*core.Draft, error) { return d.svc.Send(tx, maria, approval.Ref{ID: made.ID}) })
	coretest.View(t, d.store, func(tx store.Tx) error {
		doc, err := store.Documents.Get(tx, string(sent.Document))
		if err != nil {
			return err
		}
		if doc.Organization != "org_2" || doc.Thread != core.ThreadID(doc.ID) || doc.InReplyTo != "" || doc.Kind != core.MessageLetter {
			t.Errorf("document %+v", doc)
		}
		dlv, err := store.Deliveries.Get(tx, string(sent.Delivery))
		if err == nil && (dlv.Purpose != core.PurposeDocument || dlv.Channel != "mail") {
			t.Errorf("delivery %+v", dlv)
		}
		return err
	})
}

func TestRouteIsNotShakenOff(t *testing.T) {
	d := newDesk(t)
	id := d.answer(route(core.ApprovalSequence, core.RestartAll, lawyer)).ID
	redirect := func(by core.Acting, w approval.Way) error {
		_, err := d.do(func(tx store.Tx) (*core.Draft, error) { return d.svc.Redirect(tx, by, approval.Ref{ID: id}, w) })
		return err
	}
	send := func() error {
		_, err := d.do(func(tx store.Tx) (*core.Draft, error) { return d.svc.Send(tx, maria, approval.Ref{ID: id}) })
		return err
	}
	coretest.WantError(t, send(), core.KindConflict, "draft.not_agreed")
	d.submit(id)
	coretest.WantError(t, redirect(maria, approval.Way{}), core.KindConflict, "draft.approval")
	coretest.WantError(t, redirect(lawyer, approval.Way{}), core.KindForbidden, "draft.forbidden")
	d.no(lawyer, id)
	coretest.WantError(t, redirect(maria, approval.Way{}), core.KindForbidden, "draft.forbidden")
	if err := redirect(maria, approval.Way{Route: route(core.ApprovalParallel, core.RestartOthers, bursar)}); err != nil {
		t.Fatal(err)
	}
	if err := redirect(chief, approval.Way{}); err != nil {
		t.Fatal(err)
	}
}

func TestRouteFaultsAreReportedTogether(t *testing.T) {
	d := newDesk(t)
	r := route("any", "never", maria, lawyer, lawyer, core.Acting{User: "usr_none"})
	past := d.clock.Now()
	r.DueAt = &past
	_, err := d.do(func(tx store.Tx) (*core.Draft, error) {
		return d.svc.Create(tx, maria, approval.New{InReplyTo: "doc_none", Way: approval.Way{Route: r}})
	})
	want := []string{
		"in_reply_to", "route.order", "route.restart", "route.due_at",
		"route.approvers.0.user", "route.approvers.2.user", "route.approvers.3.user",
	}
	if got := coretest.FaultFields(err); !slices.Equal(got, want) {
		t.Fatalf("faults %q, want %q", got, want)
	}
}

func TestFilesAreKeptFromVersionToVersion(t *testing.T) {
	d := newDesk(t)
	file := func(c string) core.Attachment {
		return core.Attachment{Hash: strings.Repeat(c, 64), Name: c + ".pdf"}
	}
	id := d.must(func(tx store.Tx) (*core.Draft, error) {
		return d.svc.Create(tx, maria, approval.New{InReplyTo: "doc_1", Text: approval.Text{Text: "x", Files: []core.Attachment{file("a"), file("b")}}})
	}).ID
	revise := func(keep ...string) error {
		_, err := d.do(func(tx store.Tx) (*core.Draft, error) {
			return d.svc.Revise(tx, maria, approval.Ref{ID: id}, approval.Text{Text: "y", Keep: keep, Files: []core.Attachment{file("c")}})
		})
		return err
	}
	if got := coretest.FaultFields(revise(file("b").Hash, file("d").Hash)); !slices.Equal(got, []string{"keep_files.1"}) {
		t.Fatalf("faults %q", got)
	}
	if err := revise(file("b").Hash); err != nil {
		t.Fatal(err)
	}
	coretest.View(t, d.store, func(tx store.Tx) error {
		first, err := store.DraftVersions.Get(tx, core.DraftVersionKey(id, 1))
		if err != nil {
			return err
		}
		second, err := store.DraftVersions.Get(tx, core.DraftVersionKey(id, 2))
		if err != nil {
			return err
		}
		if len(second.Files) != 2 || second.Files[0].Name != "b.pdf" || second.Files[1].Name != "c.pdf" {
			t.Errorf("files %+v", second.Files)
		}
		if got := approval.Compare(first, second); !slices.Equal(got.Fields, []string{"text", "files"}) {
			t.Errorf("comparison %+v", got)
		}
		return nil
	})
}

func TestStaleDraftIsNotChanged(t *testing.T) {
	d := newDesk(t)
	made := d.answer(nil)
	d.revise(made.ID, "Другое")
	_, err := d.do(func(tx store.Tx) (*core.Draft, error) {
		return d.svc.Cancel(tx, maria, approval.Ref{ID: made.ID, Version: made.Version})
	})
	coretest.WantError(t, err, core.KindConflict, "drafts.stale")
}

// TestDraftLife walks random sequences of everything people do to drafts, and
// checks after each step what must hold.
func TestDraftLife(t *testing.T) {
	people := []core.Acting{maria, lawyer, bursar, head, chief}
	d := newDesk(t)
	sent := 0
	rapid.Check(t, func(rt *rapid.T) {
		order := rapid.SampledFrom([]core.ApprovalOrder{core.ApprovalSequence, core.ApprovalParallel}).Draw(rt, "order")
		restart := rapid.SampledFrom([]core.ApprovalRestart{core.RestartAll, core.RestartOthers}).Draw(rt, "restart")
		id := d.answer(route(order, restart, lawyer, bursar, head)).ID
		for i := range rapid.IntRange(1, 25).Draw(rt, "steps") {
			before, asked := d.draft(id), d.asked(id)
			by := rapid.SampledFrom(append(people, acting(asked)...)).Draw(rt, "who")
			what := rapid.SampledFrom([]string{"submit", "submit", "agree", "agree", "agree", "yes", "no", "revise", "withdraw", "send", "cancel"}).Draw(rt, "what")
			if what == "agree" && len(asked) > 0 { // whose turn it is, so that some sequences get to the end
				by = core.Acting{User: asked[0]}
			}
			ref := approval.Ref{ID: id}
			_, err := d.do(func(tx store.Tx) (*core.Draft, error) {
				switch what {
				case "submit":
					return d.svc.Submit(tx, maria, ref)
				case "agree", "yes", "no":
					return d.svc.Visa(tx, by, id, approval.Word{Version: before.Versions, Agreed: what != "no", Remarks: "x"})
				case "revise":
					return d.svc.Revise(tx, maria, ref, approval.Text{Text: fmt.Sprint("Редакция ", i)})
				case "withdraw":
					return d.svc.Withdraw(tx, by, ref)
				case "send":
					return d.svc.Send(tx, maria, ref)
				}
				return d.svc.Cancel(tx, chief, ref)
			})
			if k := core.KindOf(err); err != nil && k != core.KindForbidden && k != core.KindConflict {
				rt.Fatal(err)
			}
			after := d.draft(id)
			if err != nil && after.Version != before.Version {
				rt.Fatalf("refused %s changed something", what)
			}
			if before.State != core.DraftSent && after.State == core.DraftSent {
				sent++
				d.agreedByAll(rt, after)
			}
			if asked := d.asked(id); (len(asked) > 0) != (after.State == core.DraftApproval) || order == core.ApprovalSequence && len(asked) > 1 {
				rt.Fatalf("%s after %s: asked %q", after.State, what, asked)
			}
			if n, last := d.numbers(); n != sent || last != uint64(sent) {
				rt.Fatalf("%d documents and number %d for %d sent drafts", n, last, sent)
			}
		}
	})
	if sent == 0 {
		t.Error("no sequence led to a sent document")
	}
}

func acting(users []core.UserID) (out []core.Acting) {
	for _, u := range users {
		out = append(out, core.Acting{User: u}, core.Acting{User: u})
	}
	return out
}

// agreedByAll: the last word of each approver is a yes, to this text if the
// route wants everybody asked again.
func (d *desk) agreedByAll(rt *rapid.T, got *core.Draft) {
	for _, a := range got.Route.Approvers {
		ok := false
		for _, v := range got.Visas {
			if v.By == a.User {
				ok = v.Agreed && (v.Version == got.Versions || got.Route.Restart == core.RestartOthers)
			}
		}
		if !ok {
			rt.Fatalf("sent without the word of %s: %+v", a.User, got.Visas)
		}
	}
}
