package main_test

import (
	"bytes"
	"crypto/hmac"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"io"
	"net/http"
	"net/http/httptest"
	"slices"
	"strconv"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/uzel-hub/uzel/core"
)

// TestCabinetHearsEachChangeOfState follows an appeal of a residents' cabinet
// over its API against the whole hub: a large file comes in pieces with a cut
// between, every change of state is told by a signed web-hook, which is tried
// again until it is taken, can be read in the log and be sent once more.
func TestCabinetHearsEachChangeOfState(t *testing.T) {
	c := openCabinet(t)
	video := bytes.Repeat([]byte("video"), 300_000)
	c.write("a1", object{
		"id": "a1", "subject": "Сломан домофон", "text": "Дверь не закрывается", "sender": object{"name": "Анна Смирнова"},
		"uploads": []string{c.upload("дверь.mp4", video)},
	})
	id := c.registered("a1").ID
	if doc := c.read(id).Document; len(doc.Files) != 1 || doc.Files[0].Name != "дверь.mp4" || doc.Files[0].Size != int64(len(video)) {
		t.Errorf("files %+v", doc.Files)
	}

	c.change(id, "take", nil)
	c.hears("performer", "in_work")
	c.hears("status", "in_work")
	c.change(id, "forward", object{"to": []string{"lift"}})
	c.hears("status", "forwarded")
	c.change(id, "reply", object{"text": "Мастер придёт завтра."})
	c.hears("answer", "answered")
	c.change(id, "close", object{"text": "Домофон заменён."})
	c.hears("status", "closed")

	told := c.settled()
	log := c.log()
	if !slices.Equal(log, told) {
		t.Errorf("the log has %q, told was %q", log, told)
	}
	c.admin("channels/lk/operations/replay", object{"input": object{"since": "2000-01-01T00:00:00Z"}}, nil)
	c.await("all is told once more", func() bool {
		c.mu.Lock()
		defer c.mu.Unlock()
		return !slices.ContainsFunc(told, func(id string) bool { return c.tries[id] != 3 })
	})
}

const cabinetKey = "0123456789abcdef0123456789abcdef"

// cabinet is a residents' cabinet: a program that calls the hub and is called.
type cabinet struct {
	*office

	mu    sync.Mutex
	tries map[string]int // of each web-hook
	taken []hook         // in order
}

// hook is what a web-hook says, and the state the appeal has for the resident
// when it comes.
type hook struct {
	ID, Event, Appeal, Resident string

	state string
}

func openCabinet(t *testing.T) *cabinet {
	world := newWorld(t, 1, habits{batch: 1, silent: "lift"})
	h := newHub(t)
	h.start()
	c := &cabinet{office: &office{desk: newUser(h, "olga", "Ольга Иванова", core.RoleOperator,
		"appeals.read", "appeals.write", "documents.read", "deliveries.read")}, tries: map[string]int{}}
	srv := httptest.NewServer(http.HandlerFunc(c.told))
	t.Cleanup(srv.Close)
	c.admin("channels", object{
		"id": "lk", "title": "Личный кабинет", "plugin": "cabinet", "enabled": true,
		"settings": object{"mode": "api", "key": cabinetKey, "webhook": object{"url": srv.URL + "/uzel?to=lk"}},
	}, nil)
	c.admin("channels", object{
		"id": "lift", "title": "Домофонная служба", "plugin": "twoway", "enabled": true, "settings": object{"world": world.url},
	}, nil)
	c.awaitChannel("lk", core.ChannelRunning)
	c.awaitChannel("lift", core.ChannelRunning)
	return c
}

// told takes a web-hook at the second try, and asks the hub what it is about.
func (c *cabinet) told(w http.ResponseWriter, r *http.Request) {
	body, err := io.ReadAll(r.Body)
	var said hook
	if err == nil {
		err = json.Unmarshal(body, &said)
	}
	sum := sha256.Sum256(body)
	at, hash := r.Header.Get("X-Uzel-Timestamp"), hex.EncodeToString(sum[:])
	if want := cabinetSign("uzel-webhook-v1", http.MethodPost, "/uzel?to=lk", at, hash); err != nil || r.Header.Get("X-Uzel-Signature") != want {
		c.Errorf("a web-hook of a stranger: %s, %v", body, err)
	}
	if said.Event == "ping" {
		return
	}
	c.mu.Lock()
	defer c.mu.Unlock()
	if c.tries[said.ID]++; c.tries[said.ID] == 1 {
		w.Header().Set("Retry-After", "1")
		w.WriteHeader(http.StatusServiceUnavailable)
		return
	}
	if c.tries[said.ID] == 2 {
		c.taken = append(c.taken, said)
	}
}

func cabinetSign(parts ...string) string {
	mac := hmac.New(sha256.New, []byte(cabinetKey))
	mac.Write([]byte(strings.Join(parts, "\n")))
	return hex.EncodeToString(mac.Sum(nil))
}

