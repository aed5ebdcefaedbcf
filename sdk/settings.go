package sdk

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
// (imap.port, folders.2.name).

// Secret is a setting that is never shown: it prints as *** in any format, in
// JSON too, is stored encrypted and is write-only over REST.
type Secret string

// String hides the secret.
func (Secret) String() string { return "***" }

// GoString hides the secret from %#v.
func (Secret) GoString() string { return `sdk.Secret("***")` }

// MarshalText hides the secret from encoders.
func (Secret) MarshalText() ([]byte, error) { return []byte("***"), nil }

// Reveal is the secret itself, for handing to the outside system only.
func (s Secret) Reveal() string { return string(s) }
