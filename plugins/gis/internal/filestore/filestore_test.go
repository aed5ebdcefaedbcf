package filestore_test

import (
	"bytes"
	"io"
	"net/http"
	"net/http/httptest"
	"testing"
	"time"

	"github.com/uzel-hub/uzel/plugins/gis/internal/filestore"
)

// TestLargeFilesAreReadWholly: by parts; in one piece if a gateway drops the
// range, whatever status it gives; and never with a piece missing or repeated.
func TestLargeFilesAreReadWholly(t *testing.T) {
	want := make([]byte, filestore.Part*2+1000)
	for i := range want {
		want[i] = byte(i / 1000)
	}
	short := func(w http.ResponseWriter, r *http.Request) {
		http.ServeContent(w, r, "", time.Time{}, bytes.NewReader(want[:filestore.Part]))
	}
	n := 0
	for name, c := range map[string]struct {
		store http.HandlerFunc
		whole bool
	}{
		"ranges": {func(w http.ResponseWriter, r *http.Request) {
			http.ServeContent(w, r, "", time.Time{}, bytes.NewReader(want))
		}, true},
		"ranges, 200": {func(w http.ResponseWriter, r *http.Request) {
			http.ServeContent(fine{w}, r, "", time.Time{}, bytes.NewReader(want))
		}, true},
		"no ranges": {func(w http.ResponseWriter, r *http.Request) {
			r.Header.Del("Range")
			http.ServeContent(w, r, "", time.Time{}, bytes.NewReader(want))
		}, true},
		"ranges at first": {func(w http.ResponseWriter, r *http.Request) {
			if n++; n > 1 {
				r.Header.Del("Range")
			}
			http.ServeContent(w, r, "", time.Time{}, bytes.NewReader(want))
		}, false},
		"shorter than it said": {short, false},
	} {
		t.Run(name, func(t *testing.T) {
			srv := httptest.NewServer(c.store)
			defer srv.Close()
			client := &filestore.Client{URL: srv.URL, HTTP: srv.Client(), Sign: func(*http.Request) {}}
			r, err := client.Open(t.Context(), "id", int64(len(want)))
			if err != nil {
				t.Fatal(err)
			}
			defer r.Close() //nolint:errcheck // only read
			got, err := io.ReadAll(r)
			if (err == nil) != c.whole || c.whole && !bytes.Equal(got, want) {
				t.Errorf("%d bytes, equal %v, %v", len(got), bytes.Equal(got, want), err)
			}
		})
	}
}

// fine answers 200 where 206 is due, as some stores do.
type fine struct{ http.ResponseWriter }

func (f fine) WriteHeader(status int) {
	if status == http.StatusPartialContent {
		status = http.StatusOK
	}
	f.ResponseWriter.WriteHeader(status)
}
