package emulator

import (
	"crypto/rand"
	"embed"
	"fmt"
	"io/fs"
	"net/mail"
	"strings"
	"time"
)

//go:embed letters/*.eml
var demo embed.FS

// DemoLetters are letters as residents write them: a leak with photographs, a
// question about a bill, one in koi8-r, one in HTML alone, one with a
// statement in .docx, a reply to the first, and an automatic reply.
func DemoLetters() fs.FS {
	sub, err := fs.Sub(demo, "letters")
	if err != nil {
		panic(err) // the folder is embedded above
	}
	return sub
}

// SeedLetter is a letter ready to be put into a mailbox.
type SeedLetter struct {
	Sender string // address in From
	Raw    []byte
}

// SeedLetters reads the *.eml files of a folder in the order of their names.
// In each, {mailbox} becomes addr, {date} the time now, and {run} a word that
// differs from call to call, so that Message-IDs are new each time; line ends
// become CRLF.
func SeedLetters(folder fs.FS, addr string) ([]SeedLetter, error) {
	names, err := fs.Glob(folder, "*.eml")
	if err != nil {
		return nil, err
	}
	fill := strings.NewReplacer(
		"{mailbox}", addr, "{date}", time.Now().Format(time.RFC1123Z), "{run}", rand.Text(),
		"\r\n", "\r\n", "\n", "\r\n",
	)
	var letters []SeedLetter
	for _, name := range names {
		raw, err := fs.ReadFile(folder, name)
		if err != nil {
			return nil, err
		}
		filled := []byte(fill.Replace(string(raw)))
		sender, err := senderOf(filled)
		if err != nil {
			return nil, fmt.Errorf("%s: %w", name, err)
		}
		letters = append(letters, SeedLetter{Sender: sender, Raw: filled})
	}
	return letters, nil
}

// senderOf returns the address in From. The name before it is not decoded: it
// may be in a character set that the standard library does not know.
func senderOf(raw []byte) (string, error) {
	header, _ := splitLetter(raw)
	from := field(header, "From")
	if i := strings.LastIndexByte(from, '<'); i >= 0 {
		from = from[i:]
	}
	addr, err := mail.ParseAddress(from)
	if err != nil {
		return "", fmt.Errorf("no sender: %w", err)
	}
	return addr.Address, nil
}
