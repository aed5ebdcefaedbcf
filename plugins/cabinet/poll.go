package main

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/url"
	"path"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/uzel-hub/uzel/sdk"
)

const (
	maxList  = 32 << 20 // bytes of one page
	maxPages = 1000     // of one look
	maxSeen  = 20_000   // ids of one look that are remembered
)

// mark is how far another vendor's cabinet has been read.
type mark struct {
	Since time.Time `json:"since"` // the latest appeal
	Seen  []string  `json:"seen"`  // what the last look showed: not to be fetched again
}

// Receive implements sdk.Receiver: another vendor's cabinet is polled. One that
// calls us has nothing to be polled for.
func (c *cabinet) Receive(ctx context.Context, after sdk.Cursor, emit sdk.Emitter) error {
	if c.Mode != modePoll {
		return nil
	}
	m := mark{Since: c.now().AddDate(0, 0, -c.Poll.List.Backlog).UTC()}
	if len(after) > 0 {
		if err := json.Unmarshal(after, &m); err != nil {
			return &sdk.Error{Kind: "internal", Source: "plugin", Text: "метка чтения кабинета повреждена", Err: err}
		}
	}
	for {
		l := look{cabinet: c, emit: emit, before: m, now: mark{Since: m.Since}}
		if err := l.run(ctx); err != nil {
			return err
		}
		m = l.now
		if err := c.pause(ctx); err != nil {
			return err
		}
	}
}

func (c *cabinet) pause(ctx context.Context) error {
	timer := time.NewTimer(c.Poll.Every)
	defer timer.Stop()
	select {
	case <-timer.C:
	case <-c.wake:
	case <-ctx.Done():
		return ctx.Err()
	}
	return nil
}

func (c *cabinet) checkPoll(ctx context.Context) error {
	l := look{cabinet: c, before: mark{Since: c.now().UTC()}}
	_, _, err := l.page(ctx, c.Poll.List.First, "")
	return err
}

// look is one pass over the pages of new appeals.
type look struct {
	*cabinet
	emit   sdk.Emitter
	before mark
	now    mark
}

func (l *look) run(ctx context.Context) error {
	next := ""
	for n := range maxPages {
		items, more, err := l.page(ctx, l.Poll.List.First+n, next)
		if err != nil {
			return err
		}
		fresh, err := l.take(ctx, items)
		if err != nil {
			return err
		}
		paged := strings.Contains(l.Poll.List.Path, "{page}") && len(items) > 0 && l.Poll.List.Next == ""
		if !paged && (more == "" || more == next) {
			return l.keep(ctx, l.now)
		}
		if fresh { // a long list that is cut off goes on where it was
			if err := l.keep(ctx, mark{l.before.Since, append(slices.Clone(l.before.Seen), l.now.Seen...)}); err != nil {
				return err
			}
		}
		next = more
	}
	return &sdk.Error{Kind: "config", Field: "poll.list.path", Source: "remote", Text: "страницам списка нет конца"}
}

func (l *look) keep(ctx context.Context, m mark) error {
	if len(m.Seen) > maxSeen {
		m.Seen = m.Seen[len(m.Seen)-maxSeen:]
	}
	raw, err := json.Marshal(m)
	if err != nil {
		return err
	}
	return l.emit.Mark(ctx, raw)
}

// take registers what has not been seen yet.
func (l *look) take(ctx context.Context, items []any) (fresh bool, err error) {
	for _, it := range items {
		id := textAt(it, l.Poll.Fields.ID)
		if id == "" {
			return fresh, &sdk.Error{Kind: "config", Field: "poll.fields.id", Source: "remote", Text: "в списке нет номера обращения: проверьте путь поля"}
		}
		if slices.Contains(l.now.Seen, id) {
			continue // pages moved while they were read
		}
		if at := momentOf(textAt(it, l.Poll.Fields.At)); at.After(l.now.Since) && !at.After(l.cabinet.now()) {
			l.now.Since = at.UTC()
		}
		if !slices.Contains(l.before.Seen, id) {
			fresh = true
			if err := l.register(ctx, id, it); err != nil {
				return fresh, err
			}
		}
		l.now.Seen = append(l.now.Seen, id)
	}
	return fresh, nil
}

// register hands one appeal to the hub. What the hub does not take and never
// will must not stop the rest.
func (l *look) register(ctx context.Context, id string, it any) error {
	f := l.Poll.Fields
	w := written{
		ID: id, At: momentOf(textAt(it, f.At)), Subject: textAt(it, f.Subject), Text: textAt(it, f.Text),
		Sender:  sender{Name: textAt(it, f.Name), Email: textAt(it, f.Email), Phone: textAt(it, f.Phone)},
		Account: textAt(it, f.Account), Address: textAt(it, f.Address), Reason: textAt(it, f.Reason),
	}
	m := w.message(textAt(it, f.Resident))
	m.ExternalID, m.Thread.External = id, id
	files := new(parts)
	defer files.free()
	list, _ := at(it, f.Files).([]any)
	for i, one := range list[:min(len(list), maxFiles)] {
		lost, err := l.download(ctx, one, i, files)
		if err != nil {
			return err
		}
		if lost != "" {
			m.Marks = append(m.Marks, sdk.Mark{Kind: sdk.MarkRepaired, Reason: lost})
		}
	}
	for _, p := range files.parts {
		m.Files = append(m.Files, p.file())
	}
	err := l.emit.Emit(ctx, m, nil)
	if sdk.Refused(err) {
		l.env.Log.Error("appeal not taken by the hub", "id", id, "error", err)
		return nil
	}
	return err
}

