package main

import (
	"context"
	"errors"
	"slices"
	"time"

	"github.com/emersion/go-imap/v2"
	"github.com/emersion/go-imap/v2/imapclient"

	"github.com/uzel-hub/uzel/plugins/email/internal/spool"
	"github.com/uzel-hub/uzel/sdk"
)

// batch is how many letters are fetched with one command and then marked or
// moved with one.
const batch = 50

// registered is the keyword put on letters the hub has.
const registered imap.Flag = "$Registered"

// receiver brings in the letters of one connection.
type receiver struct {
	*mailbox
	*session
	emit   sdk.Emitter
	cursor cursor
	looked map[string]arrivals // the folders as they were when they were last read
}

// arrivals change when a letter comes into a folder.
type arrivals struct {
	next  imap.UID
	count uint32 // where the server does not tell next
}

func arrivalsOf(box *imap.SelectData) arrivals {
	if box.UIDNext != 0 {
		return arrivals{next: box.UIDNext}
	}
	return arrivals{count: box.NumMessages}
}

// Receive implements sdk.Receiver: it reads every folder, then waits for news
// or the next poll, until the connection breaks or ctx is done.
func (m *mailbox) Receive(ctx context.Context, after sdk.Cursor, emit sdk.Emitter) error {
	c, err := readCursor(after, time.Now())
	if err != nil {
		return err
	}
	s, err := m.connect(ctx)
	if err != nil {
		return err
	}
	defer s.close()
	r := &receiver{mailbox: m, session: s, emit: emit, cursor: c, looked: map[string]arrivals{}}
	if len(after) == 0 {
		if err := emit.Mark(ctx, c.bytes()); err != nil {
			return err
		}
	}
	if m.set.IMAP.After == "move" {
		if err := s.ensureFolder(m.set.IMAP.MoveTo); err != nil {
			return err
		}
	}
	for {
		for _, folder := range m.set.IMAP.Folders {
			if err := r.read(ctx, folder); err != nil {
				return ended(ctx, err)
			}
		}
		if err := r.wait(ctx); err != nil {
			return ended(ctx, err)
		}
	}
}

// ended words the end of a connection; when ctx is done that was wanted.
func ended(ctx context.Context, err error) error {
	if ctx.Err() != nil {
		return ctx.Err()
	}
	if _, ok := errors.AsType[*sdk.Error](err); ok {
		return err
	}
	return unreachable("imap", err)
}

// wait returns when there may be new letters: the server says so, a person
// pressed "run now", or it is time to poll.
func (r *receiver) wait(ctx context.Context) error {
	poll := time.NewTimer(r.set.IMAP.Every)
	defer poll.Stop()
	if r.set.IMAP.Idle && r.Caps().Has(imap.CapIdle) {
		folder := r.set.IMAP.Folders[0]
		box, err := r.Select(folder, nil).Wait()
		if err != nil {
			return noSuchFolder(folder, err)
		}
		if arrivalsOf(box) != r.looked[folder] {
			return nil // came while the folder was being read: IDLE would be silent about it
		}
		idle, err := r.Idle()
		if err != nil {
			return err
		}
		defer func() {
			_ = idle.Close()
			_ = idle.Wait()
		}()
	}
	select {
	case <-ctx.Done():
		return ctx.Err()
	case <-r.Closed():
		return errors.New("сервер закрыл соединение")
	case <-r.news:
	case <-r.wake:
	case <-poll.C:
	}
	return nil
}

// read takes what is new in one folder.
func (r *receiver) read(ctx context.Context, folder string) error {
	box, err := r.Select(folder, &imap.SelectOptions{ReadOnly: r.set.IMAP.After == "leave"}).Wait()
	if err != nil {
		return noSuchFolder(folder, err)
	}
	_, again := r.looked[folder]
	r.looked[folder] = arrivalsOf(box)
	p, since := r.cursor.start(folder, box.UIDValidity, r.since)
	if !again {
		if err := r.finish(folder, p, since); err != nil {
			return err
		}
	}
	if box.UIDNext != 0 && box.UIDNext <= p.UID+1 {
		return nil
	}
	uids, err := r.newLetters(p.UID, since)
	if err != nil {
		return err
	}
	for chunk := range slices.Chunk(uids, batch) {
		if err := r.take(ctx, folder, box.UIDValidity, chunk); err != nil {
			return err
		}
	}
	return nil
}

