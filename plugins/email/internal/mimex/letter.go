// Package mimex reads letters as they come. Parse never refuses one because of
// what it contains: it repairs what can be repaired, keeps what cannot be read
// as a file, says in Faults what it did, and does so with bounded work and
// memory. Structure comes from RFC 5322 and 2045 to 2049; header fields are
// kept by go-message; the walk over the parts is an own one, because the
// readers to be had either refuse damaged letters, lose their parts, or take
// exponential time over hostile ones.
package mimex

import (
	"io"
	"time"

	"github.com/uzel-hub/uzel/plugins/email/internal/headerx"
	"github.com/uzel-hub/uzel/plugins/email/internal/spool"
)

// Address is a correspondent; Email is "" when none could be read.
type Address = headerx.Address

// Spool says where bodies of the letter are kept while it is in use: see
// spool.Options. A zero Bytes becomes twice Limits.Total, zero Blobs four times
// Limits.Parts.
type Spool = spool.Options

// Limits bound what is read of one letter. Zero fields mean the defaults. What
// lies beyond a limit is left out or kept as a file, with a fault, and the rest
// is read.
type Limits struct {
	Total       int64 // bytes of the letter; default 50 MiB
	Depth       int   // multiparts inside one another; default 10
	Parts       int   // parts of all multiparts; default 500
	HeaderBlock int   // bytes of one header block; default 256 KiB
	Header      int   // bytes of one field; default 64 KiB
	Text        int   // bytes of all plain text, and of all HTML; default 2 MiB
}

func (l Limits) withDefaults() Limits {
	set := func(v *int, def int) {
		if *v <= 0 {
			*v = def
		}
	}
	if l.Total <= 0 {
		l.Total = 50 << 20
	}
	set(&l.Depth, 10)
	set(&l.Parts, 500)
	set(&l.HeaderBlock, 256<<10)
	set(&l.Header, 64<<10)
	set(&l.Text, 2<<20)
	return l
}

// Letter is what could be read of a letter. All strings are valid UTF-8
// without NUL. Close must be called when its files are no longer needed.
type Letter struct {
	MessageID   string   // without angle brackets; made up from the contents when missing
	SyntheticID bool     // MessageID was made up; equal letters get equal ids
	InReplyTo   []string // Message-IDs
	References  []string // Message-IDs, oldest first

	Date        time.Time // of the Date field, else of the last Received; zero when neither can be read
	From        Address   // when the field is missing: Sender, Reply-To or Return-Path
	Sender      Address
	ReplyTo     Address
	ReturnPath  Address // envelope sender; zero for bounces, see Auto.NullSender
	To, Cc      []Address
	DeliveredTo []string // envelope recipients, with their tags; as the servers noted them, newest first
	Subject     string

	Text    string // plain text; made from the HTML when there is none
	HTML    string // sanitised (see htmlx); "" when the letter has none or too much of it
	RawHTML []byte // HTML as the sender wrote it, in UTF-8: never to be shown
	Files   []File

	Auto    AutoInfo
	Bounce  *Bounce // the letter reports on a delivery
	Receipt *MDN    // the letter reports on reading

	Header  map[string][]string // all fields by canonical name; encoded words are left as they are
	BodySum string              // SHA-256 (hex) of all bytes behind the header: equal for two copies of one letter
	Size    int64               // bytes read
	Parts   int                 // parts met, those beyond the limit included
	Work    int64               // bytes that went through the scanner: more than Size when signed parts were read twice
	Faults  []string            // what was repaired or left out, for people (Russian)
	Broken  bool                // no letter could be recognised; Text or Files hold what there was

	store *spool.Store
}

// Close removes what the letter keeps on disk. Files cannot be opened after it.
func (l *Letter) Close() error { return l.store.Close() }

// Role tells what a file is for.
type Role string

// The roles of files.
const (
	RoleAttachment Role = "attachment"
	RoleInline     Role = "inline"    // a picture inside the HTML
	RoleLetter     Role = "letter"    // message/rfc822: a letter inside the letter
	RoleSigned     Role = "signed"    // exact bytes of what a signature of the whole letter signs
	RoleSignature  Role = "signature" // detached signature of Files[SignatureOf]; an opaque one has its content inside
	RoleHTML       Role = "html"      // HTML of the letter that is too long to show
	RoleReport     Role = "report"    // machine-readable part of a bounce or receipt
)

// NoFile is File.SignatureOf of a file that signs no other.
const NoFile = -1

// File is one part of the letter that is kept as a file.
type File struct {
	Name        string // safe to show and to save under; never empty
	MediaType   string // by content
	Declared    string // media type by the sender, may be empty
	ContentID   string // without angle brackets
	Inline      bool   // shown inside the HTML
	Role        Role
	SignatureOf int   // index in Letter.Files, or NoFile
	Size        int64 // bytes
	blob        spool.Blob
}

// Open returns the decoded bytes of the file. It may be called any number of
// times, by many goroutines, until the letter is closed.
func (f *File) Open() (io.ReadCloser, error) { return f.blob.Open() }
