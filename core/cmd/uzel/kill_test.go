package main_test

import (
	"bytes"
	"encoding/json"
	"errors"
	"flag"
	"fmt"
	"hash/fnv"
	"math/rand/v2"
	"mime/multipart"
	"net/http"
	"net/url"
	"sync"
	"sync/atomic"
	"syscall"
	"testing"
	"time"

	"github.com/uzel-hub/uzel/core"
	"github.com/uzel-hub/uzel/core/internal/hubproc"
	"github.com/uzel-hub/uzel/core/maintenance"
)

var (
	kills = flag.Int("kills", 210, "how often the hub and its connectors are killed by the tests of the seven invariants")
	seed  = flag.Uint64("seed", 0, "of the moments of the kills; 0: another one in each run")

	// killed counts over all tests, for the last line of the run.
	killed atomic.Int64
)

// invariants are seven; each gets its share of the kills.
const invariants = 7

// seeded fixes the seed of the run.
var seeded = sync.OnceValue(func() uint64 {
	if *seed != 0 {
		return *seed
	}
	return rand.Uint64N(1_000_000) + 1
})

// ownSeed is the seed of one test.
func ownSeed(t *testing.T) uint64 {
	name := fnv.New64()
	_, _ = name.Write([]byte(t.Name())) // never fails
	return seeded() ^ name.Sum64()
}

// killer kills a working hub and its connectors at random moments.
type killer struct {
	*hub
	world    *world
	rng      *rand.Rand
	channels []string // whose connectors are killed
	onlyHub  bool
	everyOne bool // prove the data sound after each kill, not now and then

	fallen int // connectors killed in this life of the hub
	done   int
}

// newKiller starts a hub with channels of the test connector. Its test runs beside
// others: most of its time it waits for a hub to start, and each has its own.
func newKiller(t *testing.T, h habits, channels ...object) *killer {
	t.Helper()
	t.Parallel()
	k := &killer{world: newWorld(t, ownSeed(t), h), rng: rand.New(rand.NewPCG(ownSeed(t), 1))}
	k.hub = newHub(t) // ends before the world
	k.start()
	for _, c := range channels {
		id := c["id"].(string)
		in := object{"title": id, "plugin": "twoway", "enabled": true, "settings": object{"world": k.world.url}}
		for name, value := range c {
			in[name] = value
		}
		if err := k.call(http.MethodPost, "/api/v1/channels", in, nil); err != nil {
			t.Fatal(err)
		}
		k.channels = append(k.channels, id)
	}
	return k
}

// spree kills as often as is this test's share, while clerks, which may be nil,
// works on. The hub runs when spree returns.
func (k *killer) spree(clerks func(rng *rand.Rand) error) {
	k.Helper()
	stop, working := make(chan struct{}), sync.WaitGroup{}
	if clerks != nil {
		rng := rand.New(rand.NewPCG(k.rng.Uint64(), 2))
		working.Go(func() { k.work(rng, clerks, stop) })
	}
	share := (*kills + invariants - 1) / invariants
	for k.done < share && !k.Failed() {
		k.strike()
	}
	close(stop)
	working.Wait()
	k.revive()
}

// work repeats what clerks do. A hub that is not there is no reason to stop.
func (k *killer) work(rng *rand.Rand, clerks func(*rand.Rand) error, stop <-chan struct{}) {
	for {
		if err := clerks(rng); err != nil {
			if _, refused := errors.AsType[*hubproc.Refusal](err); refused {
				k.Errorf("a clerk: %v", err)
				return
			}
		}
		select {
		case <-stop:
			return
		case <-time.After(time.Duration(rng.IntN(10)) * time.Millisecond):
		}
	}
}

// revive sees to it that the hub runs.
func (k *killer) revive() {
	k.Helper()
	if !k.running() {
		k.fallen = 0
		k.start()
	}
}

// strike kills once.
func (k *killer) strike() {
	k.Helper()
	if !k.running() && k.rng.IntN(8) == 0 {
		k.launch() // and killed while it starts
		k.doze(300)
		k.strikeHub()
		return
	}
	k.revive()
	before := k.world.progress.Load()
	k.await("the hub works", func() bool { return k.world.progress.Load() > before+1 })
	k.doze(200)
	k.strikeEither()
}

// strikeEither kills a connector or the hub. Five falls within ten minutes of
// one life would fail a channel.
func (k *killer) strikeEither() {
	k.Helper()
	if !k.onlyHub && k.fallen < 4 && k.rng.IntN(2) == 0 && k.strikeConnector() {
		return
	}
	k.strikeHub()
}

// doze lets the moment of the kill be a matter of chance.
func (k *killer) doze(upTo int) {
	time.Sleep(time.Duration(k.rng.IntN(upTo*1000)) * time.Microsecond) // the moment of the kill is to be chance
}

