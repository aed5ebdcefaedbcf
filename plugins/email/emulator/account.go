package emulator

import (
	"crypto/subtle"
	"slices"
	"strings"
	"sync"
	"time"

	"github.com/emersion/go-imap/v2"
	"github.com/emersion/go-imap/v2/imapserver"
)

// account is one mailbox with its folders. Its mutex guards everything below
// it, and nothing is sent to a client while it is held.
type account struct {
	addr string

	mu       sync.Mutex
	secret   string
	folders  map[string]*folder
	validity uint32 // the last one given out
	sessions map[*session]struct{}
}

// folder is guarded by the mutex of its account.
type folder struct {
	name       string
	use        imap.MailboxAttr
	subscribed bool
	validity   uint32
	next       imap.UID
	letters    []*letter // by UID
	tracker    *imapserver.MailboxTracker
	views      map[*view]struct{}
}

// letter never changes but for its flags, which are replaced as a whole.
type letter struct {
	uid   imap.UID
	raw   []byte
	at    time.Time
	flags []imap.Flag
}

// view is what one session sees of its selected folder.
type view struct {
	account  *account
	folder   *folder
	tracker  *imapserver.SessionTracker
	readOnly bool
	wake     chan struct{} // one place: something happened since the last look
}

func newAccount(addr, password string) *account {
	a := &account{
		addr: addr, secret: password, folders: map[string]*folder{},
		validity: uint32(time.Now().Unix()), sessions: map[*session]struct{}{},
	}
	a.create("INBOX", "")
	a.create("Sent", imap.MailboxAttrSent)
	a.create("Junk", imap.MailboxAttrJunk)
	a.create("Trash", imap.MailboxAttrTrash)
	return a
}

func (a *account) setPassword(p string) {
	a.mu.Lock()
	defer a.mu.Unlock()
	a.secret = p
}

func (a *account) hasPassword(p string) bool {
	a.mu.Lock()
	defer a.mu.Unlock()
	return subtle.ConstantTimeCompare([]byte(a.secret), []byte(p)) == 1
}

func (a *account) enter(s *session) {
	a.mu.Lock()
	defer a.mu.Unlock()
	a.sessions[s] = struct{}{}
}

func (a *account) leave(s *session) {
	a.mu.Lock()
	defer a.mu.Unlock()
	delete(a.sessions, s)
}

// drop closes the connections of the sessions for which which holds.
func (a *account) drop(which func(*session) bool) {
	a.mu.Lock()
	var dropped []*session
	for s := range a.sessions {
		if which(s) {
			dropped = append(dropped, s)
		}
	}
	a.mu.Unlock()
	for _, s := range dropped {
		abort(s.conn.NetConn())
	}
}

// create makes a folder; the caller holds the mutex or owns the account alone.
func (a *account) create(name string, use imap.MailboxAttr) *folder {
	a.validity++
	f := &folder{
		name: name, use: use, subscribed: true, validity: a.validity, next: 1,
		tracker: imapserver.NewMailboxTracker(0), views: map[*view]struct{}{},
	}
	a.folders[name] = f
	return f
}

// folder finds a folder; the caller holds the mutex.
func (a *account) folder(name string) (*folder, bool) {
	f, ok := a.folders[folderName(name)]
	return f, ok
}

// folderName knows that INBOX is the only name without case.
func folderName(name string) string {
	if strings.EqualFold(name, "INBOX") {
		return "INBOX"
	}
	return strings.TrimRight(name, "/")
}

func (a *account) put(name string, raw []byte, at time.Time) {
	a.mu.Lock()
	defer a.mu.Unlock()
	f, ok := a.folder(name)
	if !ok {
		f = a.create(folderName(name), "")
	}
	f.add(raw, at, nil)
}

func (a *account) letters(name string) (raws [][]byte) {
	a.mu.Lock()
	defer a.mu.Unlock()
	if f, ok := a.folder(name); ok {
		for _, l := range f.letters {
			raws = append(raws, l.raw)
		}
	}
	return raws
}

