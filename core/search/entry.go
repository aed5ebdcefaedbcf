package search

import (
	"cmp"
	"strconv"
	"strings"
	"time"
	"unicode"

	"github.com/uzel-hub/uzel/core"
	"github.com/uzel-hub/uzel/core/search/extract"
)

// entry is a document as the index knows it. The names of the fields are those
// of the mapping and of the filters.
type entry struct {
	Key          string   `json:"key"` // the id once more, to sort by
	Version      string   `json:"version"`
	Day          float64  `json:"day"` // of registration, see dayOf
	Organization string   `json:"organization"`
	Direction    string   `json:"direction"`
	Kind         string   `json:"kind"`
	State        string   `json:"state"`
	Channel      string   `json:"channel"`
	Thread       string   `json:"thread"`
	Number       string   `json:"number"`
	Mark         []string `json:"mark"`
	Sender       []string `json:"sender"`
	AppealState  string   `json:"appeal_state"`
	Line         string   `json:"line"`
	Operator     string   `json:"operator"`
	ReasonGroup  string   `json:"reason_group"`
	Reason       string   `json:"reason"`
	Source       string   `json:"source"`
	Tag          []string `json:"tag"`

	Subject    string   `json:"subject"`
	Text       string   `json:"text"`
	Requisites string   `json:"requisites"`
	Files      []string `json:"files"` // one text for each file that has one
	Codes      []string `json:"codes"` // see codesOf
}

// dayOf numbers the days of the office's calendar.
func dayOf(t time.Time) float64 {
	_, offset := t.In(core.OfficeZone).Zone()
	return float64((t.Unix() + int64(offset)) / (24 * 60 * 60))
}

// none stands in fields a user's limits look at and that are empty: such
// documents everybody sees.
const none = "-"

func orNone(value string) string { return cmp.Or(value, none) }

// plainYo writes е for ё, which takes as many bytes: places in the text stay
// the same.
func plainYo(text string) string {
	return strings.ReplaceAll(strings.ReplaceAll(text, "ё", "е"), "Ё", "Е")
}

// entryOf is the document with the texts of its files.
func entryOf(d *core.Document, files []string) entry {
	e := entry{
		Key: string(d.ID), Version: strconv.FormatUint(d.Version, 10), Day: dayOf(d.CreatedAt),
		Organization: orNone(string(d.Organization)), Line: none, Direction: string(d.Direction), Kind: string(d.Kind), State: string(d.State),
		Channel: string(d.Channel), Thread: string(d.Thread), Subject: plainYo(d.Subject), Text: plainYo(plainText(d)),
	}
	if d.Number != nil {
		e.Number = d.Number.Text
	}
	for _, m := range d.Marks {
		e.Mark = append(e.Mark, string(m.Kind))
	}
	for _, a := range d.Sender.Addresses {
		e.Sender = append(e.Sender, a.Key())
	}
	e.setAppeal(d.Appeal)
	requisites := requisitesOf(d)
	e.Requisites = plainYo(strings.Join(requisites, "\n"))
	for _, text := range files {
		e.Files = append(e.Files, plainYo(text))
	}
	e.Codes = codesOf(requisites, append([]string{e.Subject, e.Text}, e.Files...))
	return e
}

func (e *entry) setAppeal(a *core.Appeal) {
	if a == nil {
		return
	}
	e.AppealState, e.Line, e.Operator = string(a.State), orNone(string(a.Line)), string(a.Operator)
	e.ReasonGroup, e.Reason, e.Source = string(a.ReasonGroup), string(a.Reason), string(a.Source)
	for _, tag := range a.Tags {
		e.Tag = append(e.Tag, string(tag))
	}
}

// maxText bounds the text of a document in the index, in bytes.
const maxText = 512 << 10

// plainText is the text of a document; one that has only HTML says the same.
func plainText(d *core.Document) string {
	if strings.TrimSpace(d.Text) != "" || d.HTML == "" {
		return cut(d.Text, maxText)
	}
	text, _ := extract.Text("text.html", "text/html", []byte(d.HTML), maxText) // was sanitised when it came in
	return text
}

