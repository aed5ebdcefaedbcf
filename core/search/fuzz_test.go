package search_test

import (
	"context"
	"testing"
	"time"
	"unicode/utf8"

	"github.com/uzel-hub/uzel/core"
	"github.com/uzel-hub/uzel/core/search"
)

// FuzzQuery asks whatever people, and others, may type. An answer or a clear
// refusal comes back, and passages are pieces of the text.
func FuzzQuery(f *testing.F) {
	for _, text := range []string{
		"протечка кровли -лифт", `"не работает лифт`, "«дом» 5*", "+7 (916) 123-45-67", "8 916", "-", "- -", `-"а"`, "ё*", "Вх-2026/000123", "“x„", "\x00\xff", "a:b^2~ (c)",
	} {
		f.Add(text, "")
	}
	f.Add("протечка", "eyJiZWxvdyI6ImRvY18wIn0")
	f.Add("протечка", "eyJhZnRlciI6WyIxIiwiZG9jXzAiXX0")
	o, err := openOffice(f.Context(), f.TempDir())
	if err != nil {
		f.Fatal(err)
	}
	ctx, cancel := context.WithCancel(context.WithoutCancel(f.Context()))
	ended := make(chan error, 1)
	go func() { ended <- o.search.Run(ctx) }()
	f.Cleanup(func() {
		cancel()
		<-ended
		o.store.Close() //nolint:errcheck // thrown away
	})
	for range 3 {
		if err := o.register(ctx); err != nil {
			f.Fatal(err)
		}
	}
	for deadline := time.Now().Add(time.Minute); ; time.Sleep(time.Millisecond) {
		if st, err := o.search.Status(ctx); err != nil || time.Now().After(deadline) {
			f.Fatal(st, err)
		} else if st.State == search.Ready && st.Documents == 3 {
			break
		}
	}
	f.Fuzz(func(t *testing.T, text, after string) {
		page, err := o.search.Find(t.Context(), search.Query{Text: text, After: after})
		if err != nil && core.KindOf(err) != core.KindInvalid {
			t.Fatalf("%q: %v", text, err)
		}
		for _, h := range page.Hits {
			for _, p := range h.Passages {
				for _, part := range p.Parts {
					if !utf8.ValidString(part.Text) {
						t.Errorf("%q", part.Text)
					}
				}
			}
		}
	})
}
