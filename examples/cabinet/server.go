package main

import (
	"bytes"
	"crypto/rand"
	"embed"
	"encoding/json"
	"io"
	"io/fs"
	"mime/multipart"
	"net/http"
	"net/url"
	"strings"
	"time"
)

//go:embed web
var web embed.FS

const (
	cookie  = "cabinet"
	maxBody = 30 << 20
)

// server is the cabinet's web service.
type server struct {
	http.Handler
	hub    *hub
	people *people
	guard  *guard
	sites  []string
	now    func() time.Time
}

func newServer(h *hub, sites []string, now func() time.Time) *server {
	s := &server{
		hub: h, sites: sites, now: now, guard: newGuard(now),
		people: &people{now: now, codes: map[string]*code{}, sessions: map[string]resident{}},
	}
	mux := http.NewServeMux()
	pages, err := fs.Sub(web, "web")
	if err != nil {
		panic(err) // the folder is built in
	}
	mux.Handle("GET /", http.FileServerFS(pages))
	mux.HandleFunc("POST /api/code", s.code)
	mux.HandleFunc("POST /api/login", s.login)
	mux.HandleFunc("POST /api/logout", s.logout)
	mux.HandleFunc("GET /api/me", s.mine(func(w http.ResponseWriter, _ *http.Request, who resident) { answer(w, http.StatusOK, who) }))
	mux.HandleFunc("GET /api/reasons", s.reasons)
	mux.HandleFunc("GET /api/appeals", s.mine(s.pass("GET", "")))
	mux.HandleFunc("POST /api/appeals", s.mine(s.write("")))
	mux.HandleFunc("GET /api/appeals/{id}", s.mine(s.pass("GET", "/{id}")))
	mux.HandleFunc("POST /api/appeals/{id}/messages", s.mine(s.write("/{id}/messages")))
	mux.HandleFunc("PUT /api/appeals/{id}/messages/{message}/read", s.mine(s.pass("PUT", "/{id}/messages/{message}/read")))
	mux.HandleFunc("PUT /api/appeals/{id}/rating", s.mine(s.pass("PUT", "/{id}/rating")))
	mux.HandleFunc("GET /api/appeals/{id}/files/{hash}", s.mine(s.pass("GET", "/{id}/files/{hash}")))
	mux.HandleFunc("GET /widget/start", s.widgetStart)
	mux.HandleFunc("OPTIONS /widget/appeals", s.allowSite)
	mux.HandleFunc("POST /widget/appeals", s.widgetAppeal)
	mux.HandleFunc("POST /hook", s.hook)
	s.Handler = headers(mux)
	return s
}

func headers(next http.Handler) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		h := w.Header()
		h.Set("Content-Security-Policy", "default-src 'self'; frame-ancestors 'none'")
		h.Set("X-Content-Type-Options", "nosniff")
		h.Set("Referrer-Policy", "no-referrer")
		next.ServeHTTP(w, r)
	})
}

// mine serves whoever has signed in. A write must carry a header that no other
// site can make a browser send.
func (s *server) mine(serve func(http.ResponseWriter, *http.Request, resident)) http.HandlerFunc {
	return func(w http.ResponseWriter, r *http.Request) {
		c, err := r.Cookie(cookie)
		if err != nil {
			refuse(w, http.StatusUnauthorized, "Войдите в кабинет")
			return
		}
		who, ok := s.people.who(c.Value)
		switch {
		case !ok:
			refuse(w, http.StatusUnauthorized, "Войдите в кабинет")
		case r.Method != http.MethodGet && r.Header.Get("X-Cabinet") == "":
			refuse(w, http.StatusForbidden, "Запрос не со страницы кабинета")
		default:
			serve(w, r, who)
		}
	}
}

// code makes a one-time code. A real cabinet sends it by SMS; this one shows it.
func (s *server) code(w http.ResponseWriter, r *http.Request) {
	var in struct{ Name, Phone string }
	phone := ""
	if read(r, &in) {
		phone = digits(in.Phone)
	}
	if phone == "" || strings.TrimSpace(in.Name) == "" {
		refuse(w, http.StatusBadRequest, "Укажите имя и номер телефона")
		return
	}
	text, ok := s.people.newCode(strings.TrimSpace(in.Name), phone)
	if !ok {
		refuse(w, http.StatusServiceUnavailable, "Попробуйте позже")
		return
	}
	answer(w, http.StatusOK, map[string]string{"code": text})
}

func (s *server) login(w http.ResponseWriter, r *http.Request) {
	var in struct{ Phone, Code string }
	session, ok := "", false
	if read(r, &in) {
		session, ok = s.people.enter(digits(in.Phone), in.Code)
	}
	if !ok {
		refuse(w, http.StatusUnauthorized, "Код не подходит: запросите новый")
		return
	}
	http.SetCookie(w, &http.Cookie{Name: cookie, Value: session, Path: "/", HttpOnly: true, SameSite: http.SameSiteLaxMode, Secure: r.TLS != nil})
	w.WriteHeader(http.StatusNoContent)
}

func (s *server) logout(w http.ResponseWriter, r *http.Request) {
	if c, err := r.Cookie(cookie); err == nil {
		s.people.leave(c.Value)
	}
	w.WriteHeader(http.StatusNoContent)
}

func own(who resident) string { return "/v1/residents/" + who.ID + "/appeals" }

