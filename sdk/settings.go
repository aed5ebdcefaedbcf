package sdk

import (
	"encoding"
	"fmt"
	"io"

	"github.com/uzel-hub/uzel/sdk/internal/form"
)

// Settings are one struct. Its tags give the decoder, the JSON Schema, the form
// in the web UI, the table in README and the check at start:
//
//	type settings struct {
//	    Server string        `setting:"server" title:"Сервер IMAP" required:"true" example:"imap.yandex.ru"`
//	    Port   int           `setting:"port" title:"Порт" default:"993" min:"1" max:"65535"`
//	    TLS    string        `setting:"tls" title:"Шифрование" default:"tls" enum:"tls=TLS,starttls=STARTTLS,none=Без шифрования"`
//	    Login  string        `setting:"login" title:"Имя пользователя" required:"true"`
//	    Pass   sdk.Secret    `setting:"password" title:"Пароль" when:"auth=password"`
//	    Every  time.Duration `setting:"every" title:"Период опроса" default:"5m" min:"10s" max:"24h"`
//	    Hook   string        `setting:"hook_token" title:"Ключ веб-хука" generated:"token"`
//	    Folders []folder     `setting:"folders" title:"Папки"`
//	    IMAP   imapSettings  `setting:"imap" title:"Приём (IMAP)"`
//	}
//
// help explains a field, when shows and demands it only if another field has a
// value, generated (token, hook_url) is filled in by the hub. An unknown key is
// a fault; all faults are reported at once, with the path of the field
// (imap.port, folders.2.name; rows count from 0).
//
// A field without the tag setting may have json; other tags: multiline for a
// text area, enum titles after "=", min and max for numbers, durations, the
// length of a text and the count of a list. Possible types are string, int,
// float, bool, time.Duration, time.Time (a date), Secret, structs, lists of
// strings or numbers, lists of structs (tables) and map[string]string.
//
// describe --markdown prints the table for the connector's README.

// Secret is a setting that is never shown: it prints as *** in any format, in
// JSON and inside other values too, is stored encrypted and is write-only over
// REST. It is no string on purpose: fmt would show a string in an unexported
// field.
type Secret struct{ value *string }

var (
	_ fmt.Formatter            = Secret{}
	_ encoding.TextMarshaler   = Secret{}
	_ encoding.TextUnmarshaler = (*Secret)(nil)
)

// NewSecret hides a text.
func NewSecret(text string) Secret { return Secret{&text} }

// Reveal is the secret itself, for handing to the outside system only; "" if it
// is not set.
func (s Secret) Reveal() string {
	if s.value == nil {
		return ""
	}
	return *s.value
}

// IsSet tells whether there is a secret that is not empty.
func (s Secret) IsSet() bool { return s.Reveal() != "" }

// String hides the secret.
func (Secret) String() string { return form.Mask }

// Format hides the secret from every verb of fmt.
func (Secret) Format(f fmt.State, _ rune) { io.WriteString(f, form.Mask) } //nolint:errcheck // fmt.State keeps its own error

// MarshalText hides the secret from encoders.
func (Secret) MarshalText() ([]byte, error) { return []byte(form.Mask), nil }

// UnmarshalText takes the secret.
func (s *Secret) UnmarshalText(text []byte) error {
	*s = NewSecret(string(text))
	return nil
}
