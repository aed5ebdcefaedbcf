package main

import (
	"context"
	"fmt"
	"io"
	"net/http"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"time"

	"github.com/hashicorp/go-hclog"

	"github.com/uzel-hub/uzel/plugins/eds/internal/judge"
	"github.com/uzel-hub/uzel/plugins/eds/internal/pki"
	"github.com/uzel-hub/uzel/sdk"
)

func newJudge(s trustSettings, env sdk.Env) (*judge.Judge, error) {
	roots, err := pki.ParseCertificates([]byte(s.Roots))
	if err != nil {
		return nil, misconfigured(codeKey, "trust.roots", "сертификаты не читаются", err)
	}
	intermediates, err := pki.ParseCertificates([]byte(s.Intermediates))
	if err != nil {
		return nil, misconfigured(codeKey, "trust.intermediates", "сертификаты не читаются", err)
	}
	more, err := fromFolder(s.Folder)
	if err != nil {
		return nil, err
	}
	for _, c := range more {
		if c.SelfIssued() {
			roots = append(roots, c)
		} else {
			intermediates = append(intermediates, c)
		}
	}
	l := &lists{log: env.Log, places: s.Lists, fromCertificates: s.FromCertCDP, kept: map[string]*keptList{}, now: time.Now}
	l.http = &http.Client{Timeout: listTimeout}
	return &judge.Judge{Roots: roots, Intermediates: intermediates, Lists: l.about, Now: time.Now}, nil
}

// fromFolder reads every certificate of a folder; other files are passed over.
func fromFolder(folder string) (out []*pki.Certificate, err error) {
	if folder == "" {
		return nil, nil
	}
	entries, err := os.ReadDir(folder)
	if err != nil {
		return nil, misconfigured(codeKey, "trust.folder", "папка сертификатов не читается", err)
	}
	for _, e := range entries {
		if !slices.Contains([]string{".pem", ".crt", ".cer", ".der"}, strings.ToLower(filepath.Ext(e.Name()))) {
			continue
		}
		raw, err := os.ReadFile(filepath.Join(folder, e.Name()))
		if err != nil {
			return nil, misconfigured(codeKey, "trust.folder", "файл сертификата не читается", err)
		}
		some, err := pki.ParseCertificates(raw)
		if err != nil {
			return nil, misconfigured(codeKey, "trust.folder", "файл «"+e.Name()+"» — не сертификат", err)
		}
		out = append(out, some...)
	}
	return out, nil
}

// lists are revocation lists from files and addresses, kept in memory.
type lists struct {
	log              hclog.Logger
	http             *http.Client
	places           []string
	fromCertificates bool
	now              func() time.Time

	mu   sync.Mutex
	kept map[string]*keptList
}

// keptList is a list and when it was looked for last; list is nil if it never
// could be had.
type keptList struct {
	list *pki.CRL
	at   time.Time
}

const (
	listTimeout = 20 * time.Second
	// listAge is for how long a list is not looked for again, whatever came of it.
	listAge = 10 * time.Minute
	maxList = 64 << 20
	// mostPlaces bounds the addresses of one certificate and those kept.
	mostPlaces = 4
	mostKept   = 256
)

// about are the lists that may speak of the certificate.
func (l *lists) about(ctx context.Context, c *pki.Certificate) (out []*pki.CRL) {
	l.mu.Lock()
	defer l.mu.Unlock()
	places := l.places
	if l.fromCertificates {
		places = append(places[:len(places):len(places)], c.CRLDistributionPoints[:min(len(c.CRLDistributionPoints), mostPlaces)]...)
	}
	for i, place := range places {
		if i >= len(l.places) && !isURL(place) {
			continue // a certificate may not name files of ours
		}
		if list := l.get(ctx, place); list != nil {
			out = append(out, list)
		}
	}
	return out
}

// get is the list of a place, as fresh as listAge; an older one stays when the
// place does not answer: what it is worth is judged by its own dates.
func (l *lists) get(ctx context.Context, place string) *pki.CRL {
	k := l.kept[place]
	if k != nil && l.now().Sub(k.at) < listAge {
		return k.list
	}
	if k == nil {
		if len(l.kept) >= mostKept {
			clear(l.kept)
		}
		k = &keptList{}
		l.kept[place] = k
	}
	k.at = l.now()
	list, err := l.fetch(ctx, place)
	if err != nil {
		l.log.Warn("revocation list not to be had", "place", place, "error", err)
		return k.list
	}
	k.list = list
	return list
}

func isURL(place string) bool {
	return strings.HasPrefix(place, "http://") || strings.HasPrefix(place, "https://")
}

func (l *lists) fetch(ctx context.Context, place string) (*pki.CRL, error) {
	if !isURL(place) {
		raw, err := os.ReadFile(place)
		if err != nil {
			return nil, err
		}
		return pki.ParseCRL(raw, filepath.Base(place))
	}
	req, err := http.NewRequestWithContext(ctx, http.MethodGet, place, nil)
	if err != nil {
		return nil, err
	}
	res, err := l.http.Do(req)
	if err != nil {
		return nil, err
	}
	defer res.Body.Close() //nolint:errcheck // only read
	if res.StatusCode != http.StatusOK {
		return nil, fmt.Errorf("status %d", res.StatusCode)
	}
	raw, err := io.ReadAll(io.LimitReader(res.Body, maxList))
	if err != nil {
		return nil, err
	}
	return pki.ParseCRL(raw, place)
}
