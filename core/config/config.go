// Package config reads the hub's own configuration: configs/uzel.yaml and the
// UZEL_ environment. It is typed and strict: an unknown key is a fault, and all
// faults are reported at once with the names of their keys.
//
// What an administrator changes while the hub runs (channels, journals, users, the settings of the office)
// is not here but in the store.
package config

import (
	"errors"
	"fmt"
	"io/fs"
	"maps"
	"net"
	"net/netip"
	"net/url"
	"os"
	"path/filepath"
	"reflect"
	"slices"
	"strings"

	"github.com/go-viper/mapstructure/v2"
	"github.com/goccy/go-yaml"

	"github.com/uzel-hub/uzel/core"
)

// Config of one hub. Relative paths are relative to the working folder.
type Config struct {
	// Data is the folder of everything the hub keeps: database, files, logs, key.
	Data string `config:"data"`
	// Listen is the address of REST, web-hooks and the web UI.
	Listen string `config:"listen"`
	// PublicURL is how outside systems reach this hub, for web-hooks. Optional.
	PublicURL string `config:"public_url"`
	// TrustedProxies may say in X-Forwarded-For whom they speak for: addresses or
	// networks, with commas between. Needed behind nginx, or all users look alike.
	TrustedProxies string `config:"trusted_proxies"`
	// Store is `bolt` (one file under Data).
	Store string `config:"store"`
	// Bus is `bolt`: in the store's file.
	Bus string `config:"bus"`
	// Blobs is `file` (a folder under Data).
	Blobs string `config:"blobs"`
	// Plugins is the folder with the connectors built beside the hub. What is
	// installed later lives under Data.
	Plugins string `config:"plugins"`
	Log     Log    `config:"log"`
	Limits  Limits `config:"limits"`
	OIDC    OIDC   `config:"oidc"`
}

// Log of the hub itself; each channel has a log of its own under Data.
type Log struct {
	Level  string `config:"level"`  // debug, info, warn, error
	Format string `config:"format"` // text, json
}

// Limits of what is taken in.
type Limits struct {
	FileMB    int64 `config:"file_mb"`    // one file
	MessageMB int64 `config:"message_mb"` // all files of one message
	Files     int   `config:"files"`      // files of one message
}

// OIDC is an outside provider of identities (OpenID Connect). Without an issuer
// people sign in by password only. Needs PublicURL: the provider sends people
// back to PublicURL/api/v1/session/oidc/callback.
type OIDC struct {
	Issuer       string `config:"issuer"`
	Title        string `config:"title"` // on the button
	ClientID     string `config:"client_id"`
	ClientSecret string `config:"client_secret"` // rather in UZEL_OIDC__CLIENT_SECRET
	Scopes       string `config:"scopes"`        // beside openid, with spaces between
	LoginClaim   string `config:"login_claim"`   // which becomes the login
	NameClaim    string `config:"name_claim"`
	RolesClaim   string `config:"roles_claim"`  // groups at the provider; empty: roles are given here
	Roles        string `config:"roles"`        // what they mean: `hub-admins=administrator, desk=operator`
	DefaultRole  string `config:"default_role"` // of who has none; empty: may not enter
	Create       bool   `config:"create"`       // make users of who is unknown
	Link         bool   `config:"link"`         // let existing users of the same login in
}

// RoleMap is Roles taken apart; ok is false if it cannot be.
func (o OIDC) RoleMap() (roles map[string]core.Role, ok bool) {
	roles, ok = map[string]core.Role{}, true
	for entry := range strings.SplitSeq(o.Roles, ",") {
		if strings.TrimSpace(entry) == "" {
			continue
		}
		outside, ours, found := strings.Cut(entry, "=")
		outside, ours = strings.TrimSpace(outside), strings.TrimSpace(ours)
		ok = ok && found && outside != "" && slices.Contains(core.Roles(), core.Role(ours))
		roles[outside] = core.Role(ours)
	}
	return roles, ok
}