func (a *account) flags(name string) (all [][]string) {
	a.mu.Lock()
	defer a.mu.Unlock()
	f, ok := a.folder(name)
	if !ok {
		return nil
	}
	for _, l := range f.letters {
		flags := []string{}
		for _, flag := range l.flags {
			flags = append(flags, string(flag))
		}
		all = append(all, flags)
	}
	return all
}

func (a *account) changeUIDValidity(name string) error {
	a.mu.Lock()
	f, ok := a.folder(name)
	if ok {
		a.validity++
		f.renumber(a.validity)
	}
	a.mu.Unlock()
	if !ok {
		return errNoMailbox
	}
	a.drop(func(s *session) bool {
		v := s.selected()
		return v != nil && v.folder == f
	})
	return nil
}

// open makes a view of a folder; the caller holds the mutex.
func (a *account) open(f *folder, readOnly bool) *view {
	v := &view{
		account: a, folder: f, tracker: f.tracker.NewSession(), readOnly: readOnly,
		wake: make(chan struct{}, 1),
	}
	f.views[v] = struct{}{}
	return v
}

func (v *view) close() {
	v.account.mu.Lock()
	defer v.account.mu.Unlock()
	delete(v.folder.views, v)
	v.tracker.Close()
}

// The methods of folder below are called with the mutex held.

func (f *folder) add(raw []byte, at time.Time, flags []imap.Flag) *letter {
	l := &letter{uid: f.next, raw: raw, at: at, flags: flags}
	f.next++
	f.letters = append(f.letters, l)
	f.tracker.QueueNumMessages(uint32(len(f.letters)))
	f.notify()
	return l
}

func (f *folder) renumber(validity uint32) {
	f.validity, f.next = validity, 1
	for i, l := range f.letters {
		renumbered := *l
		renumbered.uid = f.next
		f.letters[i] = &renumbered
		f.next++
	}
}

func (f *folder) setFlags(index int, flags []imap.Flag, source *view) {
	l := f.letters[index]
	l.flags = flags
	var tracker *imapserver.SessionTracker
	if source != nil {
		tracker = source.tracker
	}
	f.tracker.QueueMessageFlags(uint32(index)+1, l.uid, flags, tracker)
	f.notify()
}

// remove takes out the letters for which gone holds.
func (f *folder) remove(gone func(*letter) bool) {
	for i := len(f.letters) - 1; i >= 0; i-- { // from the end, so that numbers stay right
		if gone(f.letters[i]) {
			f.tracker.QueueExpunge(uint32(i) + 1)
		}
	}
	f.letters = slices.DeleteFunc(f.letters, gone)
	f.notify()
}

func (f *folder) notify() {
	for v := range f.views {
		select {
		case v.wake <- struct{}{}:
		default:
		}
	}
}

func (f *folder) count(flag imap.Flag) (n uint32) {
	for _, l := range f.letters {
		if hasFlag(l.flags, flag) {
			n++
		}
	}
	return n
}

func hasFlag(flags []imap.Flag, flag imap.Flag) bool {
	return slices.ContainsFunc(flags, func(f imap.Flag) bool { return strings.EqualFold(string(f), string(flag)) })
}

// withFlags returns the flags after a STORE; the old slice is left alone.
func withFlags(old []imap.Flag, op imap.StoreFlagsOp, given []imap.Flag) []imap.Flag {
	var flags []imap.Flag
	if op != imap.StoreFlagsSet {
		flags = slices.Clone(old)
	}
	for _, flag := range given {
		switch {
		case op == imap.StoreFlagsDel:
			flags = slices.DeleteFunc(flags, func(f imap.Flag) bool { return strings.EqualFold(string(f), string(flag)) })
		case !hasFlag(flags, flag):
			flags = append(flags, flag)
		}
	}
	return flags
}
