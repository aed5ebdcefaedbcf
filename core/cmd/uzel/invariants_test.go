package main_test

import (
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"fmt"
	"math/rand/v2"
	"net/http"
	"net/url"
	"slices"
	"testing"

	"github.com/uzel-hub/uzel/core"
	"github.com/uzel-hub/uzel/core/maintenance"
)

// The seven invariants of core/README.md, each under the load that would break
// it first. All of them end with `uzel check`.

func TestKillAcknowledgedIsNeverLost(t *testing.T) {
	k := newKiller(t, habits{batch: 20, large: true}, object{"id": "in"})
	k.spree(nil)
	n := k.settle("in")
	found := k.bySubject(url.Values{"channel": {"in"}})
	for seq := range k.world.storedBy("in") {
		if len(found[idOf(seq)]) == 0 {
			t.Errorf("%s was acknowledged and is not there", idOf(seq))
		}
	}
	for seq := 1; seq <= n; seq++ { // what was not acknowledged was offered again
		k.sameAsOffered(seq, found[idOf(seq)])
	}
	k.prove(func(t *testing.T, r maintenance.Report) { counts(t, r, n, n) })
}

func TestKillOfferedTwiceRegisteredOnce(t *testing.T) {
	k := newKiller(t, habits{batch: 20, again: true}, object{"id": "one"}, object{"id": "two"})
	k.spree(nil)
	n := k.settle("one", "two")
	for _, channel := range []string{"one", "two"} { // an external id is unique in its channel only
		for id, rows := range k.bySubject(url.Values{"channel": {channel}}) {
			if len(rows) != 1 {
				t.Errorf("%s was registered %d times through %s", id, len(rows), channel)
			}
		}
	}
	k.prove(func(t *testing.T, r maintenance.Report) { counts(t, r, 2*n, 2*n) })
}

func TestKillNumbersHaveNoHolesNorDoubles(t *testing.T) {
	k := newKiller(t, habits{batch: 10}, object{"id": "in"})
	c := &clerk{killer: k}
	k.spree(c.answer)
	in := k.settle("in")
	out := k.documents(url.Values{"direction": {"outgoing"}})
	for direction, rows := range map[core.Direction][]row{
		core.Incoming: k.documents(url.Values{"direction": {"incoming"}}), core.Outgoing: out,
	} {
		if gap := firstGap(rows); gap > 0 {
			t.Errorf("%s documents: number %d is missing or double among %d", direction, gap, len(rows))
		}
	}
	for _, confirmed := range c.sent { // a number that a person was told stays with its document
		i := slices.IndexFunc(out, func(r row) bool { return r.ID == confirmed.Document.ID })
		if i < 0 || *out[i].Number != *confirmed.Document.Number {
			t.Errorf("document %s with the number %s was confirmed and is gone", confirmed.Document.ID, confirmed.Document.Number.Text)
		}
	}
	k.prove(func(t *testing.T, r maintenance.Report) {
		if journalOf(r, "incoming") != in || journalOf(r, "outgoing") != len(out) {
			t.Errorf("%d came in, %d went out, the journals are %+v", in, len(out), r.Journals)
		}
		counts(t, r, in, in+len(out))
	})
}

// firstGap is the first number that is not there exactly once; 0 if all are.
func firstGap(rows []row) uint64 {
	var numbers []uint64
	for _, r := range rows {
		numbers = append(numbers, r.Number.Seq)
	}
	slices.Sort(numbers)
	for i, n := range numbers {
		if n != uint64(i)+1 {
			return uint64(i) + 1
		}
	}
	return 0
}

func TestKillStateHistoryEventTogether(t *testing.T) {
	k := newKiller(t, habits{batch: 5, moody: true}, object{"id": "in"})
	w := watch(k.hub, "document.registered", "document.updated", "delivery.requested", "delivery.updated")
	c := &clerk{killer: k}
	k.spree(func(rng *rand.Rand) error { return errors.Join(c.answer(rng), c.move(rng)) })
	k.settle("in")
	documents := k.documents(nil)
	for _, d := range documents {
		want := k.states("documents/"+string(d.ID), string(d.State), d.Version)
		k.await("all events of "+string(d.ID), func() bool { return len(w.of(string(d.ID))) >= len(want) })
		if got := w.of(string(d.ID)); !slices.Equal(got, want) {
			t.Errorf("document %s: history says %v, the events %v", d.ID, want, got)
		}
	}
	for _, d := range all[core.Delivery](k.hub, "/api/v1/deliveries", nil) {
		want := k.states("deliveries/"+string(d.ID), string(d.State), d.Version)
		want = slices.DeleteFunc(want, func(s string) bool { return s == string(core.DeliverySending) }) // nobody is told
		k.await("all events of "+string(d.ID), func() bool { return len(w.of(string(d.ID))) >= len(want) })
		if got := w.of(string(d.ID)); !slices.Equal(got, want) {
			t.Errorf("delivery %s: history says %v, the events %v", d.ID, want, got)
		}
	}
	w.end()
	k.prove(func(t *testing.T, r maintenance.Report) {
		if live(r, "documents") != len(documents) {
			t.Errorf("%d documents, REST shows %d", live(r, "documents"), len(documents))
		}
	})
}

// move takes one of the latest letters into work, or closes it.
func (c *clerk) move(rng *rand.Rand) error {
	var page struct{ Items []row }
	err := c.call(http.MethodGet, "/api/v1/documents?direction=incoming&limit=20", nil, &page)
	if err != nil || len(page.Items) == 0 {
		return err
	}
	d := page.Items[rng.IntN(len(page.Items))]
	state := []core.DocumentState{core.DocumentInWork, core.DocumentClosed}[rng.IntN(2)]
	return c.patch(d, object{"state": state})
}

