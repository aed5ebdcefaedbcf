package mimex_test

import (
	"bytes"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"flag"
	"io"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/uzel-hub/uzel/plugins/email/internal/mimex"
)

var update = flag.Bool("update", false, "write the golden files anew")

// golden is a letter in the form a person can read and compare.
type golden struct {
	MessageID   string          `json:"message_id"`
	Synthetic   bool            `json:"synthetic_id,omitempty"`
	InReplyTo   []string        `json:"in_reply_to,omitempty"`
	References  []string        `json:"references,omitempty"`
	Date        string          `json:"date,omitempty"`
	From        mimex.Address   `json:"from"`
	Sender      *mimex.Address  `json:"sender,omitempty"`
	ReplyTo     *mimex.Address  `json:"reply_to,omitempty"`
	To          []mimex.Address `json:"to,omitempty"`
	Cc          []mimex.Address `json:"cc,omitempty"`
	DeliveredTo []string        `json:"delivered_to,omitempty"`
	Subject     string          `json:"subject"`
	Text        []string        `json:"text"`
	HTML        []string        `json:"html,omitempty"`
	Files       []goldenFile    `json:"files,omitempty"`
	NoAutoReply string          `json:"no_auto_reply,omitempty"`
	Bounce      *mimex.Bounce   `json:"bounce,omitempty"`
	Receipt     *mimex.MDN      `json:"receipt,omitempty"`
	Faults      []string        `json:"faults,omitempty"`
	Broken      bool            `json:"broken,omitempty"`
}

type goldenFile struct {
	Name        string     `json:"name"`
	Type        string     `json:"type"`
	Declared    string     `json:"declared,omitempty"`
	Role        mimex.Role `json:"role"`
	ContentID   string     `json:"content_id,omitempty"`
	SignatureOf *string    `json:"signature_of,omitempty"`
	Size        int64      `json:"size"`
	SHA256      string     `json:"sha256"`
}

func toGolden(t testing.TB, l *mimex.Letter) golden {
	g := golden{
		MessageID: l.MessageID, Synthetic: l.SyntheticID, InReplyTo: l.InReplyTo, References: l.References,
		From: l.From, Sender: known(l.Sender), ReplyTo: known(l.ReplyTo), To: l.To, Cc: l.Cc, DeliveredTo: l.DeliveredTo,
		Subject: l.Subject, Text: split(l.Text), HTML: split(l.HTML),
		NoAutoReply: l.NoAutoReply([]string{"uk@uk.test"}), Bounce: l.Bounce, Receipt: l.Receipt, Faults: l.Faults, Broken: l.Broken,
	}
	if !l.Date.IsZero() {
		g.Date = l.Date.Format(time.RFC3339)
	}
	for i := range l.Files {
		g.Files = append(g.Files, toGoldenFile(t, l, i))
	}
	return g
}

func known(a mimex.Address) *mimex.Address {
	if a.IsZero() {
		return nil
	}
	return &a
}

func split(s string) []string {
	if s == "" {
		return nil
	}
	return strings.Split(s, "\n")
}

func toGoldenFile(t testing.TB, l *mimex.Letter, i int) goldenFile {
	f := &l.Files[i]
	content := read(t, f)
	sum := sha256.Sum256(content)
	if int64(len(content)) != f.Size {
		t.Errorf("%s: size %d of %d bytes", f.Name, f.Size, len(content))
	}
	g := goldenFile{
		Name: f.Name, Type: f.MediaType, Declared: f.Declared, Role: f.Role, ContentID: f.ContentID,
		Size: f.Size, SHA256: hex.EncodeToString(sum[:8]),
	}
	if f.SignatureOf != mimex.NoFile {
		g.SignatureOf = &l.Files[f.SignatureOf].Name
	}
	return g
}

func read(t testing.TB, f *mimex.File) []byte {
	t.Helper()
	r, err := f.Open()
	if err != nil {
		t.Fatal(err)
	}
	defer r.Close()
	content, err := io.ReadAll(r)
	if err != nil {
		t.Fatal(err)
	}
	return content
}

func parse(t testing.TB, raw []byte, lim mimex.Limits) *mimex.Letter {
	t.Helper()
	l, err := mimex.Parse(t.Context(), bytes.NewReader(raw), lim, mimex.Spool{Dir: t.TempDir()})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := l.Close(); err != nil {
			t.Error(err)
		}
	})
	return l
}

func fixtures(t testing.TB, pattern string) []string {
	t.Helper()
	names, err := filepath.Glob(filepath.Join("testdata", pattern))
	if err != nil || len(names) == 0 {
		t.Fatalf("%s: %d files, %v", pattern, len(names), err)
	}
	return names
}

func load(t testing.TB, name string) []byte {
	t.Helper()
	raw, err := os.ReadFile(name)
	if err != nil {
		t.Fatal(err)
	}
	return raw
}

// TestGolden compares every letter of testdata with the file beside it that
// tells in JSON what must be read of it. Run with -update to write those files,
// then read the difference.
func TestGolden(t *testing.T) {
	for _, name := range fixtures(t, "*/*.eml") {
		t.Run(strings.TrimSuffix(filepath.ToSlash(name), ".eml"), func(t *testing.T) {
			got := encode(t, toGolden(t, parse(t, load(t, name), mimex.Limits{})))
			beside := strings.TrimSuffix(name, ".eml") + ".json"
			if *update {
				if err := os.WriteFile(beside, got, 0o644); err != nil {
					t.Fatal(err)
				}
				return
			}
			if want := load(t, beside); !bytes.Equal(got, want) {
				t.Errorf("differs from %s; got\n%s", beside, got)
			}
		})
	}
}

func encode(t testing.TB, g golden) []byte {
	t.Helper()
	var out bytes.Buffer
	enc := json.NewEncoder(&out)
	enc.SetEscapeHTML(false)
	enc.SetIndent("", "  ")
	if err := enc.Encode(g); err != nil {
		t.Fatal(err)
	}
	return out.Bytes()
}
