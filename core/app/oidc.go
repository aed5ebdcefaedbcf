package app

import (
	"strings"

	"github.com/uzel-hub/uzel/api/rest"
	"github.com/uzel-hub/uzel/core"
	"github.com/uzel-hub/uzel/core/config"
	"github.com/uzel-hub/uzel/core/openid"
)

// provider of identities as configured; nil: none.
func provider(c config.Config) *openid.Provider {
	o := c.OIDC
	if o.Issuer == "" {
		return nil
	}
	roles, _ := o.RoleMap() // Load has checked it
	return openid.New(openid.Config{
		Issuer: o.Issuer, ClientID: o.ClientID, ClientSecret: o.ClientSecret,
		RedirectURL: strings.TrimSuffix(c.PublicURL, "/") + rest.CallbackPath,
		Scopes:      strings.Fields(o.Scopes), LoginClaim: o.LoginClaim, NameClaim: o.NameClaim,
		RolesClaim: o.RolesClaim, Roles: roles,
		Policy: core.OutsidePolicy{Create: o.Create, Link: o.Link, DefaultRole: core.Role(o.DefaultRole)},
	})
}
