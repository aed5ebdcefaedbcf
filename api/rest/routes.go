package rest

import (
	"net/http"
	"slices"
	"strings"

	"github.com/gorilla/mux"

	"github.com/uzel-hub/uzel/core"
	"github.com/uzel-hub/uzel/core/access"
)

// route is one operation of the contract.
type route struct {
	name   string // operationId; also the name in audit and metrics
	method string
	path   string
	op     access.Operation // what it takes
	serve  handler

	public      bool // nobody needs to be known
	door        bool // signs in: audited whoever comes
	anyPassword bool // with a one-time password too
	slow        bool // waits for an outside system
	outside     bool // does what no transaction of the store holds: noted before it begins
	streams     bool // takes or gives more than fits in a moment or in memory
	live        bool // may go on for ever: no HEAD
	browsed     bool // people come by their browser: what is refused is told on the front page
	quiet       bool // a sign of life by the machine: not audited
	handsOut    bool // gives records away in a file: audited though it changes nothing
}

// signedIn in place of an operation: whoever is known may.
const signedIn access.Operation = ""

const v1 = "/api/v1"

const (
	get    = http.MethodGet
	post   = http.MethodPost
	put    = http.MethodPut
	patch  = http.MethodPatch
	remove = http.MethodDelete
)

// routes is the whole table of what is served.
func routes() []*route {
	return slices.Concat(
		exportRoutes(),
		hubRoutes(),
		directoryRoutes(),
		applicantRoutes(),
		searchRoutes(),
		filterRoutes(),
		reportRoutes(),
		accessRoutes(),
		scheduleRoutes(),
		settingsRoutes(),
		rulesRoutes(),
		appealRoutes(),
		taskRoutes(),
		draftRoutes(),
		signatureRoutes(),
		letterRoutes(),
		panelRoutes(),
		journalRoutes(),
	)
}