// cut shortens a text to at most limit bytes of whole characters.
func cut(text string, limit int) string {
	if len(text) <= limit {
		return text
	}
	return strings.ToValidUTF8(text[:limit], "")
}

// requisitesOf are the values around the text, one by one.
func requisitesOf(d *core.Document) []string {
	var out []string
	add := func(values ...string) {
		for _, v := range values {
			if v = strings.TrimSpace(v); v != "" {
				out = append(out, cut(v, 16<<10))
			}
		}
	}
	if d.Number != nil {
		add(d.Number.Text)
	}
	addPerson(add, d.Sender)
	for _, r := range d.Recipients {
		addPerson(add, r)
	}
	for _, v := range d.Fields {
		add(v)
	}
	for _, f := range d.Files {
		if f.Role == core.FileAttachment {
			add(f.Name)
		}
	}
	if d.Appeal != nil {
		addAppeal(add, d.Appeal)
	}
	return out
}

func addPerson(add func(...string), c core.Correspondent) {
	add(c.Name)
	for _, a := range c.Addresses {
		add(a.Value)
	}
}

func addAppeal(add func(...string), a *core.Appeal) {
	addPerson(add, a.Applicant)
	for _, account := range a.Accounts {
		add(account.Number, account.Provider, account.Address)
	}
	if a.Premises != nil {
		add(a.Premises.Text, a.Premises.Flat)
	}
	add(a.Description, a.Comment, a.RejectReason)
	for _, v := range a.Extra {
		add(v)
	}
	if a.Result != nil {
		add(a.Result.Text)
		add(a.Result.Works...)
	}
}

// Codes are numbers people know things by: INN, phones, accounts, registration
// numbers. They are found by any part of at least minCode characters: the index
// holds every ending of a code, and a part is the beginning of an ending.
const (
	minCode  = 3
	minRun   = 5
	maxCode  = 40
	maxCodes = 3000 // endings of one document
)

// codesOf finds the codes: every requisite with a digit that is no mail address,
// and the runs of minRun digits or more in texts; shorter ones are words.
func codesOf(requisites, texts []string) []string {
	seen := map[string]bool{}
	for _, v := range requisites {
		if len(v) <= 4*maxCode && strings.ContainsFunc(v, unicode.IsDigit) && !strings.Contains(v, "@") {
			addEndings(seen, code(v))
		}
		addRuns(seen, v)
	}
	for _, text := range texts {
		addRuns(seen, text)
	}
	out := make([]string, 0, len(seen))
	for v := range seen {
		out = append(out, v)
	}
	return out
}

// code is a code as it is compared: letters and digits only, in lower case.
func code(text string) string {
	return strings.Map(func(r rune) rune {
		switch {
		case unicode.IsDigit(r):
			return r
		case unicode.IsLetter(r):
			return sameYo(unicode.ToLower(r))
		}
		return -1
	}, text)
}

func sameYo(r rune) rune {
	if r == 'ё' {
		return 'е'
	}
	return r
}

func addEndings(seen map[string]bool, code string) {
	runes := []rune(code)
	runes = runes[:min(len(runes), maxCode)]
	for i := 0; i+minCode <= len(runes) && len(seen) < maxCodes; i++ {
		seen[string(runes[i:])] = true
	}
}

// addRuns takes runs of digits, with a space, a dash or a bracket between them
// as in phones, out of a text.
func addRuns(seen map[string]bool, text string) {
	var run []byte
	between := 0 // characters since the last digit
	flush := func() {
		if len(run) >= minRun {
			addEndings(seen, string(run))
		}
		run = run[:0]
	}
	for _, r := range text {
		switch {
		case r >= '0' && r <= '9':
			run, between = append(run, byte(r)), 0
			if len(run) == maxCode {
				flush()
			}
		case len(run) > 0 && strings.ContainsRune(" -()\u00a0", r) && between < 2:
			between++
		default:
			flush()
		}
		if len(seen) >= maxCodes {
			return
		}
	}
	flush()
}
