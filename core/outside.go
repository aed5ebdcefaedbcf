package core

// OutsideIdentity is who somebody is by the word of an outside provider.
type OutsideIdentity struct {
	Issuer, Subject string // together they never change and belong to one person
	Login, Name     string
	Email           string // only if the provider has checked it
	Roles           []Role // what the provider's groups mean here
	Mapped          bool   // Roles are the provider's business
}

// OutsidePolicy says who of a provider's people may enter.
type OutsidePolicy struct {
	// Create makes a user of who is not known.
	Create bool
	// Link lets in an existing user of the same login. Only for a provider where
	// people cannot choose their logins.
	Link bool
	// DefaultRole is for who has no role otherwise; empty: he may not enter.
	DefaultRole Role
}