func (k *killer) strikeHub() {
	k.Helper()
	k.kill()
	k.count()
	if k.everyOne || k.rng.IntN(6) == 0 {
		k.check()
	}
}

func (k *killer) count() {
	k.done++
	killed.Add(1)
}

// strikeConnector kills one connector; false if it does not run.
func (k *killer) strikeConnector() bool {
	k.Helper()
	id := k.channels[k.rng.IntN(len(k.channels))]
	pid := k.status(id).PID
	if pid == 0 || syscall.Kill(pid, syscall.SIGKILL) != nil {
		return false
	}
	k.count()
	k.fallen++
	if k.rng.IntN(4) > 0 { // a person is faster than the pause
		if err := k.call(http.MethodPost, "/api/v1/channels/"+id+"/restart", nil, nil); err != nil {
			k.Errorf("restart: %v", err)
		}
	}
	return true
}

// settle ends the row of messages and waits until the hub has registered all of
// them and has nothing to send any more. It gives the rows of the documents.
func (k *killer) settle(sources ...string) (length int) {
	k.Helper()
	length = k.world.close()
	for _, id := range sources {
		k.await("all of channel "+id+" is registered", func() bool {
			return len(k.documents(url.Values{"channel": {id}, "direction": {"incoming"}})) >= length
		})
	}
	k.await("all is delivered", k.delivered)
	return length
}

// delivered tells whether nothing is left to send. What waits for its next try is
// hurried, as a clerk may do. It looks at each delivery once: asking for state
// after state overlooks those that change theirs in between.
func (k *killer) delivered() bool {
	left := 0
	for _, d := range all[core.Delivery](k.hub, "/api/v1/deliveries", nil) {
		switch d.State {
		case core.DeliveryQueued, core.DeliverySending, core.DeliverySubmitted, core.DeliveryUnknown:
			left++
		}
		k.hurry(d)
	}
	return left == 0
}

// prove checks the world, stops the hub and proves its data.
func (k *killer) prove(more func(t *testing.T, r maintenance.Report)) {
	k.Helper()
	k.world.check()
	k.survived(more)
}

// survived stops the hub and proves its data. The name of the subtest tells how
// often it was killed.
func (k *killer) survived(more func(t *testing.T, r maintenance.Report)) {
	k.Helper()
	k.stop()
	r := k.check()
	k.Run(fmt.Sprintf("%d kills, seed %d", k.done, seeded()), func(t *testing.T) {
		if r.Unregistered != 0 {
			t.Errorf("%d messages have no document", r.Unregistered)
		}
		more(t, r)
	})
}

// deadLetters must be none.
func (k *killer) deadLetters() {
	k.Helper()
	for _, d := range all[object](k.hub, "/api/v1/dead-letters", nil) {
		k.Errorf("dead letter: %v", d)
	}
}

// clerk answers, now and then with files, and remembers what the hub has
// confirmed.
type clerk struct {
	*killer
	upload int // bytes of a file of every second answer; 0: none
	mu     sync.Mutex
	sent   []replied
}

// patch changes a document. What another did meanwhile, or what its state does
// not allow, is no fault.
func (c *clerk) patch(d row, change object) error {
	raw, err := json.Marshal(change)
	if err != nil {
		return err
	}
	client := *c.client
	client.Transport = chain{header{"If-Match", fmt.Sprintf(`"%d"`, d.Version)}, c.client.Transport}
	err = call(&client, http.MethodPatch, "http://hub/api/v1/documents/"+string(d.ID), "application/json", raw, nil)
	if r, ok := errors.AsType[*hubproc.Refusal](err); ok && (r.Status == http.StatusConflict || r.Status == http.StatusPreconditionFailed) {
		return nil
	}
	return err
}

// answer answers one of the latest letters.
func (c *clerk) answer(rng *rand.Rand) error {
	var page struct{ Items []row }
	err := c.call(http.MethodGet, "/api/v1/documents?direction=incoming&limit=50", nil, &page)
	if err != nil || len(page.Items) == 0 {
		return err
	}
	to := page.Items[rng.IntN(len(page.Items))].ID
	var form bytes.Buffer
	w := multipart.NewWriter(&form)
	if err := w.WriteField("data", `{"text": "Ответ на ваше обращение"}`); err != nil {
		return err
	}
	if c.upload > 0 && rng.IntN(2) == 0 {
		part, err := w.CreateFormFile("file", "ответ.bin")
		if err != nil {
			return err
		}
		if _, err := part.Write(bodyOf(rng.Int(), 0, c.upload)); err != nil {
			return err
		}
	}
	if err := w.Close(); err != nil {
		return err
	}
	var r replied
	err = call(c.client, http.MethodPost, "http://hub/api/v1/documents/"+string(to)+"/reply", w.FormDataContentType(), form.Bytes(), &r)
	if err == nil {
		c.mu.Lock()
		defer c.mu.Unlock()
		c.sent = append(c.sent, r)
	}
	return err
}