// states are what the record was in, version by version, as its history tells:
// each change says what was before it.
func (k *killer) states(path, now string, version uint64) []string {
	k.Helper()
	var history struct {
		Items []struct {
			Version uint64
			Changes []struct {
				Field  string
				Before any
			}
		}
	}
	k.get("/api/v1/"+path+"/history", &history)
	if len(history.Items) != int(version) {
		k.Fatalf("%s is at version %d and has %d entries of history", path, version, len(history.Items))
	}
	states := make([]string, version)
	for i, e := range slices.Backward(history.Items) {
		states[i] = now
		for _, c := range e.Changes {
			if c.Field == "state" && c.Before != nil {
				now = c.Before.(string)
			}
		}
	}
	return states
}

func TestKillHandlerTwiceEffectOnce(t *testing.T) {
	k := newKiller(t, habits{batch: 40, silent: "out"}, object{"id": "out"}, object{"id": "in", "forward_to": []string{"out"}})
	k.onlyHub = true // the handlers live there
	k.spree(nil)
	n := k.settle("in")
	forwarded := map[core.DocumentID]int{}
	for _, d := range all[core.Delivery](k.hub, "/api/v1/deliveries", url.Values{"channel": {"out"}}) {
		forwarded[d.Document]++
	}
	for id, rows := range k.bySubject(url.Values{"channel": {"in"}}) {
		if len(rows) != 1 || forwarded[rows[0].ID] != 1 {
			t.Errorf("%s was registered %d times, forwarded %d times", id, len(rows), forwarded[rows[0].ID])
		}
	}
	k.deadLetters()
	k.prove(func(t *testing.T, r maintenance.Report) {
		counts(t, r, n, n)
		if live(r, "deliveries") != n {
			t.Errorf("%d deliveries of %d documents", live(r, "deliveries"), n)
		}
	})
}

func TestKillFilesBeforeReferences(t *testing.T) {
	k := newKiller(t, habits{batch: 20, large: true}, object{"id": "in"})
	k.everyOne = true // no reference may ever point to nothing
	c := &clerk{killer: k, upload: 300_000}
	k.spree(c.answer)
	n := k.settle("in")
	for _, d := range k.documents(nil) {
		if d.Files > 0 {
			k.download(d.ID)
		}
	}
	k.prove(func(t *testing.T, r maintenance.Report) {
		if live(r, "messages") != n || r.Blobs == 0 {
			t.Errorf("%d messages of %d, %d files", live(r, "messages"), n, r.Blobs)
		}
	})
}

// download reads every file of a document and compares it with its name, which
// is its checksum.
func (k *killer) download(id core.DocumentID) {
	k.Helper()
	for _, f := range k.card(id).Document.Files {
		var body []byte
		k.get(fmt.Sprintf("/api/v1/documents/%s/files/%s", id, f.Hash), &body)
		if sum := sha256.Sum256(body); hex.EncodeToString(sum[:]) != f.Hash {
			k.Errorf("%s of %s has other bytes than it had", f.Name, id)
		}
	}
}

func TestKillUnknownIsTrackedBeforeResend(t *testing.T) {
	k := newKiller(t, habits{batch: 5, moody: true}, object{"id": "in"})
	c := &clerk{killer: k}
	k.spree(c.answer)
	k.settle("in")
	deliveries := all[core.Delivery](k.hub, "/api/v1/deliveries", nil)
	again := 0
	for _, d := range deliveries {
		p := k.world.parcel(d.ID)
		if !p.applied || d.State != core.DeliverySent {
			t.Errorf("delivery %s is %s, the world has it: %v", d.ID, d.State, p.applied)
		}
		if p.submitted > 1 {
			again++
		}
	}
	if again == 0 {
		t.Error("nothing was ever submitted again: this proves nothing")
	}
	k.prove(func(t *testing.T, r maintenance.Report) {
		if live(r, "deliveries") != len(deliveries) {
			t.Errorf("%d deliveries, REST shows %d", live(r, "deliveries"), len(deliveries))
		}
	})
}

// counts compares the report with what the world knows.
func counts(t *testing.T, r maintenance.Report, messages, documents int) {
	t.Helper()
	if live(r, "messages") != messages || live(r, "documents") != documents {
		t.Errorf("%d messages and %d documents, not %d and %d", live(r, "messages"), live(r, "documents"), messages, documents)
	}
}

// bySubject are the incoming documents by what the world called them.
func (k *killer) bySubject(query url.Values) map[string][]row {
	k.Helper()
	found := map[string][]row{}
	query.Set("direction", "incoming")
	for _, d := range k.documents(query) {
		found[d.Subject] = append(found[d.Subject], d)
	}
	return found
}

// sameAsOffered compares a document with what the world offered.
func (k *killer) sameAsOffered(seq int, rows []row) {
	k.Helper()
	if len(rows) != 1 {
		k.Errorf("%s was registered %d times", idOf(seq), len(rows))
		return
	}
	d := k.card(rows[0].ID).Document
	var sums []string
	for _, f := range d.Files {
		sums = append(sums, f.Hash)
	}
	slices.Sort(sums)
	if d.Text != textOf(seq) || !slices.Equal(sums, k.world.sumsOf(seq)) {
		k.Errorf("%s is not as it was offered: %d bytes of text, files %v", idOf(seq), len(d.Text), sums)
	}
	if k.rng.IntN(10) == 0 {
		k.download(d.ID)
	}
}
