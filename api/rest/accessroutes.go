package rest

import "github.com/uzel-hub/uzel/core/access"

// accessRoutes are those of users, sessions and the audit journal that came
// after the hub's first ones.
func accessRoutes() []*route {
	return []*route{
		{name: "session.notifications", method: put, path: v1 + "/session/notifications", op: access.ManageOwnAccesses, serve: (*Server).notifications},
		{name: "session.ways", method: get, path: v1 + "/session/ways", serve: (*Server).signInWays, public: true},
		{name: "session.oidc", method: get, path: v1 + "/session/oidc", serve: (*Server).beginOIDC, public: true, slow: true, browsed: true},
		{name: "session.callback", method: get, path: CallbackPath, serve: (*Server).finishOIDC, public: true, door: true, slow: true, browsed: true},
		{name: "session.leave", method: remove, path: v1 + "/session/as", op: signedIn, serve: (*Server).leave},
		{name: "users.enter", method: post, path: v1 + "/users/{id}/enter", op: access.EnterAsUser, serve: (*Server).enterAs},
		{name: "usersessions.list", method: get, path: v1 + "/user-sessions", op: access.ManageUsers, serve: (*Server).listUserSessions},
		{name: "usersessions.delete", method: remove, path: v1 + "/user-sessions/{id}", op: access.ManageUsers, serve: (*Server).endUserSession},
		{name: "people.list", method: get, path: v1 + "/people", op: access.ReadDocuments, serve: (*Server).listPeople},
		{name: "users.actions", method: get, path: v1 + "/users/{id}/actions", op: access.ReadAudit, serve: (*Server).userActions},
	}
}
