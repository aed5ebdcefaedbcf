package main

import (
	"crypto/hmac"
	"crypto/rand"
	"crypto/sha256"
	"encoding/hex"
	"net"
	"net/http"
	"slices"
	"strconv"
	"strings"
	"sync"
	"time"
)

const (
	tooFast   = 3 * time.Second // nobody fills in a form faster
	tooOld    = 2 * time.Hour
	perHour   = 5 // appeals from one address
	maxGuests = 10_000
)

// guard keeps machines from writing through the widget: a ticket that is too
// young or used, a field people do not see, too many from one address.
type guard struct {
	now  func() time.Time
	key  []byte
	mu   sync.Mutex
	used map[string]time.Time
	from map[string][]time.Time
}

func newGuard(now func() time.Time) *guard {
	g := &guard{now: now, key: make([]byte, 32), used: map[string]time.Time{}, from: map[string][]time.Time{}}
	_, _ = rand.Read(g.key) // never fails
	return g
}

// ticket says when the form was opened, so that it cannot be forged.
func (g *guard) ticket() string {
	text := strconv.FormatInt(g.now().UnixMilli(), 10) + "." + newID()
	return text + "." + g.sign(text)
}

func (g *guard) sign(text string) string {
	mac := hmac.New(sha256.New, g.key)
	mac.Write([]byte(text))
	return hex.EncodeToString(mac.Sum(nil))
}

// admit says why an appeal is not taken, "" if it is.
func (g *guard) admit(ticket, trap, address string) string {
	i := strings.LastIndexByte(ticket, '.')
	if trap != "" || i < 0 || !hmac.Equal([]byte(g.sign(ticket[:i])), []byte(ticket[i+1:])) {
		return "Обращение похоже на автоматическое"
	}
	millis, _, _ := strings.Cut(ticket, ".")
	n, err := strconv.ParseInt(millis, 10, 64)
	age := g.now().Sub(time.UnixMilli(n))
	if err != nil || age < tooFast || age > tooOld {
		return "Обновите страницу и отправьте ещё раз"
	}
	g.mu.Lock()
	defer g.mu.Unlock()
	g.forget()
	switch {
	case !g.used[ticket].IsZero():
		return "Обращение уже отправлено"
	case len(g.from[address]) >= perHour || len(g.from) >= maxGuests:
		return "Слишком много обращений, попробуйте через час"
	}
	g.used[ticket] = g.now()
	g.from[address] = append(g.from[address], g.now())
	return ""
}

func (g *guard) forget() {
	for t, at := range g.used {
		if g.now().Sub(at) > tooOld {
			delete(g.used, t)
		}
	}
	for address, times := range g.from {
		left := slices.DeleteFunc(times, func(at time.Time) bool { return g.now().Sub(at) > time.Hour })
		if g.from[address] = left; len(left) == 0 {
			delete(g.from, address)
		}
	}
}

// allowSite lets the pages of the organisation's site ask.
func (s *server) allowSite(w http.ResponseWriter, r *http.Request) {
	origin := r.Header.Get("Origin")
	if origin != "" && slices.Contains(s.sites, origin) {
		w.Header().Set("Access-Control-Allow-Origin", origin)
		w.Header().Set("Vary", "Origin")
	}
}

// widgetStart gives the form its ticket.
func (s *server) widgetStart(w http.ResponseWriter, r *http.Request) {
	s.allowSite(w, r)
	answer(w, http.StatusOK, map[string]string{"ticket": s.guard.ticket()})
}

// widgetAppeal takes an appeal from a site. Its writer has not proved whose
// telephone it is, so it is kept apart from what residents wrote in the cabinet.
func (s *server) widgetAppeal(w http.ResponseWriter, r *http.Request) {
	s.allowSite(w, r)
	r.Body = http.MaxBytesReader(w, r.Body, maxBody)
	if err := r.ParseMultipartForm(1 << 20); err != nil {
		refuse(w, http.StatusBadRequest, "Файлы вместе больше 30 МБ или форма не читается")
		return
	}
	defer r.MultipartForm.RemoveAll() //nolint:errcheck // temporary files
	phone, name := digits(r.FormValue("phone")), strings.TrimSpace(r.FormValue("name"))
	if phone == "" || name == "" || r.FormValue("consent") != "yes" {
		refuse(w, http.StatusBadRequest, "Укажите имя, телефон и согласие на обработку персональных данных")
		return
	}
	host, _, err := net.SplitHostPort(r.RemoteAddr)
	if err != nil {
		host = r.RemoteAddr
	}
	if why := s.guard.admit(r.FormValue("ticket"), r.FormValue("website"), host); why != "" {
		refuse(w, http.StatusTooManyRequests, why)
		return
	}
	r.Form.Set("id", newID())
	s.submit(w, r, resident{ID: "w" + newID(), Name: name, Phone: "+" + phone}, "")
}