// newLetters are the UIDs behind the last one, oldest first. `n:*` always names
// the last letter too, even when it is older.
func (r *receiver) newLetters(last imap.UID, since time.Time) ([]imap.UID, error) {
	found, err := r.UIDSearch(&imap.SearchCriteria{
		UID:   []imap.UIDSet{{{Start: last + 1, Stop: 0}}},
		Since: since,
	}, nil).Wait()
	if err != nil {
		return nil, err
	}
	uids := slices.DeleteFunc(found.AllUIDs(), func(uid imap.UID) bool { return uid <= last })
	slices.Sort(uids)
	return uids, nil
}

// finish marks or moves letters that the hub has but that an interruption left
// as they were: everything up to the cursor was acknowledged. A letter that a
// person marked as unread again has the keyword, where the server keeps any.
func (r *receiver) finish(folder string, p position, since time.Time) error {
	if r.set.IMAP.After == "leave" || p.UID == 0 || r.set.IMAP.After == "move" && folder == r.set.IMAP.MoveTo {
		return nil
	}
	left := &imap.SearchCriteria{UID: []imap.UIDSet{{{Start: 1, Stop: p.UID}}}, Since: since}
	if r.set.IMAP.After == "seen" {
		left.NotFlag = []imap.Flag{imap.FlagSeen, registered}
	}
	found, err := r.UIDSearch(left, nil).Wait()
	if err != nil {
		return err
	}
	for chunk := range slices.Chunk(found.AllUIDs(), batch) {
		if err := r.mark(chunk); err != nil {
			return err
		}
	}
	return nil
}

// take registers a chunk of letters and marks them once the hub has them.
func (r *receiver) take(ctx context.Context, folder string, validity uint32, uids []imap.UID) error {
	heads, err := r.heads(uids)
	if err != nil {
		return err
	}
	at := func(uid imap.UID) cursor {
		return r.cursor.at(folder, position{Validity: validity, UID: uid, Day: heads[uid].day()})
	}
	err = r.offer(ctx, heads, &chunk{uids: uids, at: at, post: r.emit.Post})
	if refused(err) {
		// One of them is not to the hub's taste: offer them again one by one, so
		// that it is known which. What the hub has by now it recognises.
		err = r.offer(ctx, heads, &chunk{uids: uids, at: at, post: r.insist})
	}
	if err != nil {
		return err
	}
	next := at(uids[len(uids)-1])
	if err := r.emit.Mark(ctx, next.bytes()); err != nil {
		return err
	}
	r.cursor = next
	return r.mark(uids)
}

// chunk is letters on their way to the hub.
type chunk struct {
	uids []imap.UID                // in the order in which they are to come
	at   func(uid imap.UID) cursor // behind that letter
	post poster
	n    int // so many of them have come in that order
}

// next is the cursor to send along with a letter. A server may answer in any
// order; only a letter before which nothing is missing moves the cursor.
func (c *chunk) next(uid imap.UID) sdk.Cursor {
	if c.n == len(c.uids) || c.uids[c.n] != uid {
		c.n = len(c.uids) // something is missing: the end of the chunk moves it
		return nil
	}
	c.n++
	return c.at(uid).bytes()
}

// offer hands the letters over, in their order, and returns when they are on
// disk in the hub.
func (r *receiver) offer(ctx context.Context, heads map[imap.UID]head, c *chunk) error {
	for _, run := range r.runs(c.uids, heads) {
		section := &imap.FetchItemBodySection{Peek: true}
		if r.tooLarge(heads[run[0]]) {
			section.Specifier = imap.PartSpecifierHeader
		}
		if err := r.fetch(ctx, run, section, heads, c); err != nil {
			return err
		}
	}
	return r.emit.Flush(ctx)
}

// runs are the letters that are there in groups that follow each other and are
// either all taken whole or all left at the server. Letters that vanished since
// the search are in none.
func (r *receiver) runs(uids []imap.UID, heads map[imap.UID]head) [][]imap.UID {
	var out [][]imap.UID
	for _, uid := range uids {
		h, there := heads[uid]
		if !there {
			continue
		}
		if last := len(out) - 1; last >= 0 && r.tooLarge(heads[out[last][0]]) == r.tooLarge(h) {
			out[last] = append(out[last], uid)
			continue
		}
		out = append(out, []imap.UID{uid})
	}
	return out
}

