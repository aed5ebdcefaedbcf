package sdktest

import (
	"bytes"
	"encoding/json"
	"maps"
	"slices"
	"strconv"
	"strings"
	"sync"
	"testing"

	"github.com/google/jsonschema-go/jsonschema"
	"github.com/hashicorp/go-hclog"
)

// schema is what the suite reads in a form's JSON Schema.
type schema struct {
	raw []byte

	Type       any                `json:"type"`
	Title      string             `json:"title"`
	Properties map[string]*schema `json:"properties"`
	Required   []string           `json:"required"`
	Order      []string           `json:"x-order"`
	Secret     bool               `json:"x-secret"`
	When       any                `json:"x-when"`
	Items      *schema            `json:"items"`
}

func readSchema(t *testing.T, raw []byte) *schema {
	t.Helper()
	s := &schema{raw: raw}
	if err := json.Unmarshal(raw, s); err != nil {
		t.Fatalf("schema: %v", err)
	}
	if _, err := s.resolve(); err != nil {
		t.Fatalf("schema: %v", err)
	}
	return s
}

func (s *schema) resolve() (*jsonschema.Resolved, error) {
	var js jsonschema.Schema
	if err := json.Unmarshal(s.raw, &js); err != nil {
		return nil, err
	}
	return js.Resolve(&jsonschema.ResolveOptions{ValidateDefaults: true})
}

// validate checks a value against the schema.
func (s *schema) validate(v any) error {
	r, err := s.resolve()
	if err != nil {
		return err
	}
	raw, err := json.Marshal(v)
	if err != nil {
		return err
	}
	var value any
	if err := json.Unmarshal(raw, &value); err != nil {
		return err
	}
	return r.Validate(value)
}

// eachTitle sees that a form can be drawn: every field has a title and a place.
func (s *schema) eachTitle(t *testing.T, path string) {
	t.Helper()
	if len(s.Order) != len(s.Properties) {
		t.Errorf("%s: x-order has %d of %d fields", path, len(s.Order), len(s.Properties))
	}
	for name, p := range s.Properties {
		at := path + name
		if p.Title == "" {
			t.Errorf("setting %s has no title", at)
		}
		p.eachTitle(t, at+".")
		if p.Items != nil {
			p.Items.eachTitle(t, at+"[].")
		}
	}
}

// spoil puts a wrong value into every field that is always looked at and
// returns the paths at which a fault must be told.
func (s *schema) spoil(values map[string]any, path string) (faults []string) {
	for name, p := range s.Properties {
		at := path + name
		switch {
		case p.When != nil:
			continue
		case p.Type == "object" && p.Properties != nil:
			group, ok := values[name].(map[string]any)
			if !ok {
				group = map[string]any{}
			}
			values[name] = group
			faults = append(faults, p.spoil(group, at+".")...)
			continue
		case slices.Contains(s.Required, name):
			delete(values, name)
		default:
			values[name] = []any{map[string]any{"wrong": nil}, 1, "x"}
			if p.Type == "array" {
				values[name] = "wrong"
			}
		}
		faults = append(faults, at)
	}
	return faults
}

// secrets are the paths of secrets outside tables.
func (s *schema) secrets(path string) (paths []string) {
	for _, name := range slices.Sorted(maps.Keys(s.Properties)) {
		p := s.Properties[name]
		if p.Secret {
			paths = append(paths, path+name)
		}
		paths = append(paths, p.secrets(path+name+".")...)
	}
	return paths
}

// plain is settings as JSON has them.
func plain(t *testing.T, v any) map[string]any {
	t.Helper()
	raw, err := json.Marshal(v)
	if err != nil {
		t.Fatal(err)
	}
	out := map[string]any{}
	if err := json.Unmarshal(raw, &out); err != nil {
		t.Fatal(err)
	}
	return out
}

// withSecrets puts secrets where their paths lead, as a form holds them.
func withSecrets(t *testing.T, settings any, secrets map[string]string) map[string]any {
	t.Helper()
	out := plain(t, settings)
	for path, value := range secrets {
		var at any = out
		names := strings.Split(path, ".")
		for _, name := range names[:len(names)-1] {
			switch v := at.(type) {
			case map[string]any:
				if v[name] == nil {
					v[name] = map[string]any{}
				}
				at = v[name]
			case []any:
				i, err := strconv.Atoi(name)
				if err != nil || i >= len(v) {
					t.Fatalf("secret %s leads nowhere", path)
				}
				at = v[i]
			}
		}
		if m, ok := at.(map[string]any); ok {
			m[names[len(names)-1]] = value
		}
	}
	return out
}

func orEmpty[V any](m map[string]V) map[string]V {
	if m == nil {
		return map[string]V{}
	}
	return m
}

// capture collects a log.
type capture struct {
	mu  sync.Mutex
	buf bytes.Buffer
}

func (c *capture) Write(p []byte) (int, error) {
	c.mu.Lock()
	defer c.mu.Unlock()
	return c.buf.Write(p)
}

func (c *capture) String() string {
	c.mu.Lock()
	defer c.mu.Unlock()
	return c.buf.String()
}

func (c *capture) logger() hclog.Logger {
	return hclog.New(&hclog.LoggerOptions{Level: hclog.Trace, Output: c, JSONFormat: true})
}
