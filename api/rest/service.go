package rest

import (
	"context"
	"fmt"
	"net/http"
	"strings"
	"time"

	"github.com/prometheus/client_golang/prometheus/promhttp"

	"github.com/uzel-hub/uzel/api"
	"github.com/uzel-hub/uzel/core"
	"github.com/uzel-hub/uzel/core/access"
)

// Health says that all is well.
type Health struct {
	Status  string `json:"status"`
	Version string `json:"version,omitempty"`
}

func (s *Server) live(*call) (answer, error) { return ok(Health{"ok", s.Version}), nil }

func (s *Server) ready(c *call) (answer, error) {
	ctx, cancel := context.WithTimeout(c.ctx(), 5*time.Second)
	defer cancel()
	if err := s.Ready(ctx); err != nil {
		return answer{}, core.Unavailable("hub.not_ready", "узел сейчас не готов к работе", err)
	}
	return ok(Health{"ok", s.Version}), nil
}

func (s *Server) getContract(c *call) (answer, error) {
	c.w.Header().Set("Content-Type", "application/yaml")
	_, err := c.w.Write([]byte(api.OpenAPI()))
	return answer{}, err
}

// pagesOr serves what people see in a browser: every address that is not of
// programs. Those get the answer nothing.
func (s *Server) pagesOr(nothing http.Handler) http.Handler {
	rt := &route{name: "pages"}
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		c := callOf(r)
		c.r = r
		if s.Pages == nil || strings.HasPrefix(r.URL.Path, "/api/") || strings.HasPrefix(r.URL.Path, "/hooks/") {
			nothing.ServeHTTP(w, r)
			return
		}
		c.route = rt
		s.Pages.ServeHTTP(c.w, r)
	})
}

// hooks hands web-hooks on. The connector answers for itself; sizes and stalls
// are bounded here.
func (s *Server) hooks() http.Handler {
	rt := &route{name: "hooks", streams: true}
	return http.HandlerFunc(func(_ http.ResponseWriter, r *http.Request) {
		c := callOf(r)
		c.r, c.route = r, rt
		cancel := s.bound(c)
		defer cancel()
		s.Hooks.ServeHTTP(c.w, c.r)
	})
}

// observe counts a request and notes it in the log: no address, no query, no
// name.
func (s *Server) observe(c *call, took time.Duration) {
	class := fmt.Sprintf("%dxx", c.w.status/100)
	s.Metrics.requests.WithLabelValues(c.name(), class).Observe(took.Seconds())
	log := s.Log.Debug
	if !c.safe() {
		log = s.Log.Info
	}
	user := ""
	if c.who != nil {
		user = string(c.who.User.ID)
	}
	log("request", "request", c.id, "operation", c.name(), "method", c.r.Method, "status", c.w.status, "ms", took.Milliseconds(), "user", user)
}

func (s *Server) getMetrics(c *call) (answer, error) {
	if !s.local(c.r) {
		if err := s.recognise(c); err != nil {
			return answer{}, err
		}
		if !c.who.Can(access.ReadMetrics) {
			return answer{}, refuse(core.KindForbidden, "access.forbidden", "у вас нет права на это действие")
		}
	}
	promhttp.HandlerFor(s.Metrics.registry, promhttp.HandlerOpts{}).ServeHTTP(c.w, c.r)
	return answer{}, nil
}