// page reads one page of the list and the mark of the next.
func (l *look) page(ctx context.Context, n int, next string) (items []any, more string, err error) {
	since := l.before.Since.Add(-l.Poll.Overlap)
	where := strings.NewReplacer(
		"{since}", url.QueryEscape(moment(since, l.Poll.List.Since)), "{page}", strconv.Itoa(n), "{next}", url.QueryEscape(next),
	).Replace(l.Poll.List.Path)
	reply, err := l.ask(ctx, l.address(where))
	if err != nil {
		return nil, "", err
	}
	defer drain(reply.Body)
	if err := judge(reply, "poll.list.path", "poll.token"); err != nil {
		return nil, "", err
	}
	dec := json.NewDecoder(io.LimitReader(reply.Body, maxList))
	dec.UseNumber()
	var page any
	if err := dec.Decode(&page); err != nil {
		return nil, "", outside(fmt.Errorf("list is not JSON: %w", err))
	}
	items, ok := at(page, l.Poll.List.Items).([]any)
	if !ok {
		return nil, "", &sdk.Error{Kind: "config", Field: "poll.list.items", Source: "remote", Text: "по этому пути нет списка"}
	}
	return items, textAt(page, l.Poll.List.Next), nil
}

// moment is a moment as the cabinet wants it.
func moment(t time.Time, form string) string {
	switch form {
	case "unix":
		return strconv.FormatInt(t.Unix(), 10)
	case "date":
		return t.In(moscow).Format(time.DateOnly)
	}
	return t.UTC().Format(time.RFC3339)
}

// address is a path of the settings behind the cabinet's address.
func (c *cabinet) address(path string) string {
	return strings.TrimSuffix(c.Poll.URL, "/") + "/" + strings.TrimPrefix(path, "/")
}

// ask gets an address; the key goes to the cabinet itself only.
func (c *cabinet) ask(ctx context.Context, address string) (*http.Response, error) {
	r, err := http.NewRequestWithContext(ctx, http.MethodGet, address, nil)
	if err != nil {
		return nil, sdk.Misconfigured("poll.list.path", errors.New("адрес не складывается"))
	}
	r.Header.Set("Accept", "application/json, */*")
	c.authorize(r)
	reply, err := c.client.Do(r)
	if err != nil {
		return nil, outside(err)
	}
	return reply, nil
}

func (c *cabinet) authorize(r *http.Request) {
	own, err := url.Parse(c.Poll.URL)
	if err != nil || r.URL.Host != own.Host || r.URL.Scheme != own.Scheme || !c.Poll.Token.IsSet() {
		return
	}
	value := c.Poll.Token.Reveal()
	if c.Poll.Prefix != "" {
		value = strings.TrimSpace(c.Poll.Prefix) + " " + value
	}
	r.Header.Set(c.Poll.Header, value)
}

// download fetches one file of the list. lost says, in Russian, why the appeal
// goes without it: it is not there, too large or lies where we may not go.
func (l *look) download(ctx context.Context, it any, i int, files *parts) (lost string, err error) {
	raw := textAt(it, l.Poll.Fields.FileURL)
	if one, ok := it.(string); ok {
		raw = one
	}
	address, err := l.fileAddress(raw)
	if err != nil {
		return fmt.Sprintf("файл %d остался в кабинете: %v", i+1, err), nil
	}
	reply, err := l.ask(ctx, address.String())
	if err != nil {
		return "", err
	}
	defer drain(reply.Body)
	if reply.StatusCode == http.StatusNotFound || reply.StatusCode == http.StatusGone {
		return fmt.Sprintf("файла %d в кабинете нет", i+1), nil
	}
	if err := judge(reply, "poll.fields.file_url", "poll.token"); err != nil {
		return "", err
	}
	name := textAt(it, l.Poll.Fields.FileName)
	if name == "" {
		name = path.Base(address.Path)
	}
	f, err := nameless(l.env.Scratch)
	if err != nil {
		return "", err
	}
	limit := int64(l.Uploads.FileMB) << 20
	n, err := io.Copy(f, io.LimitReader(reply.Body, limit+1))
	if err != nil {
		return "", errors.Join(outside(err), f.Close())
	}
	if n > limit {
		return fmt.Sprintf("файл %d больше %d МБ и остался в кабинете", i+1, l.Uploads.FileMB), f.Close()
	}
	files.parts = append(files.parts, part{name: name, size: n, f: f})
	return "", nil
}

// fileAddress lets files come from the cabinet and the hosts of the settings
// only: whoever writes an appeal must not choose where the hub looks.
func (l *look) fileAddress(raw string) (*url.URL, error) {
	base, err := url.Parse(strings.TrimSuffix(l.Poll.URL, "/") + "/")
	if err != nil {
		return nil, err
	}
	u, err := base.Parse(raw)
	switch {
	case err != nil || raw == "":
		return nil, errors.New("нет адреса")
	case u.Scheme != "https" && u.Scheme != "http":
		return nil, errors.New("не веб-адрес")
	case u.Host != base.Host && !slices.Contains(l.Poll.Hosts, u.Host):
		return nil, errors.New("его узел не разрешён настройкой")
	}
	return u, nil
}
