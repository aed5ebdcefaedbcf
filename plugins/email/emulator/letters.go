package emulator

import (
	"bufio"
	"bytes"
	"errors"
	"slices"
	"sort"
	"strings"

	"github.com/emersion/go-imap/v2"
	"github.com/emersion/go-imap/v2/imapserver"
	"github.com/emersion/go-message/textproto"
)

// item is a letter as a session saw it when its command began.
type item struct {
	index int    // in the folder; good only while the mutex is held
	seq   uint32 // in the client's numbers
	letter
}

// pick returns the letters of a set that the client has been told of; the
// caller holds the mutex.
func (v *view) pick(set imap.NumSet) (items []item) {
	set = v.resolve(set)
	low, high := v.span(set)
	for i := low; i < high; i++ {
		l := v.folder.letters[i]
		seq := v.tracker.EncodeSeqNum(uint32(i) + 1)
		if seq != 0 && contains(set, seq, l.uid) {
			items = append(items, item{index: i, seq: seq, letter: *l})
		}
	}
	return items
}

func contains(set imap.NumSet, seq uint32, uid imap.UID) bool {
	if uids, ok := set.(imap.UIDSet); ok {
		return uids.Contains(uid)
	}
	seqs := set.(imap.SeqSet)
	return seqs.Contains(seq)
}

// span is the part of the folder in which a resolved set lies: one letter of
// twenty thousand is found without looking at the others.
func (v *view) span(set imap.NumSet) (low, high int) {
	all := len(v.folder.letters)
	uids, ok := set.(imap.UIDSet)
	if !ok {
		return 0, all
	}
	if len(uids) == 0 {
		return 0, 0
	}
	after := func(uid imap.UID) int {
		return sort.Search(all, func(i int) bool { return v.folder.letters[i].uid > uid })
	}
	return after(uids[0].Start - 1), after(uids[len(uids)-1].Stop)
}

// resolve replaces "*" by the number of the last letter that the client knows
// and orders the set.
func (v *view) resolve(set imap.NumSet) imap.NumSet {
	seq, uid := v.last()
	switch set := set.(type) {
	case imap.UIDSet:
		var out imap.UIDSet
		for _, r := range set {
			start, stop, ok := resolveRange(uint32(r.Start), uint32(r.Stop), uint32(uid))
			if ok {
				out.AddRange(imap.UID(start), imap.UID(stop))
			}
		}
		return out
	default:
		var out imap.SeqSet
		for _, r := range set.(imap.SeqSet) {
			if start, stop, ok := resolveRange(r.Start, r.Stop, seq); ok {
				out.AddRange(start, stop)
			}
		}
		return out
	}
}

// resolveRange puts last where a bound is "*". AddRange takes the bounds in
// either order: "9:*" with a last of 5 means 5:9, so that the last letter is
// always in it (RFC 3501, section 9).
func resolveRange(start, stop, last uint32) (uint32, uint32, bool) {
	for _, bound := range []*uint32{&start, &stop} {
		if *bound == 0 {
			*bound = last
		}
	}
	return start, stop, start != 0 && stop != 0
}

func (v *view) last() (seq uint32, uid imap.UID) {
	for i := len(v.folder.letters); i > 0; i-- {
		if seq := v.tracker.EncodeSeqNum(uint32(i)); seq != 0 {
			return seq, v.folder.letters[i-1].uid
		}
	}
	return 0, 0
}

// ---- FETCH

func (s *session) Fetch(w *imapserver.FetchWriter, set imap.NumSet, options *imap.FetchOptions) error {
	if err := s.begin("FETCH"); err != nil {
		return err
	}
	v := s.selected()
	for _, it := range v.read(set, marksSeen(options)) {
		if err := it.write(w.CreateMessage(it.seq), options); err != nil {
			return err
		}
	}
	return nil
}

func marksSeen(options *imap.FetchOptions) bool {
	return slices.ContainsFunc(options.BodySection, func(b *imap.FetchItemBodySection) bool { return !b.Peek })
}

// read returns the letters of a set after marking them \Seen, if a fetch does.
func (v *view) read(set imap.NumSet, seen bool) []item {
	v.account.mu.Lock()
	defer v.account.mu.Unlock()
	items := v.pick(set)
	for i := range items {
		it := &items[i]
		if seen && !v.readOnly && !hasFlag(it.flags, imap.FlagSeen) {
			it.flags = withFlags(it.flags, imap.StoreFlagsAdd, []imap.Flag{imap.FlagSeen})
			v.folder.setFlags(it.index, it.flags, nil)
		}
	}
	return items
}

func (it *item) write(w *imapserver.FetchResponseWriter, options *imap.FetchOptions) error {
	w.WriteUID(it.uid)
	if options.Flags {
		w.WriteFlags(it.flags)
	}
	if options.InternalDate {
		w.WriteInternalDate(it.at)
	}
	if options.RFC822Size {
		w.WriteRFC822Size(int64(len(it.raw)))
	}
	if options.Envelope {
		header, _ := textproto.ReadHeader(bufio.NewReader(bytes.NewReader(it.raw)))
		w.WriteEnvelope(imapserver.ExtractEnvelope(header))
	}
	if options.BodyStructure != nil {
		w.WriteBodyStructure(populated(imapserver.ExtractBodyStructure(bytes.NewReader(it.raw))))
	}
	var err error
	for _, section := range options.BodySection {
		body := it.section(section)
		lit := w.WriteBodySection(section, int64(len(body)))
		_, errWrite := lit.Write(body)
		err = errors.Join(err, errWrite, lit.Close())
	}
	return errors.Join(err, w.Close()) // without Close the connection stays locked
}