func (o OIDC) check(public string, fault func(field, text string)) {
	if o.Issuer == "" {
		return
	}
	if u, err := url.Parse(o.Issuer); err != nil || u.Host == "" || u.Scheme != "https" && u.Scheme != "http" {
		fault("oidc.issuer", "нужен адрес вида https://id.example.ru")
	}
	for field, value := range map[string]string{"oidc.client_id": o.ClientID, "oidc.login_claim": o.LoginClaim, "oidc.name_claim": o.NameClaim, "oidc.title": o.Title} {
		if value == "" {
			fault(field, "обязательное поле")
		}
	}
	if public == "" {
		fault("public_url", "нужен для входа через oidc: сюда поставщик возвращает людей")
	}
	if _, ok := o.RoleMap(); !ok {
		fault("oidc.roles", "нужны пары вида группа=роль через запятую, например hub-admins=administrator")
	}
	if o.DefaultRole != "" && !slices.Contains(core.Roles(), core.Role(o.DefaultRole)) {
		fault("oidc.default_role", "нет такой роли")
	}
}

// Default is a hub on one machine with everything under ./data.
func Default() Config {
	return Config{
		Data: "data", Listen: "127.0.0.1:8080", Store: "bolt", Bus: "bolt", Blobs: "file", Plugins: "bin/plugins",
		Log:    Log{Level: "info", Format: "text"},
		Limits: Limits{FileMB: 200, MessageMB: 500, Files: 500},
		OIDC:   OIDC{Title: "Единый вход", Scopes: "profile email", LoginClaim: "preferred_username", NameClaim: "name"},
	}
}

// Load reads the file, then the environment over it. An empty path means the
// defaults; a named file must exist. The error has a core.FieldFault for each
// fault.
func Load(path string, environ []string) (Config, error) {
	c := Default()
	values, err := read(path)
	if err != nil {
		return c, err
	}
	faults := overlay(values, environ)
	decoded, err := decode(values, &c)
	if err != nil {
		return c, fmt.Errorf("read %s: %w", path, err)
	}
	faults = append(faults, decoded...)
	faults = append(faults, c.check()...)
	if len(faults) > 0 {
		return c, &core.Error{Kind: core.KindConfig, Code: "config.invalid", Op: path, Faults: faults}
	}
	return c, nil
}

func read(path string) (map[string]any, error) {
	values := map[string]any{}
	if path == "" {
		return values, nil
	}
	raw, err := os.ReadFile(path)
	if errors.Is(err, fs.ErrNotExist) {
		return nil, &core.Error{Kind: core.KindConfig, Code: "config.missing", Text: "нет файла настроек " + path}
	}
	if err != nil {
		return nil, &core.Error{Kind: core.KindConfig, Code: "config.unreadable", Err: err}
	}
	if err := yaml.Unmarshal(raw, &values); err != nil {
		return nil, &core.Error{Kind: core.KindConfig, Code: "config.syntax", Op: path, Err: errors.New(yaml.FormatError(err, false, true))}
	}
	return values, nil
}

// overlay puts UZEL_LIMITS__FILE_MB=10 over limits.file_mb. Variables other
// parts of the hub read by themselves are left to them.
func overlay(values map[string]any, environ []string) []core.FieldFault {
	var faults []core.FieldFault
	for _, line := range environ {
		name, value, _ := strings.Cut(line, "=")
		key, ours := strings.CutPrefix(name, "UZEL_")
		if !ours || key == "SECRET_KEY" || key == "CONFIG" || key == "TOKEN" || key == "URL" {
			continue
		}
		path := strings.Split(strings.ToLower(key), "__")
		if !set(values, path, value) {
			faults = append(faults, core.FieldFault{Field: name, Text: "такого раздела нет"})
		}
	}
	return faults
}

func set(values map[string]any, path []string, value string) bool {
	for len(path) > 1 {
		next, ok := values[path[0]].(map[string]any)
		if !ok {
			if values[path[0]] != nil {
				return false
			}
			next = map[string]any{}
			values[path[0]] = next
		}
		values, path = next, path[1:]
	}
	values[path[0]] = value
	return true
}

// decode fills c and names every unknown key and every value of a wrong type.
func decode(values map[string]any, c *Config) ([]core.FieldFault, error) {
	d, err := mapstructure.NewDecoder(&mapstructure.DecoderConfig{
		TagName: "config", Result: c, WeaklyTypedInput: true,
		MatchName: func(key, field string) bool { return key == field },
	})
	if err != nil {
		return nil, err
	}
	faults := unknown(values, reflect.TypeFor[Config](), "")
	if err := d.Decode(values); err != nil {
		faults = append(faults, wrongTypes(err)...)
	}
	return faults, nil
}

