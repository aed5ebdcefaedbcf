package mimex

import (
	"fmt"
	"path"
	"strings"

	"github.com/uzel-hub/uzel/plugins/email/internal/htmlx"
)

// nameFiles gives a name to files that came without one.
func (p *parser) nameFiles() {
	for i := range p.letter.Files {
		f := &p.letter.Files[i]
		if f.Name == "" {
			f.Name = fmt.Sprintf("%s %d%s", defaultName(f), i+1, extension(f.MediaType))
		}
	}
}

func defaultName(f *File) string {
	switch {
	case f.Role == RoleHTML:
		return "текст письма"
	case strings.HasPrefix(f.MediaType, "image/"):
		return "изображение"
	case f.MediaType == "text/calendar":
		return "приглашение"
	case f.Role == RoleSignature:
		return "подпись"
	}
	return "вложение"
}

// pairSignatures ties detached signatures to the files they sign by their
// names: "Договор.pdf.sig" or "Договор.sig" beside "Договор.pdf".
func (p *parser) pairSignatures() {
	files := p.letter.Files
	for i := range files {
		f := &files[i]
		if f.Role != RoleAttachment || !signatureExt(f.Name) {
			continue
		}
		if signed := p.signedBy(i); signed != NoFile {
			f.Role, f.SignatureOf = RoleSignature, signed
		}
	}
}

func signatureExt(name string) bool {
	switch strings.ToLower(path.Ext(name)) {
	case ".p7s", ".sig", ".sgn":
		return true
	}
	return false
}

// signedBy finds the file that files[i] signs: one whose whole name stands
// before the extension of the signature, else one of the same base name.
func (p *parser) signedBy(i int) int {
	files := p.letter.Files
	base := strings.TrimSuffix(files[i].Name, path.Ext(files[i].Name))
	found := NoFile
	for k := range files {
		f := &files[k]
		if k == i || signatureExt(f.Name) || f.Role == RoleSigned || f.Role == RoleReport {
			continue
		}
		if strings.EqualFold(f.Name, base) {
			return k
		}
		if found == NoFile && strings.EqualFold(strings.TrimSuffix(f.Name, path.Ext(f.Name)), base) {
			found = k
		}
	}
	return found
}

// markInline finds the pictures that the HTML shows.
func (p *parser) markInline() {
	shown := htmlx.References(string(p.letter.RawHTML))
	for i := range p.letter.Files {
		f := &p.letter.Files[i]
		if f.Role == RoleAttachment && f.ContentID != "" && shown[f.ContentID] && strings.HasPrefix(f.MediaType, "image/") {
			f.Role, f.Inline = RoleInline, true
		}
	}
}
