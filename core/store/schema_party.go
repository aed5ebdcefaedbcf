package store

import (
	"slices"

	"github.com/uzel-hub/uzel/core"
)

// Parties and what becomes of them.
var (
	Parties = Define("parties",
		// key finds a party by what a message says: addresses and accounts.
		Index[core.Party]{Name: "key", Keys: func(p *core.Party) []string { return distinct(p.Keys()) }},
		Index[core.Party]{Name: "mark", Keys: partyMarks},
		Index[core.Party]{Name: "merged_into", Keys: func(p *core.Party) []string { return some(string(p.MergedInto)) }},
	)
	Erasures = Define("erasures",
		Index[core.Erasure]{Name: "party", Keys: func(e *core.Erasure) []string {
			out := make([]string, 0, len(e.Parties))
			for _, id := range e.Parties {
				out = append(out, string(id))
			}
			return out
		}},
		Index[core.Erasure]{Name: "state", Keys: func(e *core.Erasure) []string { return []string{string(e.State)} }},
	).WithoutHistory()
)

func partyMarks(p *core.Party) []string {
	out := make([]string, 0, len(p.Addresses))
	for _, c := range p.Addresses {
		if c.Mark != "" {
			out = append(out, string(c.Mark))
		}
	}
	return distinct(out)
}

// documentParties are the parties a document is from, to or about.
func documentParties(d *core.Document) []string {
	out := some(string(d.Sender.Party))
	for _, r := range d.Recipients {
		out = append(out, some(string(r.Party))...)
	}
	if d.Appeal != nil {
		out = append(out, some(string(d.Appeal.Applicant.Party))...)
	}
	return distinct(out)
}

func distinct(values []string) []string {
	if len(values) < 2 {
		return values
	}
	slices.Sort(values)
	return slices.Compact(values)
}