func (r *receiver) tooLarge(h head) bool { return h.size > int64(r.set.IMAP.LetterMB)<<20 }

// poster hands one letter to the hub.
type poster func(context.Context, sdk.Message, sdk.Cursor) error

// insist offers a letter that the hub refuses (too large for its limits) again
// without its files: a letter is never dropped.
func (r *receiver) insist(ctx context.Context, m sdk.Message, next sdk.Cursor) error {
	err := r.emit.Emit(ctx, m, next)
	if !refused(err) {
		return err
	}
	m.Marks = append(m.Marks, sdk.Mark{Kind: sdk.MarkOversized, Reason: "файлы остались на почтовом сервере: " + err.Error()})
	m.Files = nil
	return r.emit.Emit(ctx, m, next)
}

// refused tells that the hub does not take a message, as against a line that
// broke.
func refused(err error) bool {
	return err != nil && (sdk.KindOf(err) == "rejected" || sdk.KindOf(err) == "invalid")
}

// head is what is known of a letter before it is fetched.
type head struct {
	size     int64
	received time.Time
}

func (h head) day() string { return h.received.Format(time.DateOnly) }

func (r *receiver) heads(uids []imap.UID) (map[imap.UID]head, error) {
	found, err := r.Fetch(imap.UIDSetNum(uids...), &imap.FetchOptions{UID: true, RFC822Size: true, InternalDate: true}).Collect()
	if err != nil {
		return nil, err
	}
	heads := make(map[imap.UID]head, len(found))
	for _, f := range found {
		heads[f.UID] = head{size: f.RFC822Size, received: f.InternalDate}
	}
	return heads, nil
}

func (r *receiver) fetch(ctx context.Context, uids []imap.UID, section *imap.FetchItemBodySection, heads map[imap.UID]head, c *chunk) error {
	cmd := r.Fetch(imap.UIDSetNum(uids...), &imap.FetchOptions{UID: true, BodySection: []*imap.FetchItemBodySection{section}})
	for msg := cmd.Next(); msg != nil; msg = cmd.Next() {
		if err := r.one(ctx, msg, heads, section.Specifier == imap.PartSpecifierHeader, c); err != nil {
			_ = cmd.Close()
			return err
		}
	}
	return cmd.Close()
}

// one reads a letter off the line and posts it. The server may name the UID
// before or after the body.
func (r *receiver) one(ctx context.Context, msg *imapclient.FetchMessageData, heads map[imap.UID]head, headOnly bool, c *chunk) error {
	keep := spool.New(spool.Options{Dir: r.env.Scratch})
	defer func() {
		if err := keep.Close(); err != nil {
			r.env.Log.Warn("temporary files left behind", "error", err)
		}
	}()
	var uid imap.UID
	var raw *spool.Blob
	for item := msg.Next(); item != nil; item = msg.Next() {
		switch item := item.(type) {
		case imapclient.FetchItemDataUID:
			uid = item.UID
		case imapclient.FetchItemDataBodySection:
			if item.Literal == nil {
				continue
			}
			blob, err := keep.Keep(item.Literal)
			if err != nil {
				return err
			}
			raw = &blob
		}
	}
	if raw == nil {
		return nil // it vanished between two commands
	}
	m, done, err := r.message(ctx, *raw, heads[uid], headOnly)
	if err != nil {
		return err
	}
	defer done()
	return c.post(ctx, m, c.next(uid))
}

// mark does with letters what the settings say, now that the hub has them.
func (r *receiver) mark(uids []imap.UID) error {
	set := imap.UIDSetNum(uids...)
	switch r.set.IMAP.After {
	case "move":
		_, err := r.Move(set, r.set.IMAP.MoveTo).Wait()
		return err
	case "seen":
		return r.Store(set, &imap.StoreFlags{Op: imap.StoreFlagsAdd, Silent: true, Flags: []imap.Flag{imap.FlagSeen, registered}}, nil).Close()
	}
	return nil
}
