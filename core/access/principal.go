package access

import (
	"slices"

	"github.com/uzel-hub/uzel/core"
)

// Principal is who a request comes from: a user, and the session or the token
// that proved it. Exactly one of Session, Token and Command is set.
type Principal struct {
	User core.User // without the password's hash
	// Behind is the administrator who entered as User and owns the session; nil:
	// the user himself.
	Behind  *core.User
	Session *core.Session
	Token   *core.Token
	// Command: it came over the hub's own socket, see CommandLine.
	Command bool

	lines lineRights
}

// CommandLine is whoever can open the hub's own socket on this machine: the
// file system lets nobody in but the user who runs the hub, who could read the
// database as well.
func CommandLine() *Principal {
	return &Principal{
		User:    core.User{ID: "command", Name: "Командная строка", Roles: []core.Role{core.RoleAdministrator}},
		Command: true,
	}
}

// Can tells whether the principal may do the operation: one of the roles allows
// it, and so does the token's scope if it came with a token.
func (p *Principal) Can(op Operation) bool {
	if p.Token != nil && !slices.Contains(p.Token.Scopes, string(op)) {
		return false
	}
	if p.Behind != nil && op == ManageOwnAccesses {
		return false // a password or a token would outlive the entering
	}
	return slices.ContainsFunc(p.User.Roles, func(r core.Role) bool { return Can(r, op) })
}

// Operations are all the principal may do, sorted.
func (p *Principal) Operations() []Operation {
	return slices.DeleteFunc(Operations(), func(op Operation) bool { return !p.Can(op) })
}

// SignsAs is the name printed under what the principal writes; the command line
// signs nothing.
func (p *Principal) SignsAs() string {
	if p.Command {
		return ""
	}
	return p.User.Name
}

// Owner is whose session or token it is: the administrator who entered as
// another user, or the user himself.
func (p *Principal) Owner() core.UserID {
	if p.Behind != nil {
		return p.Behind.ID
	}
	return p.User.ID
}

// Actor is the principal as history and audit name it.
func (p *Principal) Actor() core.Actor {
	a := core.Actor{Kind: core.ActorUser, ID: string(p.User.ID), Name: p.User.Name}
	if p.Command {
		a.Kind = core.ActorCommand
	}
	if p.Behind != nil {
		a.Behind, a.BehindName = string(p.Behind.ID), p.Behind.Name
	}
	return a
}
