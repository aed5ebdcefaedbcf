package pluginhost

import (
	"bytes"
	"cmp"
	"crypto/rand"
	"encoding/json"
	"fmt"
	"slices"
	"strconv"
	"strings"

	"github.com/uzel-hub/uzel/core"
)

// schema is what of a settings schema the hub itself must know: where secrets
// are and what it has to fill in.
type schema struct {
	Properties map[string]*schema `json:"properties"`
	Items      *schema            `json:"items"`
	WriteOnly  bool               `json:"writeOnly"`
	Secret     bool               `json:"x-secret"`
	Generated  string             `json:"x-generated"`
}

func parseSchema(raw json.RawMessage) (*schema, error) {
	s := &schema{}
	if len(raw) == 0 {
		return s, nil
	}
	if err := json.Unmarshal(raw, s); err != nil {
		return nil, &core.Error{
			Kind: core.KindInternal, Code: "plugin.schema", Op: "read settings schema", Source: core.SourcePlugin, Err: err,
		}
	}
	return s, nil
}

// parseSettings reads a JSON object and keeps numbers as they were written.
func parseSettings(raw json.RawMessage) (map[string]any, error) {
	settings := map[string]any{}
	if len(bytes.TrimSpace(raw)) == 0 {
		return settings, nil
	}
	d := json.NewDecoder(bytes.NewReader(raw))
	d.UseNumber()
	if err := d.Decode(&settings); err != nil || d.More() || settings == nil {
		return nil, core.Invalid("channel.settings", "settings", "настройки должны быть объектом JSON")
	}
	return settings, nil
}

// secretMask stands where a person left a secret as it was.
const secretMask = "***"

// split takes the secrets out of the settings and returns them by path
// (imap.password, folders.2.password). What was not given or left masked is not
// among them; what was given empty is, as an empty text.
func split(s *schema, settings map[string]any) (map[string]string, error) {
	secrets := make(map[string]string)
	return secrets, splitObject(s, settings, "", secrets)
}

func splitObject(s *schema, object map[string]any, path string, secrets map[string]string) error {
	for name, sub := range s.Properties {
		value, given := object[name]
		if !given || sub == nil {
			continue
		}
		at := join(path, name)
		if !sub.WriteOnly && !sub.Secret {
			if err := splitValue(sub, value, at, secrets); err != nil {
				return err
			}
			continue
		}
		delete(object, name)
		text, isText := value.(string)
		switch {
		case value == nil || text == secretMask:
		case !isText:
			return core.Invalid("channel.settings", at, "секрет должен быть строкой")
		default:
			secrets[at] = text
		}
	}
	return nil
}

func splitValue(s *schema, value any, path string, secrets map[string]string) error {
	switch v := value.(type) {
	case map[string]any:
		return splitObject(s, v, path, secrets)
	case []any:
		for i, item := range v {
			if s.Items == nil {
				break
			}
			if err := splitValue(s.Items, item, join(path, strconv.Itoa(i)), secrets); err != nil {
				return err
			}
		}
	}
	return nil
}

func join(path, name string) string {
	if path == "" {
		return name
	}
	return path + "." + name
}

// exists tells whether the place of a secret is still there: its row of a table
// may have been deleted.
func exists(settings map[string]any, path string) bool {
	parts := strings.Split(path, ".")
	var at any = settings
	for _, p := range parts[:len(parts)-1] {
		switch v := at.(type) {
		case map[string]any:
			at = v[p]
		case []any:
			i, err := strconv.Atoi(p)
			if err != nil || i < 0 || i >= len(v) {
				return false
			}
			at = v[i]
		}
		if at == nil {
			// A group that is not given at all still may have its secret.
			return !slices.ContainsFunc(parts, isNumber)
		}
	}
	return true
}

func isNumber(s string) bool {
	_, err := strconv.Atoi(s)
	return err == nil
}

// fill completes what the hub generates and nobody gave: keys of web-hooks stay
// what they were before, or are made. The address of the web-hook is not kept: it
// follows from the hub's own.
func fill(s *schema, settings, before map[string]any) {
	for name, sub := range s.Properties {
		if sub == nil {
			continue
		}
		switch text, _ := settings[name].(string); {
		case sub.Generated == "token" && text == "":
			had, _ := before[name].(string)
			settings[name] = cmp.Or(had, strings.ToLower(rand.Text()))
		case sub.Generated == "hook_url":
			delete(settings, name)
		}
		if group, ok := settings[name].(map[string]any); ok {
			old, _ := before[name].(map[string]any)
			fill(sub, group, old)
		}
	}
}

// seal encrypts the secrets. given are new ones; those that were there before
// and are neither given nor without a place stay as they are.
func (h *Host) seal(given map[string]string, before map[string][]byte, settings map[string]any) (map[string][]byte, error) {
	out := make(map[string][]byte)
	for path, sealed := range before {
		if _, anew := given[path]; !anew && exists(settings, path) {
			out[path] = sealed
		}
	}
	for path, text := range given {
		if text == "" {
			continue
		}
		sealed, err := h.secrets.Seal([]byte(text))
		if err != nil {
			return nil, fmt.Errorf("seal secret %s: %w", path, err)
		}
		out[path] = sealed
	}
	return out, nil
}

// openSecrets decrypts the secrets of a channel.
func (h *Host) openSecrets(ch *core.Channel) (map[string]string, error) {
	out := make(map[string]string, len(ch.Secrets))
	for path, sealed := range ch.Secrets {
		plain, err := h.secrets.Open(sealed)
		if err != nil {
			return nil, fmt.Errorf("open secret %s: %w", path, err)
		}
		out[path] = string(plain)
	}
	return out, nil
}
