package main

import (
	"crypto/rand"
	"crypto/sha256"
	"crypto/subtle"
	"encoding/hex"
	"fmt"
	"math/big"
	"strings"
	"sync"
	"time"
)

const (
	codeLife    = 5 * time.Minute
	sessionLife = 12 * time.Hour
	codeTries   = 5
	maxPeople   = 10_000 // codes and sessions kept at once
)

// resident is who has signed in.
type resident struct {
	ID    string `json:"-"`
	Name  string `json:"name"`
	Phone string `json:"phone"`
	until time.Time
}

type code struct {
	resident
	text  string
	tries int
}

// people keeps codes and sessions in memory: after a restart residents sign in
// again.
type people struct {
	now      func() time.Time
	mu       sync.Mutex
	codes    map[string]*code // by telephone
	sessions map[string]resident
}

// digits is a Russian telephone as 7 and ten digits, "" if it is none.
func digits(phone string) string {
	out := strings.Map(func(r rune) rune {
		if r < '0' || r > '9' {
			return -1
		}
		return r
	}, phone)
	if len(out) == 10 {
		out = "7" + out
	}
	if len(out) != 11 || out[0] != '7' && out[0] != '8' {
		return ""
	}
	return "7" + out[1:]
}

// idOf is the resident's id in the hub: it does not show the telephone.
func idOf(phone string) string {
	sum := sha256.Sum256([]byte("resident " + phone))
	return "r" + hex.EncodeToString(sum[:12])
}

// newCode makes the one-time code of a telephone.
func (p *people) newCode(name, phone string) (string, bool) {
	n, err := rand.Int(rand.Reader, big.NewInt(1_000_000))
	p.mu.Lock()
	defer p.mu.Unlock()
	p.forget()
	if err != nil || len(p.codes) >= maxPeople {
		return "", false
	}
	c := &code{resident: resident{ID: idOf(phone), Name: name, Phone: "+" + phone, until: p.now().Add(codeLife)}, text: fmt.Sprintf("%06d", n)}
	p.codes[phone] = c
	return c.text, true
}

// enter opens a session for the right code, which is good for once.
func (p *people) enter(phone, text string) (session string, ok bool) {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.forget()
	c := p.codes[phone]
	if c == nil || len(p.sessions) >= maxPeople {
		return "", false
	}
	c.tries++
	if subtle.ConstantTimeCompare([]byte(c.text), []byte(text)) != 1 {
		if c.tries >= codeTries {
			delete(p.codes, phone)
		}
		return "", false
	}
	delete(p.codes, phone)
	return p.open(c.resident), true
}

// open is called with the lock held.
func (p *people) open(r resident) string {
	session := rand.Text()
	r.until = p.now().Add(sessionLife)
	p.sessions[session] = r
	return session
}

func (p *people) who(session string) (resident, bool) {
	p.mu.Lock()
	defer p.mu.Unlock()
	r, ok := p.sessions[session]
	return r, ok && p.now().Before(r.until)
}

func (p *people) leave(session string) {
	p.mu.Lock()
	defer p.mu.Unlock()
	delete(p.sessions, session)
}

func (p *people) forget() {
	for phone, c := range p.codes {
		if p.now().After(c.until) {
			delete(p.codes, phone)
		}
	}
	for id, r := range p.sessions {
		if p.now().After(r.until) {
			delete(p.sessions, id)
		}
	}
}
