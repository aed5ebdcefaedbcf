package channellog

import (
	"bytes"
	"encoding/base64"
	"encoding/json"
	"net/url"
	"slices"
	"strings"
)

// shortest is the length of the shortest secret that is blotted out: replacing
// shorter ones would riddle every line and show where they stand.
const shortest = 4

// blotter replaces secrets by three stars, in the forms in which they get into
// logs: as they are, inside JSON, in addresses and in base64.
type blotter struct {
	forms   [][]byte
	replace *strings.Replacer
}

func newBlotter(secrets []string) *blotter {
	var forms []string
	for _, s := range lines(secrets) {
		if len(s) < shortest {
			continue
		}
		forms = append(forms, s, url.QueryEscape(s), url.PathEscape(s), inJSON(s),
			base64.StdEncoding.EncodeToString([]byte(s)), base64.URLEncoding.EncodeToString([]byte(s)),
			base64.RawStdEncoding.EncodeToString([]byte(s)), base64.RawURLEncoding.EncodeToString([]byte(s)))
	}
	// The longest first, so that no form leaves the end of a longer one behind.
	slices.SortFunc(forms, func(a, b string) int { return len(b) - len(a) })
	b := &blotter{}
	var pairs []string
	for _, f := range slices.Compact(forms) {
		b.forms = append(b.forms, []byte(f))
		pairs = append(pairs, f, "***")
	}
	b.replace = strings.NewReplacer(pairs...)
	return b
}

// lines adds the single lines of secrets that have several (keys in PEM), for a
// log is written line by line.
func lines(secrets []string) []string {
	out := slices.Clone(secrets)
	for _, s := range secrets {
		if strings.Contains(s, "\n") {
			out = append(out, strings.Fields(s)...)
		}
	}
	return out
}

func inJSON(s string) string {
	raw, _ := json.Marshal(s) // a text: cannot fail
	return string(raw[1 : len(raw)-1])
}

func (b *blotter) line(raw []byte) []byte {
	if !slices.ContainsFunc(b.forms, func(f []byte) bool { return bytes.Contains(raw, f) }) {
		return raw
	}
	return []byte(b.replace.Replace(string(raw)))
}
