package sdk

import (
	"encoding/json"
	"fmt"
	"regexp"
)

// Directory declares a directory (справочник) of the connector's own: the hub
// keeps its entries, shows their table and form, and takes and gives CSV files.
// The hub names it `<connector>.<name>`; which types, checks and roles there are
// stands with the schemas DirectoryField and Role of the hub's REST contract.
type Directory struct {
	Name   string           `json:"name"` // Latin lower case, digits, _; does not change
	Title  Words            `json:"title"`
	Fields []DirectoryField `json:"fields"`
	Label  string           `json:"label"`         // the required text field that names an entry
	Key    string           `json:"key,omitempty"` // the unique text field files name an entry by
	Parent string           `json:"parent,omitempty"`

	Columns        []string `json:"columns"` // fields a list shows
	Filters        []string `json:"filters,omitempty"`
	Order          string   `json:"order"` // field lists are sorted by; - before it: downwards
	ByOrganization bool     `json:"by_organization,omitempty"`
	Edit           []string `json:"edit,omitempty"` // roles that may change it beside administrators
	Read           []string `json:"read,omitempty"` // empty: everybody at the desk
}

// DirectoryField is one field of a Directory.
type DirectoryField struct {
	Name     string            `json:"name"`
	Title    Words             `json:"title"`
	Help     string            `json:"help,omitempty"` // in Russian
	Type     string            `json:"type"`           // text, number, choice, ref …
	Required bool              `json:"required,omitempty"`
	Unique   bool              `json:"unique,omitempty"`
	Default  any               `json:"default,omitempty"`
	Check    string            `json:"check,omitempty"` // inn, ogrn, kpp, email, code, digits
	Min      *float64          `json:"min,omitempty"`
	Max      *float64          `json:"max,omitempty"`
	Options  []DirectoryOption `json:"options,omitempty"` // of a choice
	// Ref is the directory a ref, refs or hours leads to: one of the connector's
	// own by its Name, or one of the hub's.
	Ref string `json:"ref,omitempty"`
}

// DirectoryOption is one value of a choice.
type DirectoryOption struct {
	Value string `json:"value"`
	Title Words  `json:"title"`
}

// Words is a text in both languages of the interface.
type Words struct {
	RU string `json:"ru"`
	EN string `json:"en"`
}

var directoryForm = regexp.MustCompile(`^[a-z][a-z0-9_]{0,39}$`)

// directoriesTo is the JSON of the description, and the mistakes that can be
// seen without the hub, which checks the rest when it starts.
func directoriesTo(list []Directory) (raw []byte, faults []error) {
	if len(list) == 0 {
		return nil, nil
	}
	names := map[string]bool{}
	for _, d := range list {
		say := func(wrong bool, text string) {
			if wrong {
				faults = append(faults, fmt.Errorf("directory %s: %s", d.Name, text))
			}
		}
		say(!directoryForm.MatchString(d.Name), "Name must be Latin lower case")
		say(names[d.Name], "declared twice")
		say(d.Title.RU == "" || d.Title.EN == "", "Title must be in both languages")
		names[d.Name] = true
		label := false
		for _, f := range d.Fields {
			say(!directoryForm.MatchString(f.Name), "Name of field "+f.Name+" must be Latin lower case")
			label = label || f.Name == d.Label && f.Type == "text" && f.Required
		}
		say(!label, "Label must name a required text field")
		say(d.Order == "", "no Order")
	}
	raw, err := json.Marshal(list)
	if err != nil {
		faults = append(faults, err)
	}
	return raw, faults
}
