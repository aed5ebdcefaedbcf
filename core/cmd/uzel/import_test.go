package main_test

import (
	"flag"
	"fmt"
	"math/rand/v2"
	"net/http"
	"slices"
	"testing"

	"github.com/uzel-hub/uzel/core/maintenance"
	"github.com/uzel-hub/uzel/plugins/email/mailtest"
)

// mailboxSize is how many letters an office finds in its mailbox on the day it
// connects it: fifty times what the connector fetches at once. -letters
// 20000 is a real one.
var mailboxSize = flag.Int("letters", 2_500, "in the mailbox that is imported while the hub and its connector are killed")

// importKills is how often that import is interrupted at least.
const importKills = 20

// TestKillImportOfAMailbox imports a mailbox while the hub and the e-mail
// connector are killed. The counts are those of `uzel check`, which also proves
// that the numbers have neither holes nor doubles.
func TestKillImportOfAMailbox(t *testing.T) {
	size := *mailboxSize
	srv := mailtest.Emulated(t)
	office := fullMailbox(t, srv)
	k := &killer{rng: rand.New(rand.NewPCG(ownSeed(t), 1)), channels: []string{"mail"}}
	k.hub = newHub(t)
	k.start()
	err := k.call(http.MethodPost, "/api/v1/channels", object{
		"id": "mail", "title": "Почта", "plugin": "email", "enabled": true,
		"settings": object{
			"address": office.Address, "password": office.Password, "ca": string(srv.CAPEM),
			"imap": object{"host": srv.TLSName, "port": port(srv.IMAPS), "since": "2000-01-01"},
			"smtp": object{"host": srv.TLSName, "port": port(srv.SMTPS)},
		},
	}, nil)
	if err != nil {
		t.Fatal(err)
	}
	for !imported(srv, office) {
		k.revive()
		until := srv.World.IMAP.Commands("FETCH") + k.rng.IntN(max(size/1000, 2))
		k.await("the import goes on", func() bool { return srv.World.IMAP.Commands("FETCH") > until || imported(srv, office) })
		k.doze(50)
		k.strikeEither()
	}
	k.revive()
	var documents []row
	k.await("all is registered", func() bool {
		documents = k.documents(nil)
		return len(documents) >= size
	})
	letters := map[string]bool{}
	for _, d := range documents {
		letters[d.Subject] = true
	}
	k.survived(func(t *testing.T, r maintenance.Report) {
		counts(t, r, size, size)
		if journalOf(r, "incoming") != size {
			t.Errorf("the journals are %+v", r.Journals)
		}
		if len(letters) != size {
			t.Errorf("only %d different letters", len(letters))
		}
		if k.done < importKills {
			t.Errorf("only %d kills during the import", k.done)
		}
	})
}

func fullMailbox(t *testing.T, srv *mailtest.Server) mailtest.User {
	t.Helper()
	office := srv.NewUser(t)
	for n := range *mailboxSize {
		raw := letter(fmt.Sprintf("resident%d@mail.test", n%1000), office.Address, fmt.Sprintf("%d@mail.test", n), fmt.Sprintf("Письмо %d", n))
		if err := srv.World.Append(office.Address, "INBOX", raw); err != nil {
			t.Fatal(err)
		}
	}
	return office
}

// imported tells whether the connector has marked the last letter, as it does
// when the hub has it.
func imported(srv *mailtest.Server, office mailtest.User) bool {
	flags := srv.World.Flags(office.Address, "INBOX")
	return slices.Contains(flags[len(flags)-1], `\Seen`)
}