// ask makes a signed request of the hub's API for cabinets.
func (c *cabinet) ask(method, target string, more http.Header, body []byte, out any) int {
	c.Helper()
	r, err := http.NewRequestWithContext(c.Context(), method, c.base+"/hooks/lk"+target, bytes.NewReader(body))
	if err != nil {
		c.Fatal(err)
	}
	sum := sha256.Sum256(body)
	at, hash := strconv.FormatInt(time.Now().Unix(), 10), hex.EncodeToString(sum[:])
	r.Header = http.Header{
		"Content-Type": {"application/json"}, "X-Uzel-Timestamp": {at}, "X-Uzel-Content-Sha256": {hash},
		"X-Uzel-Signature": {cabinetSign("uzel-cabinet-v1", method, target, at, hash)},
	}
	for name, values := range more {
		r.Header[name] = values
	}
	reply, err := http.DefaultClient.Do(r)
	if err != nil {
		c.Fatal(err)
	}
	defer reply.Body.Close()
	raw, err := io.ReadAll(reply.Body)
	if err == nil && out != nil && reply.StatusCode < 300 {
		err = json.Unmarshal(raw, out)
	}
	if err != nil {
		c.Fatalf("%s %s: %v: %s", method, target, err, raw)
	}
	return reply.StatusCode
}

// upload sends a file in two pieces; between them the connection was lost, and
// the hub is asked how far it got.
func (c *cabinet) upload(name string, body []byte) string {
	c.Helper()
	var one struct {
		ID     string
		Offset int
	}
	head, _ := json.Marshal(object{"name": name, "size": len(body)}) // strings and numbers
	c.ask(http.MethodPost, "/v1/uploads", nil, head, &one)
	send := func(piece []byte) {
		c.Helper()
		at := http.Header{"Upload-Offset": {strconv.Itoa(one.Offset)}, "Content-Type": {"application/octet-stream"}}
		if status := c.ask(http.MethodPatch, "/v1/uploads/"+one.ID, at, piece, nil); status != http.StatusOK {
			c.Fatalf("a piece at %d: %d", one.Offset, status)
		}
	}
	send(body[:len(body)/3])
	c.ask(http.MethodGet, "/v1/uploads/"+one.ID, nil, nil, &one)
	if one.Offset != len(body)/3 {
		c.Errorf("%d bytes are here, %d were sent", one.Offset, len(body)/3)
	}
	send(body[one.Offset:])
	return one.ID
}

const cabinetAppeals = "/v1/residents/r1/appeals"

// write sends an appeal twice, as after an answer that was lost.
func (c *cabinet) write(id string, appeal object) {
	c.Helper()
	body, _ := json.Marshal(appeal) // strings
	if status := c.ask(http.MethodPost, cabinetAppeals, nil, body, nil); status != http.StatusCreated {
		c.Fatalf("%s: %d", id, status)
	}
	c.await(id+" has a number", func() bool { return c.appeal(id).Number != "" })
	if status := c.ask(http.MethodPost, cabinetAppeals, nil, body, nil); status != http.StatusOK {
		c.Errorf("%s once more: %d", id, status)
	}
}

// asRead is an appeal as the resident reads it.
type asRead struct{ Number, State string }

func (c *cabinet) appeal(id string) (a asRead) {
	c.Helper()
	c.ask(http.MethodGet, cabinetAppeals+"/"+id, nil, nil, &a)
	return a
}

// registered is the document of an appeal.
func (c *cabinet) registered(external string) row {
	c.Helper()
	all := c.hub.documents(map[string][]string{"channel": {"lk"}, "direction": {"incoming"}})
	if len(all) != 1 || c.read(all[0].ID).Document.ExternalID != external {
		c.Fatalf("registered are %+v", all)
	}
	return all[0]
}

// change does something to the appeal as it is now.
func (c *cabinet) change(id core.DocumentID, what string, body any) {
	c.Helper()
	client := *c.client
	client.Transport = matching{c.client.Transport, c.read(id).Document.Version}
	if err := call(&client, http.MethodPost, c.base+"/api/v1/appeals/"+string(id)+"/"+what, "application/json", body, nil); err != nil {
		c.Fatalf("%s: %v", what, err)
	}
}

// matching sends the version that a change is made to.
type matching struct {
	next    http.RoundTripper
	version uint64
}

// RoundTrip implements http.RoundTripper.
func (m matching) RoundTrip(r *http.Request) (*http.Response, error) {
	r = r.Clone(r.Context())
	r.Header.Set("If-Match", strconv.Quote(strconv.FormatUint(m.version, 10)))
	return m.next.RoundTrip(r)
}

// hears waits for the news, and looks what the resident reads when it is there.
func (c *cabinet) hears(event, state string) {
	c.Helper()
	c.await(event+" is told: "+state, func() bool {
		for _, d := range all[core.Delivery](c.hub, "/api/v1/deliveries", nil) {
			c.hurry(d)
		}
		c.mu.Lock()
		defer c.mu.Unlock()
		i := slices.IndexFunc(c.taken, func(h hook) bool { return h.Event == event && h.state == "" && h.Appeal == "a1" && h.Resident == "r1" })
		if i >= 0 {
			c.taken[i].state = state
		}
		return i >= 0
	})
	if got := c.appeal("a1").State; got != state {
		c.Errorf("%s: the resident reads %s, want %s", event, got, state)
	}
}

// settled are the ids of all that was told, sorted; all of it was waited for.
func (c *cabinet) settled() (ids []string) {
	c.Helper()
	c.mu.Lock()
	defer c.mu.Unlock()
	for _, h := range c.taken {
		ids = append(ids, h.ID)
		if h.state == "" {
			c.Errorf("told beyond that: %+v", h)
		}
	}
	slices.Sort(ids)
	return ids
}

// log are the ids of the hub's own list of what it has told.
func (c *cabinet) log() (ids []string) {
	c.Helper()
	var page struct{ Items []hook }
	c.ask(http.MethodGet, "/v1/events?since=2000-01-01T00:00:00Z", nil, nil, &page)
	for _, h := range page.Items {
		ids = append(ids, h.ID)
	}
	slices.Sort(ids)
	return ids
}
