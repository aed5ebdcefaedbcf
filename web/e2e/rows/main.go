// Command rows fills the data of a hub that does not run with letters, spread
// over a year, as fast as the store takes them. It prints the ids after which
// the last pages of the list and those in its middle begin.
package main

import (
	"context"
	"fmt"
	"log"
	"os"
	"path/filepath"
	"strconv"
	"time"

	"github.com/uzel-hub/uzel/core"
	"github.com/uzel-hub/uzel/core/store"
	"github.com/uzel-hub/uzel/core/store/boltstore"
)

// How many letters one transaction has, and how many rows a page.
const (
	portion = 2000
	page    = 50
	year    = 365 * 24 * time.Hour
)

func main() {
	n, err := strconv.Atoi(os.Args[2])
	if err == nil {
		err = fill(filepath.Join(os.Args[1], "hub.db"), n)
	}
	if err != nil {
		log.Fatal(err)
	}
}

func fill(database string, n int) error {
	now := time.Now()
	s, err := boltstore.Open(database, boltstore.Options{Now: func() time.Time { return now }})
	if err != nil {
		return err
	}
	first := now.Add(-year)
	for done := 0; done < n && err == nil; done += portion {
		err = s.Update(context.Background(), func(tx store.Tx) error {
			for i := done; i < min(done+portion, n); i++ {
				now = first.Add(year / time.Duration(n) * time.Duration(i))
				d := letter(now, i)
				if i == 7*page || i == n/2 {
					fmt.Println(d.ID)
				}
				if err := store.Documents.Put(tx, d); err != nil {
					return err
				}
			}
			return nil
		})
	}
	if closed := s.Close(); err == nil {
		err = closed
	}
	return err
}

func letter(at time.Time, i int) *core.Document {
	id := core.NewID("doc", at)
	from := fmt.Sprintf("resident%d@example.org", i%20_000)
	return &core.Document{
		ID: core.DocumentID(id), Thread: core.ThreadID(id), Direction: core.Incoming, Kind: core.MessageLetter, State: core.DocumentRegistered,
		Number:  &core.RegNumber{Journal: "incoming", Year: at.Year(), Seq: uint64(i + 1), Text: fmt.Sprintf("Вх-%d/%07d", at.Year(), i+1), Date: core.DateOf(at)},
		Subject: fmt.Sprint("Обращение о протечке ", i), Text: "Просим устранить протечку кровли.",
		Sender: core.Correspondent{Kind: core.PartyPerson, Name: fmt.Sprint("Житель ", i%20_000), Addresses: []core.Address{{Kind: core.AddressEmail, Value: from}}},
	}
}
