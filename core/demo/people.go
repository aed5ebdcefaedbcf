package demo

import (
	"context"
	"crypto/rand"
	"errors"
	"net/http"
	"net/http/cookiejar"
	"strings"
	"time"

	"github.com/uzel-hub/uzel/core"
	"github.com/uzel-hub/uzel/core/internal/hubproc"
)

// object is a JSON object.
type object = map[string]any

// Who plays in the story. The master is known to GIS by his name.
const (
	operatorName = "Ольга Иванова"
	masterName   = "Мастеров Пётр Ильич"
)

// desk is the operator at work, by REST with a token of her own.
type desk struct {
	*demo
	client *http.Client
	master core.UserID
}

// people makes the users of the story.
func (d *demo) people(ctx context.Context) (*desk, error) {
	d.Resident = Resident{Name: "Анна Смирнова", Phone: "+79160000001"}
	master, err := d.user(ctx, "master", masterName, core.RoleClerk)
	if err != nil {
		return nil, err
	}
	if _, err := d.user(ctx, "olga", operatorName, core.RoleOperator); err != nil {
		return nil, err
	}
	client, err := d.enter(ctx, &d.Users[1])
	if err != nil {
		return nil, err
	}
	// The master's own password is as lasting as hers.
	if _, err := d.enter(ctx, &d.Users[0]); err != nil {
		return nil, err
	}
	return &desk{demo: d, client: client, master: master}, nil
}

// user makes a user with a one-time password, or gives the one of an earlier
// demo another.
func (d *demo) user(ctx context.Context, login, name string, role core.Role) (core.UserID, error) {
	var made struct {
		User     core.User
		Password string
	}
	err := d.call(ctx, http.MethodPost, "/api/v1/users", object{"login": login, "name": name, "roles": []core.Role{role}}, &made)
	if status(err) == http.StatusConflict || status(err) == http.StatusBadRequest {
		if made.User, err = d.known(ctx, login); err == nil {
			err = d.call(ctx, http.MethodPost, "/api/v1/users/"+string(made.User.ID)+"/password", nil, &made)
		}
	}
	d.Users = append(d.Users, User{Login: login, Name: name, Password: made.Password})
	return made.User.ID, err
}

func (d *demo) known(ctx context.Context, login string) (core.User, error) {
	var page struct{ Items []core.User }
	err := d.call(ctx, http.MethodGet, "/api/v1/users?limit=1000", nil, &page)
	for _, u := range page.Items {
		if u.Login == login {
			return u, err
		}
	}
	return core.User{}, err
}

// status is the HTTP status of a refusal, 0 if err is none.
func status(err error) int {
	if r, ok := errors.AsType[*hubproc.Refusal](err); ok {
		return r.Status
	}
	return 0
}

// enter signs a user in with the one-time password, changes it for a lasting one
// and gives a client with a token.
func (d *demo) enter(ctx context.Context, u *User) (*http.Client, error) {
	jar, _ := cookiejar.New(nil) // cannot fail without options
	in := &http.Client{Jar: jar}
	ask := func(method, path string, body, out any) error {
		return hubproc.Call(ctx, in, method, d.Hub+"/api/v1/"+path, "application/json", body, out)
	}
	var session struct{ CSRF string }
	if err := ask(http.MethodPost, "session", object{"login": u.Login, "password": u.Password}, &session); err != nil {
		return nil, err
	}
	in.Transport = header{"X-CSRF-Token": session.CSRF}
	lasting := strings.ToLower(rand.Text())
	if err := ask(http.MethodPost, "session/password", object{"old_password": u.Password, "new_password": lasting}, nil); err != nil {
		return nil, err
	}
	u.Password = lasting
	var token struct{ Secret string }
	err := ask(http.MethodPost, "tokens", object{"title": "Демонстрация", "until": time.Now().Add(24 * time.Hour), "scopes": []string{
		"documents.read", "documents.write", "appeals.read", "appeals.write", "drafts.read", "drafts.write", "tasks.read", "tasks.write",
		"deliveries.read", "signatures.write",
	}}, &token)
	return &http.Client{Transport: header{"Authorization": "Bearer " + token.Secret}}, err
}

// header is sent with every request.
type header map[string]string

// RoundTrip implements http.RoundTripper.
func (h header) RoundTrip(r *http.Request) (*http.Response, error) {
	r = r.Clone(r.Context())
	for name, value := range h {
		if r.Header.Get(name) == "" {
			r.Header.Set(name, value)
		}
	}
	return http.DefaultTransport.RoundTrip(r)
}
