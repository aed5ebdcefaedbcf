package emulator

import (
	"cmp"
	"crypto/tls"
	"io"
	"log"
	"regexp"
	"slices"
	"strings"
	"sync"
	"time"

	"github.com/emersion/go-imap/v2"
	"github.com/emersion/go-imap/v2/imapserver"
	"github.com/emersion/go-sasl"
)

func newIMAPServer(w *World, config *tls.Config) *imapserver.Server {
	return imapserver.New(&imapserver.Options{
		NewSession: func(c *imapserver.Conn) (imapserver.Session, *imapserver.GreetingData, error) {
			return &session{world: w, conn: c}, nil, nil
		},
		Caps: imap.CapSet{
			imap.CapIMAP4rev1: {}, imap.CapNamespace: {}, imap.CapUIDPlus: {}, imap.CapESearch: {},
			imap.CapMove: {}, imap.CapListExtended: {}, imap.CapListStatus: {}, imap.CapSpecialUse: {},
			imap.CapStatusSize: {}, imap.CapChildren: {}, imap.CapLiteralPlus: {},
		},
		TLSConfig: config,
		Logger:    log.New(io.Discard, "", 0),
	})
}

// session is one IMAP connection. The library calls it from one goroutine, but
// for Idle, which may still run when the connection is already being closed.
type session struct {
	world   *World
	conn    *imapserver.Conn
	account *account

	mu   sync.Mutex
	view *view
}

var (
	_ imapserver.SessionIMAP4rev2 = (*session)(nil)
	_ imapserver.SessionSASL      = (*session)(nil)
	_ logins                      = (*session)(nil)
)

var (
	errNoFolder = &imap.Error{Type: imap.StatusResponseTypeNo, Code: imap.ResponseCodeNonExistent, Text: "Mailbox doesn't exist"}
	errNoTarget = &imap.Error{Type: imap.StatusResponseTypeNo, Code: imap.ResponseCodeTryCreate, Text: "Mailbox doesn't exist"}
	errExists   = &imap.Error{Type: imap.StatusResponseTypeNo, Code: imap.ResponseCodeAlreadyExists, Text: "Mailbox already exists"}
	errReadOnly = &imap.Error{Type: imap.StatusResponseTypeNo, Text: "Mailbox is read-only"}
)

// begin counts a command and lets a fault stop it.
func (s *session) begin(command string) error {
	refusal, err := s.world.IMAP.command(command, s.conn.NetConn())
	if refusal == "" {
		return err
	}
	code, text := splitCode(refusal)
	if command == "LOGIN" {
		code = cmp.Or(code, imap.ResponseCodeAuthenticationFailed)
	}
	return &imap.Error{Type: imap.StatusResponseTypeNo, Code: code, Text: text}
}

var responseCode = regexp.MustCompile(`^\[([A-Z-]+)\] *(.*)$`)

func splitCode(text string) (imap.ResponseCode, string) {
	if m := responseCode.FindStringSubmatch(text); m != nil {
		return imap.ResponseCode(m[1]), m[2]
	}
	return "", text
}

func (s *session) changed() error { return s.world.IMAP.changed(s.conn.NetConn()) }

func (s *session) Close() error {
	if s.selected() != nil {
		_ = s.Unselect()
	}
	if s.account != nil {
		s.account.leave(s)
	}
	s.world.sessions.Done()
	return nil
}

// ---- logging in

func (s *session) Login(user, password string) error { return s.password(user, password) }

func (s *session) AuthenticateMechanisms() []string { return mechanisms() }

func (s *session) Authenticate(mech string) (sasl.Server, error) {
	if server := newSASL(mech, s); server != nil {
		return server, nil
	}
	return nil, &imap.Error{Type: imap.StatusResponseTypeNo, Text: "Unsupported authentication mechanism"}
}

func (s *session) password(user, password string) error {
	if err := s.begin("LOGIN"); err != nil {
		return err
	}
	return s.enter(s.world.byPassword(user, password))
}

func (s *session) bearer(user, token string) error {
	if err := s.begin("LOGIN"); err != nil {
		return err
	}
	return s.enter(s.world.byToken(user, token))
}