// unknown names the keys no field of the struct has. mapstructure could tell
// too, but not beside other faults.
func unknown(values map[string]any, t reflect.Type, path string) []core.FieldFault {
	var faults []core.FieldFault
	for _, key := range slices.Sorted(maps.Keys(values)) {
		field, ok := t.FieldByNameFunc(func(name string) bool {
			f, _ := t.FieldByName(name)
			return f.Tag.Get("config") == key
		})
		if !ok {
			faults = append(faults, core.FieldFault{Field: path + key, Text: "неизвестный ключ"})
			continue
		}
		if inner, ok := values[key].(map[string]any); ok && field.Type.Kind() == reflect.Struct {
			faults = append(faults, unknown(inner, field.Type, path+key+".")...)
		}
	}
	return faults
}

// wrongTypes names the fields mapstructure could not fill.
func wrongTypes(err error) []core.FieldFault {
	if joined, ok := err.(interface{ Unwrap() []error }); ok { //nolint:errorlint // a joined error is taken apart
		var out []core.FieldFault
		for _, e := range joined.Unwrap() {
			out = append(out, wrongTypes(e)...)
		}
		return out
	}
	if e, ok := errors.AsType[*mapstructure.DecodeError](err); ok {
		return []core.FieldFault{{Field: strings.TrimPrefix(e.Name(), "."), Text: "значение не того вида"}}
	}
	if inner := errors.Unwrap(err); inner != nil {
		return wrongTypes(inner)
	}
	return []core.FieldFault{{Field: "?", Text: err.Error()}}
}

func (c Config) check() []core.FieldFault {
	var faults core.Faults
	oneOf := func(field, value string, allowed ...string) {
		if !slices.Contains(allowed, value) {
			faults.Add(field, "допустимо: "+strings.Join(allowed, ", "))
		}
	}
	if c.Data == "" {
		faults.Add("data", "обязательное поле")
	}
	if _, _, err := net.SplitHostPort(c.Listen); err != nil {
		faults.Add("listen", "нужен адрес и порт, например 127.0.0.1:8080")
	}
	if u, err := url.Parse(c.PublicURL); c.PublicURL != "" && (err != nil || u.Host == "" || u.Scheme != "https" && u.Scheme != "http") {
		faults.Add("public_url", "нужен адрес вида https://uzel.example.ru")
	}
	if _, err := proxies(c.TrustedProxies); err != nil {
		faults.Add("trusted_proxies", "нужны адреса или сети через запятую, например 127.0.0.1, 10.0.0.0/8")
	}
	oneOf("store", c.Store, "bolt")
	oneOf("bus", c.Bus, "bolt")
	oneOf("blobs", c.Blobs, "file")
	oneOf("log.level", c.Log.Level, "debug", "info", "warn", "error")
	oneOf("log.format", c.Log.Format, "text", "json")
	c.OIDC.check(c.PublicURL, faults.Add)
	limits := reflect.ValueOf(c.Limits)
	for i := range limits.NumField() {
		if limits.Field(i).Int() <= 0 {
			faults.Add("limits."+limits.Type().Field(i).Tag.Get("config"), "должно быть больше нуля")
		}
	}
	return faults
}

// Proxies are the trusted proxies as networks.
func (c Config) Proxies() []netip.Prefix {
	list, _ := proxies(c.TrustedProxies) // Load has checked it
	return list
}

func proxies(text string) ([]netip.Prefix, error) {
	var out []netip.Prefix
	for entry := range strings.SplitSeq(text, ",") {
		entry = strings.TrimSpace(entry)
		if entry == "" {
			continue
		}
		if addr, err := netip.ParseAddr(entry); err == nil {
			out = append(out, netip.PrefixFrom(addr, addr.BitLen()))
			continue
		}
		network, err := netip.ParsePrefix(entry)
		if err != nil {
			return nil, err
		}
		out = append(out, network)
	}
	return out, nil
}

// Path is a path inside the data folder.
func (c Config) Path(elem ...string) string {
	return filepath.Join(append([]string{c.Data}, elem...)...)
}