// populated gives every multipart without parts an empty one, because a
// structure without them cannot be told in IMAP.
func populated(b imap.BodyStructure) imap.BodyStructure {
	switch b := b.(type) {
	case *imap.BodyStructureMultiPart:
		for i := range b.Children {
			b.Children[i] = populated(b.Children[i])
		}
		if len(b.Children) == 0 {
			b.Children = append(b.Children, imapserver.ExtractBodyStructure(strings.NewReader("Content-Type: text/plain\r\n\r\n")))
		}
	case *imap.BodyStructureSinglePart:
		if b.MessageRFC822 != nil {
			b.MessageRFC822.BodyStructure = populated(b.MessageRFC822.BodyStructure)
		}
	}
	return b
}

// section cuts a section out of the bytes as they are, so that a broken letter
// is delivered as broken as it came; only single parts are left to the library.
func (it *item) section(s *imap.FetchItemBodySection) []byte {
	if len(s.Part) > 0 {
		return imapserver.ExtractBodySection(bytes.NewReader(it.raw), s)
	}
	header, text := splitLetter(it.raw)
	body := it.raw
	switch s.Specifier {
	case imap.PartSpecifierText:
		body = text
	case imap.PartSpecifierHeader:
		body = filterHeader(header, s.HeaderFields, s.HeaderFieldsNot)
	}
	if p := s.Partial; p != nil {
		start := min(p.Offset, int64(len(body)))
		body = body[start:min(start+p.Size, int64(len(body)))]
	}
	return body
}

// splitLetter cuts after the empty line that ends the header.
func splitLetter(raw []byte) (header, text []byte) {
	for i := 0; i < len(raw); {
		end := bytes.IndexByte(raw[i:], '\n')
		if end < 0 {
			break
		}
		line := raw[i : i+end]
		i += end + 1
		if len(bytes.TrimRight(line, "\r")) == 0 {
			return raw[:i], raw[i:]
		}
	}
	return raw, nil
}

// filterHeader keeps the fields named in only, or all but those in not.
func filterHeader(header []byte, only, not []string) []byte {
	if len(only) == 0 && len(not) == 0 {
		return header
	}
	var out []byte
	keep := false
	for line := range bytes.Lines(header) {
		if len(bytes.TrimSpace(line)) == 0 {
			return append(out, line...)
		}
		if line[0] != ' ' && line[0] != '\t' {
			name, _, _ := bytes.Cut(line, []byte(":"))
			named := func(n string) bool { return strings.EqualFold(n, string(bytes.TrimSpace(name))) }
			keep = slices.ContainsFunc(only, named) || len(only) == 0 && !slices.ContainsFunc(not, named)
		}
		if keep {
			out = append(out, line...)
		}
	}
	return out
}

// ---- changes

// change runs a command that changes the letters of the selected folder.
func (s *session) change(command string, do func(v *view) error) error {
	if err := s.begin(command); err != nil {
		return err
	}
	v := s.selected()
	if v.readOnly {
		return errReadOnly
	}
	v.account.mu.Lock()
	err := do(v)
	v.account.mu.Unlock()
	if err != nil {
		return err
	}
	return s.changed()
}

func (s *session) Store(w *imapserver.FetchWriter, set imap.NumSet, store *imap.StoreFlags, _ *imap.StoreOptions) error {
	var items []item
	err := s.change("STORE", func(v *view) error {
		items = v.pick(set)
		for i := range items {
			it := &items[i]
			it.flags = withFlags(it.flags, store.Op, store.Flags)
			v.folder.setFlags(it.index, it.flags, v)
		}
		return nil
	})
	if err != nil || store.Silent {
		return err
	}
	for _, it := range items {
		if err := it.write(w.CreateMessage(it.seq), &imap.FetchOptions{Flags: true}); err != nil {
			return err
		}
	}
	return nil
}

func (s *session) Expunge(_ *imapserver.ExpungeWriter, uids *imap.UIDSet) error {
	if s.selected().readOnly {
		return nil // CLOSE of an examined folder removes nothing and is no mistake
	}
	return s.change("EXPUNGE", func(v *view) error {
		v.folder.remove(func(l *letter) bool {
			return hasFlag(l.flags, imap.FlagDeleted) && (uids == nil || uids.Contains(l.uid))
		})
		return nil // the news of it are written by Poll, before the tagged answer
	})
}

func (s *session) Copy(set imap.NumSet, dest string) (data *imap.CopyData, err error) {
	if err := s.begin("COPY"); err != nil {
		return nil, err
	}
	v := s.selected()
	v.account.mu.Lock()
	data, err = v.copy(v.pick(set), dest)
	v.account.mu.Unlock()
	if err != nil {
		return nil, err
	}
	return data, s.changed()
}

func (s *session) Move(w *imapserver.MoveWriter, set imap.NumSet, dest string) error {
	var data *imap.CopyData
	err := s.change("MOVE", func(v *view) (err error) {
		items := v.pick(set)
		if data, err = v.copy(items, dest); err != nil {
			return err
		}
		v.folder.remove(func(l *letter) bool { return data.SourceUIDs.Contains(l.uid) })
		return nil
	})
	if err != nil || len(data.SourceUIDs) == 0 {
		return err
	}
	return w.WriteCopyData(data)
}

// copy adds letters to another folder; the caller holds the mutex.
func (v *view) copy(items []item, dest string) (*imap.CopyData, error) {
	f, ok := v.account.folder(dest)
	if !ok {
		return nil, errNoTarget
	}
	var from, to imap.UIDSet
	for _, it := range items {
		from.AddNum(it.uid)
		to.AddNum(f.add(it.raw, it.at, it.flags).uid)
	}
	return &imap.CopyData{UIDValidity: f.validity, SourceUIDs: from, DestUIDs: to}, nil
}