// hubRoutes are those of the hub itself, in the order of the contract.
func hubRoutes() []*route {
	return []*route{
		{name: "session.get", method: get, path: v1 + "/session", op: signedIn, serve: (*Server).getSession, anyPassword: true},
		{name: "session.create", method: post, path: v1 + "/session", serve: (*Server).signIn, public: true, door: true},
		{name: "session.delete", method: remove, path: v1 + "/session", op: signedIn, serve: (*Server).signOut, anyPassword: true},
		{name: "session.password", method: post, path: v1 + "/session/password", op: access.ManageOwnAccesses, serve: (*Server).changePassword, anyPassword: true},
		{name: "sessions.list", method: get, path: v1 + "/sessions", op: access.ManageOwnAccesses, serve: (*Server).listSessions},
		{name: "sessions.delete", method: remove, path: v1 + "/sessions/{id}", op: access.ManageOwnAccesses, serve: (*Server).endSession},
		{name: "tokens.list", method: get, path: v1 + "/tokens", op: access.ManageOwnAccesses, serve: (*Server).listTokens},
		{name: "tokens.create", method: post, path: v1 + "/tokens", op: access.ManageOwnAccesses, serve: (*Server).createToken},
		{name: "tokens.delete", method: remove, path: v1 + "/tokens/{id}", op: access.ManageOwnAccesses, serve: (*Server).revokeToken},
		{name: "roles.list", method: get, path: v1 + "/roles", op: signedIn, serve: (*Server).listRoles},

		{name: "users.list", method: get, path: v1 + "/users", op: access.ManageUsers, serve: (*Server).listUsers},
		{name: "users.create", method: post, path: v1 + "/users", op: access.ManageUsers, serve: (*Server).createUser},
		{name: "users.get", method: get, path: v1 + "/users/{id}", op: access.ManageUsers, serve: (*Server).getUser},
		{name: "users.update", method: put, path: v1 + "/users/{id}", op: access.ManageUsers, serve: (*Server).updateUser},
		{name: "users.delete", method: remove, path: v1 + "/users/{id}", op: access.ManageUsers, serve: (*Server).deleteUser},
		{name: "users.password", method: post, path: v1 + "/users/{id}/password", op: access.ManageUsers, serve: (*Server).resetPassword},

		{name: "documents.list", method: get, path: v1 + "/documents", op: access.ReadDocuments, serve: (*Server).listDocuments},
		{name: "documents.create", method: post, path: v1 + "/documents", op: access.WriteDocuments, serve: (*Server).createDocument, streams: true},
		{name: "documents.get", method: get, path: v1 + "/documents/{id}", op: access.ReadDocuments, serve: (*Server).getDocument},
		{name: "documents.update", method: patch, path: v1 + "/documents/{id}", op: access.WriteDocuments, serve: (*Server).updateDocument},
		{name: "documents.history", method: get, path: v1 + "/documents/{id}/history", op: access.ReadDocuments, serve: (*Server).documentHistory},
		{name: "documents.files", method: get, path: v1 + "/documents/{id}/files", op: access.ReadDocuments, serve: (*Server).listFiles},
		{name: "documents.file", method: get, path: v1 + "/documents/{id}/files/{hash}", op: access.ReadDocuments, serve: (*Server).getFile, streams: true},
		{name: "documents.reply", method: post, path: v1 + "/documents/{id}/reply", op: access.WriteDocuments, serve: (*Server).reply, streams: true},
		{name: "documents.join", method: post, path: v1 + "/documents/{id}/join", op: access.WriteDocuments, serve: (*Server).joinDocument},
		{name: "documents.detach", method: post, path: v1 + "/documents/{id}/detach", op: access.WriteDocuments, serve: (*Server).detachDocument},

		{name: "deliveries.list", method: get, path: v1 + "/deliveries", op: access.ReadDeliveries, serve: (*Server).listDeliveries},
		{name: "deliveries.get", method: get, path: v1 + "/deliveries/{id}", op: access.ReadDeliveries, serve: (*Server).getDelivery},
		{name: "deliveries.history", method: get, path: v1 + "/deliveries/{id}/history", op: access.ReadDeliveries, serve: (*Server).deliveryHistory},
		{name: "deliveries.cancel", method: post, path: v1 + "/deliveries/{id}/cancel", op: access.WriteDeliveries, serve: (*Server).cancelDelivery},
		{name: "deliveries.retry", method: post, path: v1 + "/deliveries/{id}/retry", op: access.WriteDeliveries, serve: (*Server).retryDelivery},

		{name: "channels.list", method: get, path: v1 + "/channels", op: access.ReadChannels, serve: (*Server).listChannels},
		{name: "channels.create", method: post, path: v1 + "/channels", op: access.WriteChannels, serve: (*Server).createChannel, slow: true},
		{name: "channels.try", method: post, path: v1 + "/channels/check", op: access.WriteChannels, serve: (*Server).tryChannel, slow: true, outside: true},
		{name: "channels.get", method: get, path: v1 + "/channels/{id}", op: access.ReadChannels, serve: (*Server).getChannel},
		{name: "channels.update", method: put, path: v1 + "/channels/{id}", op: access.WriteChannels, serve: (*Server).updateChannel, slow: true},
		{name: "channels.delete", method: remove, path: v1 + "/channels/{id}", op: access.WriteChannels, serve: (*Server).deleteChannel},
		{name: "channels.history", method: get, path: v1 + "/channels/{id}/history", op: access.ReadChannels, serve: (*Server).channelHistory},
		{name: "channels.revert", method: post, path: v1 + "/channels/{id}/revert", op: access.WriteChannels, serve: (*Server).revertChannel, slow: true},
		{name: "channels.check", method: post, path: v1 + "/channels/{id}/check", op: access.OperateChannels, serve: (*Server).checkChannel, slow: true, outside: true},
		{name: "channels.enable", method: post, path: v1 + "/channels/{id}/enable", op: access.OperateChannels, serve: (*Server).enableChannel},
		{name: "channels.disable", method: post, path: v1 + "/channels/{id}/disable", op: access.OperateChannels, serve: (*Server).disableChannel},
		{name: "channels.pause", method: post, path: v1 + "/channels/{id}/pause", op: access.OperateChannels, serve: (*Server).pauseChannel},
		{name: "channels.resume", method: post, path: v1 + "/channels/{id}/resume", op: access.OperateChannels, serve: (*Server).resumeChannel},
		{name: "channels.run", method: post, path: v1 + "/channels/{id}/run", op: access.OperateChannels, serve: (*Server).runChannel, outside: true},
		{name: "channels.restart", method: post, path: v1 + "/channels/{id}/restart", op: access.OperateChannels, serve: (*Server).restartChannel, outside: true},
		{name: "channels.traffic", method: get, path: v1 + "/channels/{id}/traffic", op: access.ReadChannels, serve: (*Server).channelTraffic},
		{name: "channels.log", method: get, path: v1 + "/channels/{id}/log", op: access.ReadLogs, serve: (*Server).channelLog, streams: true, live: true},
		{name: "operations.list", method: get, path: v1 + "/channels/{id}/operations", op: access.ReadChannels, serve: (*Server).listOperations},
		{name: "operations.run", method: post, path: v1 + "/channels/{id}/operations/{operation}", op: access.RunOperations, serve: (*Server).runOperation, streams: true, outside: true},
		{name: "operations.file", method: get, path: v1 + "/results/{ticket}", op: access.RunOperations, serve: (*Server).getResultFile, streams: true},

		{name: "plugins.list", method: get, path: v1 + "/plugins", op: access.ReadPlugins, serve: (*Server).listPlugins},
		{name: "plugins.install", method: post, path: v1 + "/plugins", op: access.WritePlugins, serve: (*Server).installPlugin, streams: true, outside: true},
		{name: "plugins.get", method: get, path: v1 + "/plugins/{name}", op: access.ReadPlugins, serve: (*Server).getPlugin},
		{name: "plugins.version", method: get, path: v1 + "/plugins/{name}/versions/{version}", op: access.ReadPlugins, serve: (*Server).getPlugin},
		{name: "plugins.remove", method: remove, path: v1 + "/plugins/{name}/versions/{version}", op: access.WritePlugins, serve: (*Server).removePlugin, outside: true},
		{name: "plugins.current", method: put, path: v1 + "/plugins/{name}/current", op: access.WritePlugins, serve: (*Server).setCurrentPlugin, outside: true},
		{name: "plugins.upgrade", method: post, path: v1 + "/plugins/{name}/upgrade", op: access.WritePlugins, serve: (*Server).upgradePlugin, slow: true, outside: true},

		{name: "deadletters.list", method: get, path: v1 + "/dead-letters", op: access.ReadDeadLetters, serve: (*Server).listDeadLetters},
		{name: "deadletters.get", method: get, path: v1 + "/dead-letters/{id}", op: access.ReadDeadLetters, serve: (*Server).getDeadLetter},
		{name: "deadletters.replay", method: post, path: v1 + "/dead-letters/{id}/replay", op: access.WriteDeadLetters, serve: (*Server).replayDeadLetter},
		{name: "deadletters.giveup", method: post, path: v1 + "/dead-letters/{id}/give-up", op: access.WriteDeadLetters, serve: (*Server).giveUpDeadLetter},

		{name: "parties.list", method: get, path: v1 + "/parties", op: access.ReadParties, serve: (*Server).listParties},
		{name: "parties.create", method: post, path: v1 + "/parties", op: access.WriteParties, serve: (*Server).createParty},
		{name: "parties.get", method: get, path: v1 + "/parties/{id}", op: access.ReadParties, serve: (*Server).getParty},
		{name: "parties.update", method: put, path: v1 + "/parties/{id}", op: access.WriteParties, serve: (*Server).updateParty},
		{name: "parties.delete", method: remove, path: v1 + "/parties/{id}", op: access.WriteParties, serve: (*Server).deleteParty},
		{name: "parties.history", method: get, path: v1 + "/parties/{id}/history", op: access.ReadParties, serve: (*Server).partyHistory},

		{name: "audit.list", method: get, path: v1 + "/audit", op: access.ReadAudit, serve: (*Server).listAudit},
		{name: "system.status", method: get, path: v1 + "/system", op: access.ReadMetrics, serve: (*Server).systemStatus},
		{name: "system.check", method: post, path: v1 + "/system/check", op: access.ManageSystem, serve: (*Server).checkSystem, streams: true, outside: true},
		{name: "system.backup", method: post, path: v1 + "/system/backup", op: access.ManageSystem, serve: (*Server).backupSystem, streams: true, outside: true},
		{name: "events.stream", method: get, path: v1 + "/events", op: signedIn, serve: (*Server).streamEvents, streams: true, live: true},
		{name: "contract.get", method: get, path: v1 + "/openapi.yaml", serve: (*Server).getContract, public: true},
		{name: "health.live", method: get, path: "/healthz", serve: (*Server).live, public: true},
		{name: "health.ready", method: get, path: "/readyz", serve: (*Server).ready, public: true},
		{name: "metrics.get", method: get, path: "/metrics", serve: (*Server).getMetrics, public: true},
	}
}

// collection is the first word of the path, `documents`: the kind of thing the
// id in the path names.
func (rt *route) collection() string {
	first, _, _ := strings.Cut(strings.TrimPrefix(rt.path, v1+"/"), "/")
	return first
}

func (s *Server) newRouter() *mux.Router {
	router := mux.NewRouter()
	for _, rt := range routes() {
		methods := []string{rt.method}
		if rt.method == get && !rt.live {
			methods = append(methods, http.MethodHead)
		}
		router.Handle(rt.path, s.handle(rt)).Methods(methods...).Name(rt.name)
	}
	if s.Hooks != nil {
		router.PathPrefix("/hooks/{channel}").Handler(s.hooks())
	}
	nothing := refusal(core.NotFound("request.not_found", "по этому адресу ничего нет"))
	router.NotFoundHandler = s.pagesOr(nothing)
	router.MethodNotAllowedHandler = refusal(core.Invalid("request.method", "", "этот метод здесь не поддерживается"))
	return router
}

func refusal(err error) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		c := callOf(r)
		problemOf(err, c.id, languageOf(r)).write(c.w)
	})
}
