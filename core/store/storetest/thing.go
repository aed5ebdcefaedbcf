package storetest

import (
	"encoding/json"
	"fmt"
	"time"

	"github.com/uzel-hub/uzel/core"
	"github.com/uzel-hub/uzel/core/store"
)

// thing is the noun of the suite.
type thing struct {
	core.Meta
	ID string `json:"id"`
	inner
	Owner  string            `json:"owner,omitempty"`
	Code   string            `json:"code,omitempty"` // unique unless empty
	Tags   []string          `json:"tags,omitempty"`
	Fields map[string]string `json:"fields,omitempty"`
	At     *time.Time        `json:"at,omitempty"`
	Raw    json.RawMessage   `json:"raw,omitempty"`
	Bytes  []byte            `json:"bytes,omitempty"`
	Secret string            `json:"secret,omitempty" history:"hidden"`
	Parts  []part            `json:"parts,omitempty"`
	Unkept int               `json:"-"`
}

// inner is embedded: its fields are the thing's own.
type inner struct {
	Note string `json:"note,omitempty"`
}

type part struct {
	Name  string         `json:"name"`
	Sizes map[string]int `json:"sizes,omitempty"`
}

// RecordKey implements core.Record.
func (t *thing) RecordKey() string { return t.ID }

func thingTable(name string) *store.Table[thing] {
	return store.Define(
		name,
		store.Index[thing]{Name: "owner", Keys: func(t *thing) []string { return []string{t.Owner} }},
		store.Index[thing]{Name: "code", Unique: true, Keys: func(t *thing) []string {
			if t.Code == "" {
				return nil
			}
			return []string{t.Code}
		}},
		store.Index[thing]{Name: "tag", Keys: func(t *thing) []string { return t.Tags }},
	)
}

// things is the table most tests use.
func things() *store.Table[thing] { return thingTable("storetest_things") }

func ids(list []*thing) (out string) {
	for _, t := range list {
		out += fmt.Sprintf("%s ", t.ID)
	}
	return out
}
