package main_test

import (
	"context"
	"encoding/binary"
	"net"
	"net/http"
	"os"
	"path/filepath"
	"regexp"
	"testing"
	"time"

	"github.com/rogpeppe/go-internal/testscript"
	"go.etcd.io/bbolt"

	"github.com/uzel-hub/uzel/core"
	"github.com/uzel-hub/uzel/core/store"
	"github.com/uzel-hub/uzel/core/store/boltstore"
)

// TestScript runs the command line as a person does: one script in
// testdata/script for each thing a person wants. Beside testscript's own
// commands there are
//
//	ready                  wait until the hub serves
//	eventually REGEXP CMD  repeat a command until its output fits
//	damage FILE            overwrite the first pages of a database
//	newer FILE             make a database look like one of a newer version
//	journal lose|find ID   take a journal that channels want out of a stopped hub,
//	                       or put it back
func TestScript(t *testing.T) {
	testscript.Run(t, testscript.Params{
		Dir: "testdata/script",
		Setup: func(env *testscript.Env) error {
			w := newWorld(t, 1, habits{batch: 1})
			w.end = 3
			env.Vars = append(env.Vars,
				"PATH="+binaries+":"+os.Getenv("PATH"), "UZEL_DATA="+filepath.Join(env.WorkDir, "data"),
				"UZEL_LISTEN=127.0.0.1:0", "UZEL_PLUGINS="+filepath.Join(binaries, "plugins"), "WORLD="+w.url,
			)
			return nil
		},
		Cmds: map[string]func(ts *testscript.TestScript, neg bool, args []string){
			"ready": ready, "eventually": eventually, "damage": damage, "newer": newer, "journal": journal,
		},
	})
}

// repeat asks until the answer is yes.
func repeat(ts *testscript.TestScript, what string, cond func() bool) {
	until := time.Now().Add(patience)
	for !cond() {
		if time.Now().After(until) {
			ts.Fatalf("waited in vain: %s", what)
		}
		time.Sleep(20 * time.Millisecond) // polls the condition
	}
}

func ready(ts *testscript.TestScript, _ bool, _ []string) {
	socket := filepath.Join(ts.Getenv("UZEL_DATA"), "uzel.sock")
	client := &http.Client{Transport: &http.Transport{
		DisableKeepAlives: true,
		DialContext: func(ctx context.Context, _, _ string) (net.Conn, error) {
			return (&net.Dialer{}).DialContext(ctx, "unix", socket)
		},
	}}
	repeat(ts, "the hub serves", func() bool { return call(client, http.MethodGet, "http://hub/readyz", "", nil, nil) == nil })
}

func eventually(ts *testscript.TestScript, _ bool, args []string) {
	want := regexp.MustCompile(args[0])
	repeat(ts, args[0], func() bool {
		_ = ts.Exec(args[1], args[2:]...) // what it says counts
		return want.MatchString(ts.ReadFile("stdout"))
	})
}

func damage(ts *testscript.TestScript, _ bool, args []string) {
	f, err := os.OpenFile(ts.MkAbs(args[0]), os.O_RDWR, 0)
	ts.Check(err)
	_, err = f.WriteAt(make([]byte, 256<<10), 2*int64(os.Getpagesize())) // behind the meta pages
	ts.Check(err)
	ts.Check(f.Close())
}

func newer(ts *testscript.TestScript, _ bool, args []string) {
	db, err := bbolt.Open(ts.MkAbs(args[0]), 0o600, nil)
	ts.Check(err)
	ts.Check(db.Update(func(tx *bbolt.Tx) error {
		return tx.Bucket([]byte("\x00uzel")).Put([]byte("version"), binary.BigEndian.AppendUint64(nil, 1_000))
	}))
	ts.Check(db.Close())
}

func journal(ts *testscript.TestScript, _ bool, args []string) {
	s, err := boltstore.Open(filepath.Join(ts.Getenv("UZEL_DATA"), "hub.db"), boltstore.Options{})
	ts.Check(err)
	change := map[string]func(store.Tx, string) error{"lose": store.Journals.Delete, "find": store.Journals.Restore}[args[0]]
	ctx := core.WithActor(context.Background(), core.Actor{Kind: core.ActorHub, ID: "test"})
	ts.Check(s.Update(ctx, func(tx store.Tx) error {
		for ch, err := range store.Channels.All(tx) {
			ts.Check(err)
			ch.Journal = core.JournalID(args[1])
			ts.Check(store.Channels.Put(tx, ch))
		}
		return change(tx, args[1])
	}))
	ts.Check(s.Close())
}
