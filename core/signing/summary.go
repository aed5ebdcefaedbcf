package signing

import (
	"cmp"
	"fmt"
	"strings"
	"time"
	"unicode"

	"github.com/uzel-hub/uzel/core"
)

// statuses are the outcomes as people read them.
var statuses = map[core.SignatureStatus]string{
	core.SignatureValid:         "действительна",
	core.SignatureInvalid:       "НЕДЕЙСТВИТЕЛЬНА",
	core.SignatureIndeterminate: "действительность не установлена",
}

var checkStatuses = map[string]string{"passed": "да", "failed": "НЕТ", "unknown": "не установлено", "absent": "не требуется"}

// Summary tells all reports of a document to people.
func Summary(d *core.Document, all []*core.Signature) string {
	var b strings.Builder
	title := d.Subject
	if d.Number != nil {
		title = "№ " + d.Number.Text + " от " + string(d.Number.Date) + ", " + d.Subject
	}
	fmt.Fprintf(&b, "Отчёт о проверке электронных подписей\nДокумент: %s\n", oneLine(title))
	for _, sig := range all {
		if sig.Signature == nil {
			continue
		}
		fmt.Fprintf(&b, "\nФайл подписи: %s\n", oneLine(sig.Signature.Name))
		if sig.File != nil {
			fmt.Fprintf(&b, "Подписанный файл: %s\n", oneLine(sig.File.Name))
		}
		if sig.CheckedAt == nil {
			b.WriteString("Ещё не проверена\n")
			continue
		}
		fmt.Fprintf(&b, "Проверена: %s\n", sig.CheckedAt.In(core.OfficeZone).Format("02.01.2006 15:04:05 MST"))
		for i := range sig.Reports {
			tell(&b, &sig.Reports[i])
		}
	}
	return b.String()
}

func tell(b *strings.Builder, r *core.SignatureReport) {
	line := func(name, value string) {
		if value != "" {
			fmt.Fprintf(b, "  %s: %s\n", name, oneLine(value))
		}
	}
	fmt.Fprintf(b, "Подпись %s", cmp.Or(statuses[r.Status], statuses[core.SignatureIndeterminate]))
	if r.Text != "" {
		fmt.Fprintf(b, ": %s", oneLine(r.Text))
	}
	b.WriteString("\n")
	line("Вид", map[string]string{"qualified": "квалифицированная", "unqualified": "неквалифицированная"}[r.Kind])
	line("Формат", r.Format)
	line("Алгоритм", r.Algorithm)
	line("Подписант", r.Signer.Name)
	line("Должность", r.Signer.Position)
	line("Организация", r.Signer.Organization)
	line("ИНН", r.Signer.INN)
	line("ИНН организации", r.Signer.INNLE)
	line("ОГРН", r.Signer.OGRN)
	line("ОГРНИП", r.Signer.OGRNIP)
	line("СНИЛС", r.Signer.SNILS)
	line("Сертификат", r.Certificate.Serial)
	line("Издатель", r.Certificate.Issuer)
	line("Действует с", day(r.Certificate.NotBefore))
	line("Действует по", day(r.Certificate.NotAfter))
	line("Время подписи со слов подписанта", day(r.ClaimedAt))
	line("Штамп времени", day(r.StampedAt))
	line("Отозван", day(r.Revocation.RevokedAt))
	for _, c := range r.Checks {
		line("- "+c.Title, checkStatuses[c.Status]+map[bool]string{true: " (" + c.Text + ")"}[c.Text != ""])
	}
	line("SHA-256 документа", r.Digests.SHA256)
	line("ГОСТ Р 34.11-2012 документа", r.Digests.GOST256)
}

// oneLine keeps a value on its line: whoever made a certificate chose the words
// in it, and must not add lines of the report's own.
func oneLine(text string) string {
	return strings.Join(strings.FieldsFunc(strings.ToValidUTF8(text, "\ufffd"), breaks), " ")
}

func breaks(r rune) bool { return unicode.IsControl(r) || r == '\u2028' || r == '\u2029' }

// day is a moment of a report for people; what is none stays as it is.
func day(moment string) string {
	at, err := time.Parse(time.RFC3339, moment)
	if err != nil {
		return moment
	}
	return at.In(core.OfficeZone).Format("02.01.2006 15:04:05 MST")
}
