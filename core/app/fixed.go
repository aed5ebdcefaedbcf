package app

import (
	"github.com/uzel-hub/uzel/core/config"
	"github.com/uzel-hub/uzel/core/settings"
)

// fixed is what the configuration file sets and an administrator may look up
// without looking into it. The secret of the provider is not among it.
func fixed(c config.Config) []settings.Fixed {
	type network struct {
		Listen    string `json:"listen"`
		PublicURL string `json:"public_url"`
		Proxies   string `json:"trusted_proxies"`
	}
	type limits struct {
		FileMB    int64 `json:"file_mb"`
		MessageMB int64 `json:"message_mb"`
		Files     int   `json:"files"`
	}
	type oidc struct {
		Issuer      string `json:"issuer"`
		Title       string `json:"title"`
		RolesClaim  string `json:"roles_claim"`
		Roles       string `json:"roles"`
		DefaultRole string `json:"default_role"`
		Create      bool   `json:"create"`
		Link        bool   `json:"link"`
	}
	return []settings.Fixed{
		settings.NewFixed("network", "Сеть", network{c.Listen, c.PublicURL, c.TrustedProxies},
			settings.Label{Name: "listen", Title: "Адрес Узла"}, settings.Label{Name: "public_url", Title: "Адрес Узла снаружи"},
			settings.Label{Name: "trusted_proxies", Title: "Доверенные прокси"}),
		settings.NewFixed("limits", "Пределы приёма", limits{c.Limits.FileMB, c.Limits.MessageMB, c.Limits.Files},
			settings.Label{Name: "file_mb", Title: "Один файл, МБ"}, settings.Label{Name: "message_mb", Title: "Все файлы сообщения, МБ"},
			settings.Label{Name: "files", Title: "Файлов в сообщении"}),
		settings.NewFixed("oidc", "Вход через внешнюю систему", oidc{c.OIDC.Issuer, c.OIDC.Title, c.OIDC.RolesClaim, c.OIDC.Roles, c.OIDC.DefaultRole, c.OIDC.Create, c.OIDC.Link},
			settings.Label{Name: "issuer", Title: "Поставщик"}, settings.Label{Name: "title", Title: "Надпись на кнопке"},
			settings.Label{Name: "roles_claim", Title: "Откуда роли"}, settings.Label{Name: "roles", Title: "Какие группы — какие роли"},
			settings.Label{Name: "default_role", Title: "Роль остальных"}, settings.Label{Name: "create", Title: "Заводить новых пользователей"},
			settings.Label{Name: "link", Title: "Впускать существующих по логину"}),
	}
}
