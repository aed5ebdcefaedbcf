package bench

import (
	"context"
	"errors"
	"fmt"
	"math/rand/v2"
	"os"
	"path/filepath"
	"strings"
	"time"

	"github.com/blevesearch/bleve/v2"
	"github.com/blevesearch/bleve/v2/analysis/analyzer/custom"
	"github.com/blevesearch/bleve/v2/analysis/lang/ru"
	"github.com/blevesearch/bleve/v2/analysis/token/lowercase"
	"github.com/blevesearch/bleve/v2/analysis/tokenizer/unicode"
	"github.com/blevesearch/bleve/v2/mapping"

	"github.com/uzel-hub/uzel/core/bus"
	"github.com/uzel-hub/uzel/core/bus/boltbus"
	"github.com/uzel-hub/uzel/core/maintenance"
	"github.com/uzel-hub/uzel/core/search"
	"github.com/uzel-hub/uzel/core/store"
	"github.com/uzel-hub/uzel/core/store/boltstore"
)

// Rates of the search, in documents a second of one core.
const (
	indexRate     = "index/s"
	bareIndexRate = "bare index/s"
)

const (
	bareDocuments = 65_536 // that the library indexes by itself: so many that it merges, as it does all the time
	bareBatch     = 1000   // documents of one of its batches
	letterWords   = 150    // of a text: about 2 KB
)

// found measures the index over a large store: how fast it is built, and how
// long queries take.
func (b *runner) found(ctx context.Context) (err error) {
	dir := b.folder("search")
	b.say("search over %d documents", b.searched)
	s, err := openLetters(ctx, dir, b.searched)
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, s.store.Close(), os.RemoveAll(dir)) }()
	bare, err := b.bareIndex(ctx, s)
	if err != nil {
		return err
	}
	service, stop, err := b.index(ctx, s, bare)
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, stop()) }()
	return b.query(ctx, service)
}

// index lets the hub's search index the whole store and keeps it running.
func (b *runner) index(ctx context.Context, s *letters, bare time.Duration) (*search.Service, func() error, error) {
	service := search.New(search.Config{Store: s.store, Events: s.bus, Dir: filepath.Join(s.dir, "search"), Share: 1})
	running, cancel := context.WithCancel(ctx)
	ended := make(chan error, 1)
	before, err := processorTime()
	if err != nil {
		cancel()
		return nil, nil, err
	}
	go func() { ended <- service.Run(running) }() // stop waits for it
	stop := func() error {
		cancel()
		return <-ended
	}
	for {
		st, err := service.Status(ctx)
		if err != nil || ctx.Err() != nil {
			return nil, nil, errors.Join(err, context.Cause(ctx), stop())
		}
		if st.State == search.Ready {
			break
		}
		time.Sleep(50 * time.Millisecond) // polls: the index tells nobody when it is ready; 50 ms of minutes
	}
	after, err := processorTime()
	if err != nil {
		return nil, nil, errors.Join(err, stop())
	}
	each := (after - before) / time.Duration(s.total)
	b.note(indexRate, 1/each.Seconds())
	b.note(bareIndexRate, 1/bare.Seconds())
	b.note("index_vs_bare", bare.Seconds()/each.Seconds())
	b.say("  index      %6d µs of a core a document, %d µs bare  %.2f", each.Microseconds(), bare.Microseconds(), bare.Seconds()/each.Seconds())
	return service, stop, nil
}

// bareIndex is the processor time of one document in the library's own batches:
// the same texts and the same analyser, nothing else indexed.
func (b *runner) bareIndex(ctx context.Context, s *letters) (time.Duration, error) {
	dir := filepath.Join(s.dir, "bare")
	index, err := bleve.New(dir, bareMapping())
	if err != nil {
		return 0, err
	}
	n := 0
	before, err := processorTime()
	if err != nil {
		return 0, errors.Join(err, index.Close())
	}
	batch := index.NewBatch()
	err = s.store.View(ctx, func(tx store.Tx) error {
		for d, err := range store.Documents.All(tx) {
			if err != nil || n == min(bareDocuments, s.total) {
				return err
			}
			n++
			err = batch.Index(string(d.ID), map[string]string{"subject": d.Subject, "text": d.Text})
			if err == nil && n%bareBatch == 0 {
				err = index.Batch(batch)
				batch.Reset()
			}
			if err != nil {
				return err
			}
		}
		return nil
	})
	after, fault := processorTime()
	return (after - before) / time.Duration(n), errors.Join(err, fault, index.Close(), os.RemoveAll(dir))
}

func bareMapping() *mapping.IndexMappingImpl {
	m := bleve.NewIndexMapping()
	err := m.AddCustomAnalyzer("words", map[string]any{
		"type": custom.Name, "tokenizer": unicode.Name,
		"token_filters": []string{lowercase.Name, ru.StopName, ru.SnowballStemmerName},
	})
	if err != nil {
		panic(err) // all of it is in this program
	}
	text := bleve.NewTextFieldMapping()
	text.Analyzer, text.Store, text.IncludeInAll, text.DocValues = "words", false, false, false
	m.DefaultMapping = bleve.NewDocumentStaticMapping()
	m.DefaultMapping.AddFieldMappingsAt("subject", text)
	m.DefaultMapping.AddFieldMappingsAt("text", text)
	return m
}

