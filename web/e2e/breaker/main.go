// Command breaker spoils the data of a hub that does not run, so that a journey
// can see what comes of it: it takes a registration journal away that channels
// still number by, as no page and no request lets one.
package main

import (
	"context"
	"log"
	"os"
	"path/filepath"

	"github.com/uzel-hub/uzel/core/store"
	"github.com/uzel-hub/uzel/core/store/boltstore"
)

func main() {
	if err := forget(filepath.Join(os.Args[1], "hub.db"), os.Args[2]); err != nil {
		log.Fatal(err)
	}
}

func forget(database, journal string) error {
	s, err := boltstore.Open(database, boltstore.Options{})
	if err != nil {
		return err
	}
	err = s.Update(context.Background(), func(tx store.Tx) error { return store.Journals.Delete(tx, journal) })
	if closed := s.Close(); err == nil {
		err = closed
	}
	return err
}