func (s *session) enter(a *account, err error) error {
	if err != nil {
		return imapserver.ErrAuthFailed
	}
	s.account = a
	a.enter(s)
	return nil
}

// ---- folders

func (s *session) Select(name string, options *imap.SelectOptions) (*imap.SelectData, error) {
	if err := s.begin("SELECT"); err != nil {
		return nil, err
	}
	s.account.mu.Lock()
	defer s.account.mu.Unlock()
	f, ok := s.account.folder(name)
	if !ok {
		return nil, errNoFolder
	}
	s.setView(s.account.open(f, options.ReadOnly))
	flags := f.allFlags()
	return &imap.SelectData{
		Flags:          flags,
		PermanentFlags: append(slices.Clone(flags), imap.FlagWildcard),
		NumMessages:    uint32(len(f.letters)),
		UIDNext:        f.next,
		UIDValidity:    f.validity,
	}, nil
}

func (f *folder) allFlags() []imap.Flag {
	flags := []imap.Flag{imap.FlagAnswered, imap.FlagFlagged, imap.FlagDeleted, imap.FlagSeen, imap.FlagDraft}
	for _, l := range f.letters {
		for _, flag := range l.flags {
			if !hasFlag(flags, flag) {
				flags = append(flags, flag)
			}
		}
	}
	return flags
}

func (s *session) selected() *view {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.view
}

func (s *session) setView(v *view) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.view = v
}

func (s *session) Unselect() error {
	s.selected().close()
	s.setView(nil)
	return nil
}

func (s *session) Create(name string, _ *imap.CreateOptions) error {
	return s.alter("CREATE", func(a *account) error {
		if _, ok := a.folder(name); ok {
			return errExists
		}
		a.create(folderName(name), "").subscribed = false
		return nil
	})
}

func (s *session) Delete(name string) error {
	return s.alter("DELETE", func(a *account) error {
		if _, ok := a.folder(name); !ok {
			return errNoFolder
		}
		delete(a.folders, folderName(name))
		return nil
	})
}

func (s *session) Rename(name, newName string, _ *imap.RenameOptions) error {
	return s.alter("RENAME", func(a *account) error {
		f, ok := a.folder(name)
		if !ok {
			return errNoFolder
		}
		if _, ok := a.folder(newName); ok {
			return errExists
		}
		delete(a.folders, f.name)
		f.name = folderName(newName)
		a.folders[f.name] = f
		return nil
	})
}

// alter runs a command that changes the set of folders.
func (s *session) alter(command string, change func(*account) error) error {
	if err := s.begin(command); err != nil {
		return err
	}
	s.account.mu.Lock()
	err := change(s.account)
	s.account.mu.Unlock()
	if err != nil {
		return err
	}
	return s.changed()
}

func (s *session) Subscribe(name string) error   { return s.subscribe(name, true) }
func (s *session) Unsubscribe(name string) error { return s.subscribe(name, false) }

func (s *session) subscribe(name string, on bool) error {
	s.account.mu.Lock()
	defer s.account.mu.Unlock()
	f, ok := s.account.folder(name)
	if !ok {
		return errNoFolder
	}
	f.subscribed = on
	return nil
}

func (s *session) Namespace() (*imap.NamespaceData, error) {
	return &imap.NamespaceData{Personal: []imap.NamespaceDescriptor{{Delim: '/'}}}, nil
}

func (s *session) List(w *imapserver.ListWriter, ref string, patterns []string, options *imap.ListOptions) error {
	if err := s.begin("LIST"); err != nil {
		return err
	}
	if len(patterns) == 0 {
		return w.WriteList(&imap.ListData{Attrs: []imap.MailboxAttr{imap.MailboxAttrNoSelect}, Delim: '/'})
	}
	for _, data := range s.account.list(ref, patterns, options) {
		if err := w.WriteList(data); err != nil {
			return err
		}
	}
	return nil
}

