package headerx

import (
	"net/mail"
	"regexp"
	"strings"
	"time"
)

const (
	maxID  = 900 // bytes of a Message-ID; longer ones are rubbish
	maxIDs = 200 // ids in one References field
)

// MessageIDs reads the ids of Message-ID, In-Reply-To and References, without
// the angle brackets, in their order and without repetition. Text between them
// ("Ваше письмо от …") is skipped; an id without brackets is taken when nothing
// else is there.
func MessageIDs(raw string) []string {
	raw = Text(raw, "")
	var ids []string
	seen := map[string]bool{}
	for rest := raw; len(ids) < maxIDs; {
		_, after, ok := strings.Cut(rest, "<")
		if !ok {
			break
		}
		id, tail, ok := strings.Cut(after, ">")
		if !ok {
			tail = ""
		}
		if i := strings.LastIndexByte(id, '<'); i >= 0 { // the first one was never closed
			id = id[i+1:]
		}
		if id = squeezeID(id); id != "" && !seen[id] {
			seen[id] = true
			ids = append(ids, id)
		}
		rest = tail
	}
	if len(ids) == 0 {
		ids = bareID(raw)
	}
	return ids
}

// squeezeID removes the white space that folding puts into ids.
func squeezeID(id string) string {
	id = strings.Join(strings.Fields(id), "")
	if len(id) > maxID {
		return ""
	}
	return id
}

func bareID(raw string) []string {
	for _, w := range strings.Fields(raw) {
		if w = strings.Trim(w, `<>"',;()`); strings.Contains(w, "@") && len(w) <= maxID {
			return []string{w}
		}
	}
	if w := strings.TrimSpace(raw); w != "" && !strings.ContainsAny(w, " \t<>") && len(w) <= maxID {
		return []string{w}
	}
	return nil
}

var (
	weekday = regexp.MustCompile(`^[^\d]*`)
	comment = regexp.MustCompile(`\([^()]*\)`)
)

// Date reads a date of RFC 5322 and its usual damages. ok is false when there
// is no date in the field.
func Date(raw string) (at time.Time, ok bool) {
	raw = Text(raw, "")
	s := zoneName(strings.Join(strings.Fields(comment.ReplaceAllString(raw, " ")), " "))
	if at, err := mail.ParseDate(s); err == nil {
		return at, plausible(at)
	}
	s = strings.ReplaceAll(weekday.ReplaceAllString(s, ""), ".", ":")
	for _, layout := range []string{
		"2 Jan 2006 15:04:05 -0700", "2 Jan 2006 15:04 -0700", "2 Jan 06 15:04:05 -0700", "2-Jan-2006 15:04:05 -0700",
		"2006-01-02T15:04:05-07:00", "2006-01-02 15:04:05 -0700", "2 January 2006 15:04:05 -0700",
		"2 Jan 2006 15:04:05", "2 Jan 2006 15:04", "2006-01-02T15:04:05Z", "2006-01-02 15:04:05", "02:01:2006 15:04:05", "2 Jan 2006",
	} {
		if at, err := time.Parse(layout, s); err == nil && plausible(at) {
			return at, true
		}
	}
	return time.Time{}, false
}

func plausible(at time.Time) bool { return at.Year() >= 1970 && at.Year() < 2200 }

// zoneName replaces the names of zones met in mail by their offsets.
func zoneName(s string) string {
	i := strings.LastIndexByte(s, ' ')
	if i < 0 {
		return s
	}
	offset := ""
	switch strings.Trim(s[i+1:], `"`) {
	case "GMT", "UT", "UTC", "Z", "-0000", "WET":
		offset = "+0000"
	case "MSK", "MSK+0300", "GMT+3", "GMT+0300", "UTC+3", "EEST":
		offset = "+0300"
	case "MSD":
		offset = "+0400"
	case "CET":
		offset = "+0100"
	case "EET", "CEST":
		offset = "+0200"
	default:
		return s
	}
	return s[:i+1] + offset
}
