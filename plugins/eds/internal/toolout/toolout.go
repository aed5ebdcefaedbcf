// Package toolout reads what the command line programs of CryptoPro CSP print.
// The console may be in any language and in cp1251: only marks in ASCII are
// looked for.
package toolout

import (
	"regexp"
	"strconv"
	"strings"
)

var (
	codeForm  = regexp.MustCompile(`\[(?:ErrorCode|ReturnCode): (0x[0-9A-Fa-f]{1,8}|\d{1,10})\]`)
	printForm = regexp.MustCompile(`(?m)^SHA1[^:\n]*:\s*(?:0x)?([0-9A-Fa-f]{40})\s*$`)
	keyForm   = regexp.MustCompile(`(?m)^PrivateKey Link\s*:\s*No`)
	entryForm = regexp.MustCompile(`(?m)^\d+-{3,}\s*$`)
)

// Code is the outcome a program tells at its end; told is false if it tells none.
func Code(out []byte) (code uint32, told bool) {
	all := codeForm.FindAllSubmatch(out, -1)
	if len(all) == 0 {
		return 0, false
	}
	n, err := strconv.ParseUint(string(all[len(all)-1][1]), 0, 32)
	if err != nil {
		return 1, true // no number that is good
	}
	return uint32(n), true
}

// Thumbprints are those of the certificates with a private key in a list of
// certmgr, in lower case, each once.
func Thumbprints(out []byte) (found []string) {
	seen := map[string]bool{}
	for _, entry := range entryForm.Split(string(out), -1) {
		m := printForm.FindStringSubmatch(strings.ReplaceAll(entry, "\r", ""))
		if m == nil || keyForm.MatchString(entry) || seen[strings.ToLower(m[1])] {
			continue
		}
		seen[strings.ToLower(m[1])] = true
		found = append(found, strings.ToLower(m[1]))
	}
	return found
}
