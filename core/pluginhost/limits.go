package pluginhost

import (
	"fmt"
	"path"
	"slices"
	"strings"
	"unicode/utf8"

	"github.com/uzel-hub/uzel/core"
	"github.com/uzel-hub/uzel/core/catalog"
)

// refuseParcel tells why the connector cannot carry the parcel, nil if it can:
// better the clerk reads it here than in the outside system's words.
func refuseParcel(e *catalog.Entry, p *core.Parcel) error {
	l := &e.Limits
	if !e.Carries(p.Delivery.Purpose) {
		return overLimit("purpose", "этот канал не передаёт отправки с целью «"+string(p.Delivery.Purpose)+"»")
	}
	files := p.Document.Files
	if l.Files > 0 && len(files) > l.Files {
		return overLimit("files", fmt.Sprintf("файлов %d, канал принимает не больше %d", len(files), l.Files))
	}
	if n := int64(utf8.RuneCountInString(p.Document.Text)); l.TextRunes > 0 && n > l.TextRunes {
		return overLimit("text", fmt.Sprintf("в тексте %d знаков, канал принимает не больше %d", n, l.TextRunes))
	}
	total := int64(len(p.Document.Text) + len(p.Document.HTML))
	for _, f := range files {
		total += f.Size
		if l.FileBytes > 0 && f.Size > l.FileBytes {
			return overLimit("files", "файл «"+f.Name+"» больше допустимого для канала: "+size(l.FileBytes))
		}
		if !takes(l.FileTypes, f) {
			return overLimit("files", "файлы такого вида канал не принимает: «"+f.Name+"»")
		}
	}
	if l.MessageBytes > 0 && total > l.MessageBytes {
		return overLimit("files", "сообщение с файлами больше допустимого для канала: "+size(l.MessageBytes))
	}
	return nil
}

// takes tells whether a file is of one of the types: media types, with or
// without their second half (image/*), or extensions.
func takes(types []string, f core.Attachment) bool {
	if len(types) == 0 {
		return true
	}
	media, _, _ := strings.Cut(strings.ToLower(f.MediaType), ";")
	ext := strings.TrimPrefix(strings.ToLower(path.Ext(f.Name)), ".")
	return slices.ContainsFunc(types, func(t string) bool {
		t = strings.ToLower(t)
		if half, ok := strings.CutSuffix(t, "/*"); ok {
			return strings.HasPrefix(media, half+"/")
		}
		return t == media || strings.TrimPrefix(t, ".") == ext
	})
}

func size(n int64) string {
	if n >= 1<<20 {
		return fmt.Sprintf("%d МБ", n>>20)
	}
	return fmt.Sprintf("%d КБ", n>>10)
}

func overLimit(field, text string) error {
	return &core.Error{Kind: core.KindRejected, Code: "delivery.limit", Op: "deliver", Field: field, Text: text}
}