// query asks what people ask, from single words that stand everywhere to
// numbers that stand once.
func (b *runner) query(ctx context.Context, service *search.Service) error {
	words := vocabulary()
	for range b.rounds {
		took := make([]float64, 0, b.queries)
		var worst search.Query
		for i := range b.queries {
			q := randomQuery(words, i)
			start := time.Now()
			if _, err := service.Find(ctx, q); err != nil {
				return fmt.Errorf("search %q: %w", q.Text, err)
			}
			took = append(took, millis(time.Since(start)))
			if took[i] >= percentile(took, 0.999) {
				worst = q
			}
		}
		b.note("search_p99_ms", percentile(took, 0.99))
		b.say("  query      %6.2f ms p99, median %.2f ms; slowest: %q %v", percentile(took, 0.99), median(took), worst.Text, worst.Where)
	}
	return nil
}

// randomQuery takes turns of the forms of queries.
func randomQuery(words []string, i int) search.Query {
	common := func() string { return words[rand.IntN(100)] }
	rare := func() string { return words[100+rand.IntN(len(words)-100)] }
	mailbox := map[string]string{"channel": fmt.Sprint("mail-", rand.IntN(mailboxes))}
	switch i % 10 {
	case 0:
		return search.Query{Text: common()}
	case 1:
		return search.Query{Text: rare()}
	case 2:
		return search.Query{Text: common() + " " + common() + " " + rare()}
	case 3:
		return search.Query{Text: common() + " " + common(), Where: mailbox, Order: search.ByTime}
	case 4:
		return search.Query{Text: `"` + common() + " " + common() + `"`}
	case 5:
		return search.Query{Text: string([]rune(rare())[:3]) + "*"}
	case 6:
		return search.Query{Text: common() + " -" + common()}
	case 7:
		return search.Query{Text: fmt.Sprintf("79%03d", rand.IntN(1000))}
	case 8:
		return search.Query{Where: mailbox, From: time.Now().Add(-24 * time.Hour)}
	}
	return search.Query{Text: fmt.Sprintf("%06d", rand.IntN(1_000_000)), Where: mailbox}
}

// letters is a store of documents with Russian texts, without messages.
type letters struct {
	dir   string
	store *boltstore.Store
	bus   *bus.Bus
	total int
	words []string
	zipf  *rand.Zipf
}

// openLetters opens a store of so many documents anew, as a hub opens it.
func openLetters(ctx context.Context, dir string, n int) (s *letters, err error) {
	if err := os.MkdirAll(dir, 0o700); err != nil {
		return nil, err
	}
	words, chance := vocabulary(), rand.New(rand.NewPCG(3, 4)) //nolint:gosec // nothing to guess
	s = &letters{dir: dir, total: n, words: words, zipf: rand.NewZipf(chance, 1.1, 5, uint64(len(words)-1))}
	if err := s.open(); err != nil {
		return nil, err
	}
	for done := 0; done < n && err == nil; done += seedAtOnce {
		err = s.store.Update(ctx, func(tx store.Tx) error { return s.put(tx, done, min(seedAtOnce, n-done)) })
	}
	// A store that was just filled in large portions keeps what they needed, of
	// which a hub that opens a full one knows nothing.
	if err := errors.Join(err, s.store.Close()); err != nil {
		return nil, err
	}
	return s, s.open()
}

func (s *letters) open() (err error) {
	s.store, err = boltstore.Open(filepath.Join(s.dir, maintenance.DatabaseName), boltstore.Options{})
	if err != nil {
		return err
	}
	s.bus = bus.New(bus.Options{Store: s.store, Driver: boltbus.New(s.store, boltbus.Options{})})
	return nil
}

// put writes letters of the numbers from on.
func (s *letters) put(tx store.Tx, from, n int) error {
	for i := from + 1; i <= from+n; i++ {
		d := letter(tx.Now(), uint64(i), s.text(letterWords)) //nolint:gosec // counted
		d.Subject, d.Files = s.text(6), nil
		d.Text += fmt.Sprintf(" Телефон +7 9%02d %03d-%02d-%02d.", rand.IntN(100), rand.IntN(1000), rand.IntN(100), rand.IntN(100))
		if err := store.Documents.Put(tx, d); err != nil {
			return err
		}
	}
	return nil
}

func (s *letters) text(n int) string {
	var out strings.Builder
	for range n {
		out.WriteString(s.words[s.zipf.Uint64()])
		out.WriteByte(' ')
	}
	return out.String()
}

// vocabulary are made-up words with Russian endings, the same ones in each run;
// the first stand most often.
func vocabulary() []string {
	chance := rand.New(rand.NewPCG(1, 2)) //nolint:gosec // nothing to guess
	syllables := strings.Fields("во до по ка ра не ли сто мо ту пре кро вля жи ла ре ня ба го дом тре ще на се ле ви зо ну пла")
	endings := strings.Fields("а ов ами ение ость ого ему ить ает ый ые ах")
	out := make([]string, 30_000)
	for i := range out {
		var word strings.Builder
		for range 2 + chance.IntN(3) {
			word.WriteString(syllables[chance.IntN(len(syllables))])
		}
		word.WriteString(endings[chance.IntN(len(endings))])
		out[i] = word.String()
	}
	return out
}

// whileIndexing measures what indexing adds to acknowledgements: two hubs take
// the same stream, one of them without an index.
func (b *runner) whileIndexing(ctx context.Context) error {
	stream := b.steady()
	var p99 [2]float64
	for i, args := range [][]string{{"--no-index"}, nil} {
		h, err := b.startHub(ctx, b.folder("indexing"), args...)
		if err != nil {
			return err
		}
		f, err := h.take(ctx, stream)
		if err := errors.Join(err, h.discard()); err != nil {
			return err
		}
		p99[i] = f.P99
	}
	b.note("ack_p99_indexing", p99[1]/p99[0])
	b.say("  indexing   %6.2f ms ack p99 at %.0f/s, %.2f ms without  %.2f", p99[1], stream["rate"], p99[0], p99[1]/p99[0])
	return nil
}
