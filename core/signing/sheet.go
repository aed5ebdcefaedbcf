package signing

import (
	"context"
	"crypto/sha256"
	"encoding/hex"
	"fmt"
	"strings"
	"unicode"

	"github.com/uzel-hub/uzel/core"
)

// Sheet keeps a text as a file to be signed: people and outside tools can open
// exactly the bytes that the signature is over.
func (s *Service) Sheet(ctx context.Context, name, text string) (core.Attachment, error) {
	ref, err := s.Blobs.Put(ctx, strings.NewReader(text))
	if err != nil {
		return core.Attachment{}, err
	}
	return core.Attachment{
		Hash: ref.Hash, Size: ref.Size, Name: name, MediaType: "text/plain; charset=utf-8", Role: core.FileAttachment,
	}, nil
}

// DraftText is the sheet of a draft's text.
func DraftText(d *core.Draft, v *core.DraftVersion) (name, text string) {
	return fileName("Письмо " + v.Subject), letter(v.Subject, v.To, v.Text, d.SignedAs)
}

// DocumentText is the sheet of a document's text.
func DocumentText(d *core.Document) (name, text string) {
	head := ""
	title := "Документ"
	if d.Number != nil {
		title = d.Number.Text
		head = "№ " + d.Number.Text + " от " + string(d.Number.Date) + "\n"
	}
	return fileName(title), head + letter(d.Subject, d.Recipients, d.Text, "")
}

func letter(subject string, to []core.Correspondent, text, author string) string {
	var b strings.Builder
	for _, c := range to {
		fmt.Fprintf(&b, "Кому: %s\n", c.Name)
	}
	fmt.Fprintf(&b, "Тема: %s\n\n%s\n", subject, text)
	if author != "" {
		fmt.Fprintf(&b, "\n%s\n", author)
	}
	return b.String()
}

// Visa is the sheet an approver signs: the same bytes at any time for one text
// and one approver.
func Visa(d *core.Draft, v *core.DraftVersion, approver *core.User) (name, text string) {
	var b strings.Builder
	fmt.Fprintf(&b, "Лист согласования\n\nПроект: %s\nРедакция: %d\nТема: %s\nТекст, SHA-256: %s\n", d.ID, v.Number, v.Subject, sum(v.Text))
	for _, f := range v.Files {
		fmt.Fprintf(&b, "Файл: %s, SHA-256: %s\n", f.Name, f.Hash)
	}
	fmt.Fprintf(&b, "\nСогласовано.\n%s (%s)\n", approver.Name, approver.ID)
	return fileName(fmt.Sprintf("Виза %s, редакция %d", approver.Name, v.Number)), b.String()
}

func sum(text string) string {
	s := sha256.Sum256([]byte(text))
	return hex.EncodeToString(s[:])
}

// longestName bounds a file's name, in characters.
const longestName = 80

// fileName makes a safe one of a title.
func fileName(title string) string {
	clean := []rune(strings.Join(strings.FieldsFunc(title, func(r rune) bool {
		return unicode.IsSpace(r) || unicode.IsControl(r) || strings.ContainsRune(`/\:*?"<>|`, r)
	}), " "))
	return strings.Trim(string(clean[:min(len(clean), longestName)]), " .") + ".txt"
}
