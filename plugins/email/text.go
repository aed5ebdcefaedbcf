package main

import (
	"fmt"
	"strings"

	"github.com/uzel-hub/uzel/plugins/email/internal/mimex"
	"github.com/uzel-hub/uzel/sdk"
)

func faults(l *mimex.Letter) string { return strings.Join(l.Faults, "; ") }

func oversized(size int64, limit int) string {
	return fmt.Sprintf("письмо %d МБ больше предела %d МБ и осталось на почтовом сервере", size>>20, limit)
}

// render fills the template of a letter. The text comes last, so that what a
// person wrote is never taken for a placeholder.
func (s settings) render(d sdk.Dispatch) string {
	r := strings.NewReplacer(
		"{number}", d.Document.Number,
		"{date}", ruDate(d.Document.Date),
		"{origin_number}", d.Document.OriginNumber,
		"{origin_date}", ruDate(d.Document.OriginDate),
		"{author}", d.Document.Author,
		"{signature}", s.Letter.Signature,
		"{text}", d.Document.Text,
	)
	return strings.TrimRight(r.Replace(s.Letter.Template), " \n") + "\n"
}

// ruDate writes 2026-11-21 as 21.11.2026.
func ruDate(date string) string {
	parts := strings.Split(date, "-")
	if len(parts) != 3 {
		return date
	}
	return parts[2] + "." + parts[1] + "." + parts[0]
}

// subject carries the number by which an answer finds its matter: that of the
// document answered, or else the letter's own.
func (s settings) subject(d sdk.Dispatch) string {
	number := d.Document.OriginNumber
	if number == "" {
		number = d.Document.Number
	}
	subject := oneLine(d.Document.Subject)
	if !s.Letter.Number || number == "" || strings.Contains(subject, number) {
		return subject
	}
	return subject + " [№ " + number + "]"
}

// oneLine keeps a subject from growing headers of its own.
func oneLine(s string) string { return strings.Join(strings.Fields(s), " ") }
