package bench

import (
	"context"
	"encoding/hex"
	"errors"
	"fmt"
	"math/rand/v2"
	"os"
	"path/filepath"
	"time"

	"github.com/uzel-hub/uzel/core"
	"github.com/uzel-hub/uzel/core/bus"
	"github.com/uzel-hub/uzel/core/maintenance"
	"github.com/uzel-hub/uzel/core/store"
	"github.com/uzel-hub/uzel/core/store/boltstore"
)

// What a large store is made of: a year of letters, from so many mailboxes and
// senders.
const (
	seededFor  = 365 * 24 * time.Hour
	mailboxes  = 8
	senders    = 20_000
	seedAtOnce = 2000 // documents of one transaction
	journal    = core.JournalID("incoming")
)

// seeding fills a store with documents as a year of work leaves them: each with
// its message, number, history and all index entries. Bodies of files are not
// there: lists and cards show references.
type seeding struct {
	store *boltstore.Store
	make  func(now time.Time, seq uint64, text string) *core.Document
	now   time.Time
	text  string
	total int
	done  int
	ids   []string // a part of them, spread over the year
	last  map[int]uint64
}

// keptIDs is about how many ids of a seeded store are kept to ask for.
const keptIDs = 10_000

// seed makes a store of n letters in the folder and returns some of their ids.
func (b *runner) seed(ctx context.Context, dir string, n int) (ids []string, err error) {
	return b.seedWith(ctx, dir, n, letter)
}

// seedWith is seed of the documents of the given make.
func (b *runner) seedWith(ctx context.Context, dir string, n int, document func(time.Time, uint64, string) *core.Document) (ids []string, err error) {
	if err := os.MkdirAll(dir, 0o700); err != nil {
		return nil, err
	}
	first := time.Now().Add(-seededFor)
	s := &seeding{make: document, now: first, text: hex.EncodeToString(noise(textBytes / 2)), total: n, last: map[int]uint64{}}
	s.store, err = boltstore.Open(filepath.Join(dir, maintenance.DatabaseName), boltstore.Options{Now: func() time.Time { return s.now }})
	if err != nil {
		return nil, err
	}
	defer func() { err = errors.Join(err, s.store.Close()) }()
	if err := store.Prepare(ctx, s.store, nil, bus.DeadLetterTable); err != nil { // as the hub's first start does
		return nil, err
	}
	start := time.Now()
	for s.done < n {
		if err := s.store.Update(ctx, s.put); err != nil {
			return nil, err
		}
		s.now = first.Add(time.Duration(float64(seededFor) * float64(s.done) / float64(n)))
		if s.done%(100*seedAtOnce) == 0 {
			b.say("  seeded     %d of %d, %.0f/s", s.done, n, rate(s.done, time.Since(start)))
		}
	}
	return s.ids, s.store.Update(ctx, s.count)
}

// put writes one portion.
func (s *seeding) put(tx store.Tx) error {
	for range min(seedAtOnce, s.total-s.done) {
		year := tx.Now().In(core.OfficeZone).Year()
		s.last[year]++
		d := s.make(tx.Now(), s.last[year], s.text)
		if err := store.Messages.Put(tx, messageOf(d)); err != nil {
			return err
		}
		if err := store.Documents.Put(tx, d); err != nil {
			return err
		}
		if s.done%max(s.total/keptIDs, 1) == 0 {
			s.ids = append(s.ids, string(d.ID))
		}
		s.done++
	}
	return nil
}

// count writes how far the journal has counted.
func (s *seeding) count(tx store.Tx) error {
	for year, last := range s.last {
		if err := store.Counters.Put(tx, &core.Counter{Journal: journal, Year: year, Last: last}); err != nil {
			return err
		}
	}
	return nil
}

// document is what intake registers of a message of the generator.
func document(now time.Time, seq uint64, text string) *core.Document {
	id := core.NewID("doc", now)
	day := now.In(core.OfficeZone)
	return &core.Document{
		ID: core.DocumentID(id), Direction: core.Incoming, Kind: core.MessageLetter, State: core.DocumentRegistered,
		Number: &core.RegNumber{
			Journal: journal, Year: day.Year(), Seq: seq,
			Text: fmt.Sprintf("Вх-%d/%06d", day.Year(), seq), Date: core.DateOf(day),
		},
		Subject: fmt.Sprint("Сообщение ", seq), Text: text,
		Files: []core.Attachment{{
			Hash: hex.EncodeToString(noise(32)), Size: fileBytes, Name: "act.pdf", MediaType: "application/pdf", Role: core.FileAttachment,
		}},
		Thread: core.ThreadID(id), Channel: "source", Message: core.MessageID(core.NewID("msg", now)), ExternalID: fmt.Sprint("m", seq),
	}
}

// letter is a document as mailboxes bring it: from somebody, under an outside
// id of no order.
func letter(now time.Time, seq uint64, text string) *core.Document {
	d := document(now, seq, text)
	from := rand.IntN(senders)
	d.Sender = core.Correspondent{
		Name:      fmt.Sprint("Житель ", from),
		Addresses: []core.Address{{Kind: core.AddressEmail, Value: fmt.Sprintf("resident%d@example.org", from)}},
	}
	d.Fields = map[string]string{"delivery_type": "Электронная почта"}
	d.Channel = core.ChannelID(fmt.Sprint("mail-", rand.IntN(mailboxes)))
	d.ExternalID = fmt.Sprintf("%x@mail.example.org", noise(12))
	return d
}

// messageOf is the message a document was made of.
func messageOf(d *core.Document) *core.Message {
	return &core.Message{
		ID: d.Message, Channel: d.Channel, Connector: "email 1.0.0", ExternalID: d.ExternalID, Kind: d.Kind, Change: core.ChangeNew,
		From: d.Sender, Subject: d.Subject, Text: d.Text, Files: d.Files, Fields: d.Fields,
	}
}
