package mass_test

import (
	"bufio"
	"context"
	"encoding/json"
	"errors"
	"flag"
	"fmt"
	"math/rand/v2"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/uzel-hub/uzel/core"
	"github.com/uzel-hub/uzel/core/appeal"
	"github.com/uzel-hub/uzel/core/bus"
	"github.com/uzel-hub/uzel/core/mass"
	"github.com/uzel-hub/uzel/core/mass/appeals"
	"github.com/uzel-hub/uzel/core/outgoing"
	"github.com/uzel-hub/uzel/core/registry"
	"github.com/uzel-hub/uzel/core/store"
	"github.com/uzel-hub/uzel/core/store/boltstore"
)

var kills = flag.Int("kills", 8, "how often TestKillMassOperation kills its child")

// childEnv makes the test binary the child: its value is the database.
const childEnv = "UZEL_MASS_TEST_DATABASE"

func TestMain(m *testing.M) {
	if path := os.Getenv(childEnv); path != "" {
		child(path)
		return
	}
	os.Exit(m.Run())
}

// counting adds a sign to the subject each time a document is worked.
type counting struct{}

func (counting) Name() string                          { return "count" }
func (counting) Title() string                         { return "Сосчитать" }
func (counting) Final() string                         { return "нельзя" }
func (counting) Check(store.Tx, json.RawMessage) error { return nil }
func (counting) Work(json.RawMessage) (mass.Do, error) {
	return func(tx store.Tx, id core.DocumentID) (json.RawMessage, error) { return nil, sign(tx, id) }, nil
}
func (counting) Undo(store.Tx, core.DocumentID, json.RawMessage) error { return nil }

// silent shows nothing to nobody.
type silent struct{}

func (silent) Publish(store.Tx, bus.Topic, string, any) error { return nil }
func (silent) Broadcast(bus.Topic, any) error                 { return nil }

// working is the service with everything the child works.
func working(s store.Store) *mass.Service {
	desk := &appeal.Service{
		Bus: silent{}, Outgoing: &outgoing.Service{Store: s, Bus: silent{}},
		Carries: func(*core.Channel, core.Purpose) bool { return true },
	}
	return mass.New(mass.Options{Store: s, Bus: silent{}}, append(appeals.Operations(desk), counting{})...)
}

// child works what there is and says so after every step.
func child(path string) {
	s, err := boltstore.Open(path, boltstore.Options{})
	if err != nil {
		panic(err)
	}
	service := working(s)
	for worked := true; worked; {
		if worked, err = service.Step(context.Background()); err != nil {
			panic(err)
		}
		fmt.Println("step")
	}
	fmt.Println("end")
	if err := s.Close(); err != nil {
		panic(err)
	}
}

const killDocuments = 3000

func TestKillMassOperation(t *testing.T) {
	survive(t, mass.Order{Operation: "count"}, func(_ store.Tx, d *core.Document) error {
		if d.Subject != "+" {
			return fmt.Errorf("%s was worked %q", d.ID, d.Subject)
		}
		return nil
	})
}

// TestKillMassClosing proves that every appeal is closed once and every
// applicant told once.
func TestKillMassClosing(t *testing.T) {
	survive(t, mass.Order{Operation: "close", Args: json.RawMessage(`{"text":"Починили","notify":"email"}`)}, func(tx store.Tx, d *core.Document) error {
		if d.Direction == core.Outgoing {
			return nil // the notice itself
		}
		notices := 0
		for about, err := range store.Documents.Find(tx, "thread", string(d.Thread)) {
			if err != nil {
				return err
			}
			if about.InReplyTo == d.ID {
				notices++
			}
		}
		if d.Appeal.State != core.AppealClosed || d.Version != 2 || notices != 1 {
			return fmt.Errorf("%s is %s at version %d with %d notices", d.ID, d.Appeal.State, d.Version, notices)
		}
		return nil
	})
}

// survive has a child work the order over all appeals, kills it time and again,
// and checks every document at the end.
func survive(t *testing.T, o mass.Order, check func(store.Tx, *core.Document) error) {
	t.Helper()
	path := filepath.Join(t.TempDir(), "hub.db")
	id := prepare(t, path, o)
	for kill := 1; !runChild(t, path, kill, kill <= *kills); kill++ {
		if kill > *kills+1 {
			t.Fatal("the child does not come to an end")
		}
	}
	s, err := boltstore.Open(path, boltstore.Options{})
	if err != nil {
		t.Fatal(err)
	}
	defer s.Close()
	err = s.View(t.Context(), func(tx store.Tx) error {
		r, err := store.MassRuns.Get(tx, string(id))
		if err != nil || r.State != core.MassDone || r.Done != killDocuments {
			t.Errorf("%+v, %v", r, err)
		}
		for d, err := range store.Documents.All(tx) {
			if err == nil {
				err = check(tx, d)
			}
			if err != nil {
				return err
			}
		}
		return nil
	})
	if err != nil {
		t.Fatal(err)
	}
}

func prepare(t *testing.T, path string, o mass.Order) (id core.MassID) {
	t.Helper()
	s, err := boltstore.Open(path, boltstore.Options{Now: func() time.Time { return time.Now().Add(-time.Hour) }})
	if err != nil {
		t.Fatal(err)
	}
	defer s.Close()
	o.Filter = &core.MassFilter{Direction: core.Incoming}
	err = s.Update(t.Context(), func(tx store.Tx) error {
		ch := &core.Channel{ID: "mail", Enabled: true, Notices: []core.NotifyWay{core.NotifyEmail}}
		if err := errors.Join(registry.Seed(tx), store.Channels.Put(tx, ch)); err != nil {
			return err
		}
		for i := range killDocuments {
			d := appealOf(fmt.Sprintf("doc_%05d", i))
			d.Appeal.Applicant.Addresses = []core.Address{{Kind: core.AddressEmail, Value: "anna@mail.test"}}
			if err := store.Documents.Put(tx, d); err != nil {
				return err
			}
		}
		r, err := working(s).Begin(tx, o)
		if err == nil {
			id = r.ID
		}
		return err
	})
	if err != nil {
		t.Fatal(err)
	}
	return id
}

// runChild lets the child go so many steps and then kills it, or lets it end.
func runChild(t *testing.T, path string, steps int, kill bool) (ended bool) {
	t.Helper()
	cmd := exec.CommandContext(t.Context(), os.Args[0])
	cmd.Env = append(os.Environ(), childEnv+"="+path)
	cmd.Stderr = os.Stderr
	out, err := cmd.StdoutPipe()
	if err != nil {
		t.Fatal(err)
	}
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	lines := bufio.NewScanner(out)
	for n := 0; lines.Scan(); {
		if strings.HasPrefix(lines.Text(), "end") {
			ended = true
		} else if n++; kill && n == steps%3+1 {
			time.Sleep(rand.N(20 * time.Millisecond)) // anywhere in the next step
			if err := cmd.Process.Kill(); err != nil {
				t.Fatal(err)
			}
		}
	}
	if err := cmd.Wait(); err != nil && !kill {
		t.Fatal(err)
	}
	return ended
}
