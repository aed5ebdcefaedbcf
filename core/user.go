package core

import "time"

// Role of a user.
type Role string

const (
	RoleAdministrator Role = "administrator"
	RoleSupervisor    Role = "supervisor"
	RoleOperator      Role = "operator"
	RoleClerk         Role = "clerk"
	RoleAuditor       Role = "auditor"     // reads everything, changes nothing
	RoleIntegration   Role = "integration" // API tokens of outside programs
)

// User is a person who signs in.
type User struct {
	Meta
	ID           UserID `json:"id"`
	Login        string `json:"login"`
	Name         string `json:"name"`
	Email        string `json:"email,omitempty"`
	Roles        []Role `json:"roles"`
	Disabled     bool   `json:"disabled"`
	PasswordHash string `json:"password_hash,omitempty" history:"hidden"` // argon2id, PHC string; never leaves the store
	// MustChange asks for a new password at the first sign-in.
	MustChange bool `json:"must_change"`
}

// RecordKey implements Record.
func (u *User) RecordKey() string { return string(u.ID) }

// Session is one sign-in of a user in a browser. Its key is a hash of the
// cookie, so that the store does not hold what opens it.
type Session struct {
	Meta
	ID     SessionID `json:"id"` // SHA-256 of the cookie, hex
	User   UserID    `json:"user"`
	CSRF   string    `json:"csrf"`
	Until  time.Time `json:"until"`
	Agent  string    `json:"agent,omitempty"`
	Remote string    `json:"remote,omitempty"`
}

// RecordKey implements Record.
func (s *Session) RecordKey() string { return string(s.ID) }

// Token is an API token. Like a session it is kept by its hash.
type Token struct {
	Meta
	ID     TokenID    `json:"id"`
	Hash   string     `json:"hash"` // SHA-256 of the token, hex
	User   UserID     `json:"user"`
	Title  string     `json:"title"`
	Scopes []string   `json:"scopes"`
	Until  *time.Time `json:"until,omitempty"`
}

// RecordKey implements Record.
func (t *Token) RecordKey() string { return string(t.ID) }