// pass hands a request on to the hub under the resident's own id.
func (s *server) pass(method, path string) func(http.ResponseWriter, *http.Request, resident) {
	return func(w http.ResponseWriter, r *http.Request, who resident) {
		body, err := io.ReadAll(http.MaxBytesReader(w, r.Body, 1<<20))
		if err != nil {
			refuse(w, http.StatusBadRequest, "Запрос слишком велик")
			return
		}
		s.forward(w, r, method, own(who)+fill(path, r), r.Header.Get("Content-Type"), body)
	}
}

// fill puts the values of the request's path into ours.
func fill(path string, r *http.Request) string {
	for _, name := range []string{"id", "message", "hash"} {
		path = strings.ReplaceAll(path, "{"+name+"}", url.PathEscape(r.PathValue(name)))
	}
	return path
}

// forward asks the hub and gives its answer back.
func (s *server) forward(w http.ResponseWriter, r *http.Request, method, target, contentType string, body []byte) {
	reply, err := s.hub.ask(r.Context(), method, target, contentType, body)
	if err != nil {
		refuse(w, http.StatusBadGateway, "Управляющая компания сейчас не отвечает, попробуйте позже")
		return
	}
	defer reply.Body.Close() //nolint:errcheck // only read
	for _, name := range []string{"Content-Type", "Content-Disposition"} {
		if v := reply.Header.Get(name); v != "" {
			w.Header().Set(name, v)
		}
	}
	w.WriteHeader(reply.StatusCode)
	_, _ = io.Copy(w, reply.Body) // the browser may have gone
}

// write makes an appeal or a message of the page's form. Who writes is known
// from the session, not from the form.
func (s *server) write(path string) func(http.ResponseWriter, *http.Request, resident) {
	return func(w http.ResponseWriter, r *http.Request, who resident) {
		r.Body = http.MaxBytesReader(w, r.Body, maxBody)
		if err := r.ParseMultipartForm(1 << 20); err != nil {
			refuse(w, http.StatusBadRequest, "Файлы вместе больше 30 МБ или форма не читается")
			return
		}
		defer r.MultipartForm.RemoveAll() //nolint:errcheck // temporary files
		s.submit(w, r, who, path)
	}
}

func (s *server) submit(w http.ResponseWriter, r *http.Request, who resident, path string) {
	appeal := map[string]any{
		"id": r.FormValue("id"), "text": r.FormValue("text"), "subject": r.FormValue("subject"),
		"sender": map[string]string{"name": who.Name, "phone": who.Phone, "email": r.FormValue("email")},
	}
	if path == "" {
		if r.FormValue("consent") != "yes" {
			refuse(w, http.StatusBadRequest, "Нужно согласие на обработку персональных данных")
			return
		}
		appeal["consent_at"] = s.now().UTC().Format(time.RFC3339)
		appeal["account"], appeal["address"], appeal["reason"] = r.FormValue("account"), r.FormValue("address"), r.FormValue("reason")
	} else {
		delete(appeal, "subject")
	}
	body, contentType, err := form(appeal, r.MultipartForm.File["file"])
	if err != nil {
		refuse(w, http.StatusBadRequest, "Файл не читается")
		return
	}
	s.forward(w, r, http.MethodPost, own(who)+fill(path, r), contentType, body)
}

// form is the request's body: the appeal first, then its files.
func form(appeal map[string]any, files []*multipart.FileHeader) ([]byte, string, error) {
	var body bytes.Buffer
	w := multipart.NewWriter(&body)
	head, err := w.CreateFormField("appeal")
	if err == nil {
		err = json.NewEncoder(head).Encode(appeal)
	}
	for _, f := range files {
		if err == nil {
			err = copyPart(w, f)
		}
	}
	if err == nil {
		err = w.Close()
	}
	return body.Bytes(), w.FormDataContentType(), err
}

func copyPart(w *multipart.Writer, f *multipart.FileHeader) error {
	out, err := w.CreateFormFile("file", f.Filename)
	if err != nil {
		return err
	}
	in, err := f.Open()
	if err != nil {
		return err
	}
	defer in.Close() //nolint:errcheck // only read
	_, err = io.Copy(out, in)
	return err
}

func (s *server) reasons(w http.ResponseWriter, r *http.Request) {
	s.allowSite(w, r)
	s.forward(w, r, http.MethodGet, "/v1/reasons", "", nil)
}

// hook takes the hub's web-hooks. This cabinet keeps nothing, so there is
// nothing to bring up to date: a real one would tell the resident here.
func (s *server) hook(w http.ResponseWriter, r *http.Request) {
	body, err := io.ReadAll(http.MaxBytesReader(w, r.Body, 1<<20))
	if err != nil || !s.hub.told(r, body, s.now()) {
		w.WriteHeader(http.StatusUnauthorized)
		return
	}
	w.WriteHeader(http.StatusNoContent)
}

func newID() string { return strings.ToLower(rand.Text()) }

func read(r *http.Request, into any) bool {
	return json.NewDecoder(io.LimitReader(r.Body, 64<<10)).Decode(into) == nil
}

func answer(w http.ResponseWriter, status int, v any) {
	w.Header().Set("Content-Type", "application/json")
	w.WriteHeader(status)
	_ = json.NewEncoder(w).Encode(v) // the browser may have gone
}

func refuse(w http.ResponseWriter, status int, title string) {
	answer(w, status, map[string]string{"title": title})
}