func (a *account) list(ref string, patterns []string, options *imap.ListOptions) (found []*imap.ListData) {
	a.mu.Lock()
	defer a.mu.Unlock()
	for _, f := range a.folders {
		matches := func(pattern string) bool { return imapserver.MatchList(f.name, '/', ref, pattern) }
		if !slices.ContainsFunc(patterns, matches) ||
			options.SelectSubscribed && !f.subscribed || options.SelectSpecialUse && f.use == "" {
			continue
		}
		found = append(found, f.listData(options))
	}
	slices.SortFunc(found, func(x, y *imap.ListData) int { return strings.Compare(x.Mailbox, y.Mailbox) })
	return found
}

func (f *folder) listData(options *imap.ListOptions) *imap.ListData {
	data := &imap.ListData{Mailbox: f.name, Delim: '/'}
	if f.subscribed && (options.ReturnSubscribed || options.SelectSubscribed) {
		data.Attrs = append(data.Attrs, imap.MailboxAttrSubscribed)
	}
	if f.use != "" {
		data.Attrs = append(data.Attrs, f.use)
	}
	if options.ReturnStatus != nil {
		data.Status = f.status(options.ReturnStatus)
	}
	return data
}

func (s *session) Status(name string, options *imap.StatusOptions) (*imap.StatusData, error) {
	if err := s.begin("STATUS"); err != nil {
		return nil, err
	}
	s.account.mu.Lock()
	defer s.account.mu.Unlock()
	f, ok := s.account.folder(name)
	if !ok {
		return nil, errNoFolder
	}
	return f.status(options), nil
}

func (f *folder) status(options *imap.StatusOptions) *imap.StatusData {
	data := &imap.StatusData{Mailbox: f.name, UIDNext: f.next, UIDValidity: f.validity}
	for _, item := range []struct {
		asked bool
		field **uint32
		value func() uint32
	}{
		{options.NumMessages, &data.NumMessages, func() uint32 { return uint32(len(f.letters)) }},
		{options.NumUnseen, &data.NumUnseen, func() uint32 { return uint32(len(f.letters)) - f.count(imap.FlagSeen) }},
		{options.NumDeleted, &data.NumDeleted, func() uint32 { return f.count(imap.FlagDeleted) }},
		{options.NumRecent, &data.NumRecent, func() uint32 { return 0 }},
	} {
		if item.asked {
			value := item.value()
			*item.field = &value
		}
	}
	if options.Size {
		var size int64
		for _, l := range f.letters {
			size += int64(len(l.raw))
		}
		data.Size = &size
	}
	return data
}

func (s *session) Append(name string, r imap.LiteralReader, options *imap.AppendOptions) (*imap.AppendData, error) {
	if err := s.begin("APPEND"); err != nil {
		return nil, err
	}
	raw := make([]byte, r.Size())
	if _, err := io.ReadFull(r, raw); err != nil {
		return nil, err
	}
	data, err := s.account.append(name, raw, options)
	if err != nil {
		return nil, err
	}
	return data, s.changed()
}

func (a *account) append(name string, raw []byte, options *imap.AppendOptions) (*imap.AppendData, error) {
	a.mu.Lock()
	defer a.mu.Unlock()
	f, ok := a.folder(name)
	if !ok {
		return nil, errNoTarget
	}
	at := options.Time
	if at.IsZero() {
		at = time.Now()
	}
	l := f.add(raw, at, options.Flags)
	return &imap.AppendData{UID: l.uid, UIDValidity: f.validity}, nil
}

// ---- news

func (s *session) Poll(w *imapserver.UpdateWriter, allowExpunge bool) error {
	if v := s.selected(); v != nil {
		return v.tracker.Poll(w, allowExpunge)
	}
	return nil
}

func (s *session) Idle(w *imapserver.UpdateWriter, stop <-chan struct{}) error {
	if err := s.begin("IDLE"); err != nil {
		return err
	}
	v := s.selected()
	if v == nil {
		<-stop
		return nil
	}
	for {
		if err := v.tracker.Poll(w, true); err != nil {
			return err
		}
		select {
		case <-v.wake:
		case <-stop:
			return nil
		}
	}
}
