package directory

import (
	"encoding/json"
	"slices"
	"strings"
	"sync"

	"github.com/uzel-hub/uzel/core"
)

// Service is all directories of a hub. It is safe for concurrent use; it keeps
// nothing but the declarations. What it does is done in the caller's
// transaction.
type Service struct {
	mu    sync.RWMutex
	types []Type // sorted by name
}

// New makes a service with the types. An error of KindInvalid names every
// mistake in them.
func New(types ...Type) (*Service, error) {
	s := &Service{}
	return s, s.Register(types...)
}

// Register adds types, or replaces those of the same name: all of them or, with
// an error of KindInvalid that names every mistake, none.
func (s *Service) Register(types ...Type) error {
	s.mu.Lock()
	defer s.mu.Unlock()
	all := slices.Clone(s.types)
	for _, t := range types {
		all = append(slices.DeleteFunc(all, func(old Type) bool { return old.Name == t.Name }), t)
	}
	slices.SortFunc(all, func(a, b Type) int { return strings.Compare(string(a.Name), string(b.Name)) })
	known := func(name core.DirectoryName) bool {
		return slices.ContainsFunc(all, func(t Type) bool { return t.Name == name })
	}
	var faults []core.FieldFault
	for _, t := range types {
		faults = append(faults, t.check(known)...)
	}
	if len(faults) > 0 {
		return &core.Error{Kind: core.KindInvalid, Code: "directory.type", Faults: faults}
	}
	s.types = all
	return nil
}

// RegisterOf adds the types a connector declares: the JSON of its description, a
// list of Type. Each is named `<connector>.<name>`; a ref to a name of the list
// means the connector's own.
func (s *Service) RegisterOf(connector string, declared json.RawMessage) error {
	var types []Type
	if err := json.Unmarshal(declared, &types); err != nil {
		return &core.Error{Kind: core.KindInvalid, Code: "directory.type", Source: core.SourcePlugin, Text: "справочники коннектора не читаются", Err: err}
	}
	own := map[core.DirectoryName]core.DirectoryName{}
	for _, t := range types {
		own[t.Name] = core.DirectoryName(connector) + "." + t.Name
	}
	for i := range types {
		types[i].Name = own[types[i].Name]
		for j := range types[i].Fields {
			if name, ok := own[types[i].Fields[j].Ref]; ok {
				types[i].Fields[j].Ref = name
			}
		}
	}
	return s.Register(types...)
}

// Types are all declarations, by name. They must not be changed.
func (s *Service) Types() []Type {
	s.mu.RLock()
	defer s.mu.RUnlock()
	return s.types
}

// Type is one declaration; KindNotFound if there is no such directory. It must
// not be changed.
func (s *Service) Type(name core.DirectoryName) (*Type, error) {
	types := s.Types()
	i, ok := slices.BinarySearchFunc(types, name, func(t Type, name core.DirectoryName) int {
		return strings.Compare(string(t.Name), string(name))
	})
	if !ok {
		return nil, core.NotFound("directory.not_found", "такого справочника нет")
	}
	return &types[i], nil
}
