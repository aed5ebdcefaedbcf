package core

import (
	"slices"
	"time"
)

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

// Roles are all roles there are, sorted.
func Roles() []Role {
	return []Role{RoleAdministrator, RoleAuditor, RoleClerk, RoleIntegration, RoleOperator, RoleSupervisor}
}

// UserState tells whether a user may enter.
type UserState string

const (
	UserActive    UserState = "active"    // работает
	UserLocked    UserState = "locked"    // заблокирован: for a time
	UserDismissed UserState = "dismissed" // уволен: for good
)

// UserStates are all states.
func UserStates() []UserState { return []UserState{UserActive, UserLocked, UserDismissed} }

// Notice is what a user may want to hear of.
type Notice string

const (
	NoticeAssigned Notice = "assigned" // an appeal or a task became his
	NoticeAnswered Notice = "answered" // something new in a matter of his
	NoticeDueSoon  Notice = "due_soon"
	NoticeOverdue  Notice = "overdue"
	NoticeControl  Notice = "control" // a task he controls was done or returned
	NoticeChannel  Notice = "channel" // a channel fell or recovered
)

// Notices are all of them.
func Notices() []Notice {
	return []Notice{NoticeAssigned, NoticeAnswered, NoticeDueSoon, NoticeOverdue, NoticeControl, NoticeChannel}
}

// NotificationSettings (настройки уведомлений) say what a user hears of, by way:
// on the desk's own page, and by e-mail to his address.
type NotificationSettings struct {
	Desk  []Notice `json:"desk"`
	Email []Notice `json:"email"`
}

// OnDesk tells whether the user hears of it on the desk. A notice without a kind
// is a rule's own.
func (n NotificationSettings) OnDesk(notice Notice) bool {
	return notice == "" || slices.Contains(n.Desk, notice)
}

// ByEmail tells whether the user wants it by e-mail.
func (n NotificationSettings) ByEmail(notice Notice) bool { return slices.Contains(n.Email, notice) }

// User is a person who signs in.
type User struct {
	Meta
	ID    UserID `json:"id"`
	Login string `json:"login"`
	Name  string `json:"name"`
	Email string `json:"email,omitempty"`
	Roles []Role `json:"roles"`
	// Extension is the inner telephone number (добавочный), unique among users.
	Extension string `json:"extension,omitempty"`
	// Organizations and Lines limit what the user sees; none: no limit. What they
	// mean for a document is in access.Scope.
	Organizations []OrganizationID     `json:"organizations,omitempty"`
	Lines         []EntryID            `json:"lines,omitempty"`
	Notify        NotificationSettings `json:"notify"`
	State         UserState            `json:"state"`                                    // empty: active
	StateReason   string               `json:"state_reason,omitempty"`                   // why locked or dismissed
	PasswordHash  string               `json:"password_hash,omitempty" history:"hidden"` // argon2id, PHC string; never leaves the store
	// Subject is who the user is to the outside provider he signs in by: its
	// issuer, the byte 1f, and its own id of him.
	Subject string `json:"subject,omitempty"`
	// MustChange asks for a new password at the first sign-in.
	MustChange bool `json:"must_change"`
}

// MayEnter tells that nobody has locked the user out.
func (u *User) MayEnter() bool { return u.State == UserActive || u.State == "" }

// RecordKey implements Record.
func (u *User) RecordKey() string { return string(u.ID) }

// Session is one sign-in of a user in a browser. Its key is a hash of the
// cookie, so that the store does not hold what opens it.
type Session struct {
	Meta
	ID      SessionID `json:"id"` // SHA-256 of the cookie, hex
	User    UserID    `json:"user"`
	CSRF    string    `json:"csrf"`
	Until   time.Time `json:"until"`
	Agent   string    `json:"agent,omitempty"`
	Remote  string    `json:"remote,omitempty"`
	Outside bool      `json:"outside,omitempty"` // signed in by an outside provider
	// As is the user the session's owner, an administrator, has entered as, until
	// AsUntil, when the session ends.
	As      UserID     `json:"as,omitempty"`
	AsUntil *time.Time `json:"as_until,omitempty"`
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
