package sdk_test

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"reflect"
	"runtime"
	"strings"
	"sync"
	"testing"
	"testing/iotest"
	"time"

	"github.com/uzel-hub/uzel/sdk"
	"github.com/uzel-hub/uzel/sdk/sdktest"
)

func reception() sdktest.Reception { return sdktest.Reception{} }

// fill puts a value of its own into every exported field.
func fill(v reflect.Value, n *int) {
	switch v.Interface().(type) {
	case time.Time:
		*n++
		v.Set(reflect.ValueOf(time.Date(2026, 1, 2, 3, 4, *n, 500, time.UTC)))
		return
	case sdk.File, error:
		return
	}
	switch v.Kind() {
	case reflect.String:
		*n++
		v.SetString(fmt.Sprint("текст ", *n))
	case reflect.Int, reflect.Int64:
		*n++
		v.SetInt(int64(*n))
	case reflect.Struct:
		for i := range v.NumField() {
			fill(v.Field(i), n)
		}
	case reflect.Pointer:
		v.Set(reflect.New(v.Type().Elem()))
		fill(v.Elem(), n)
	case reflect.Slice:
		if v.Type().Elem().Kind() == reflect.Uint8 {
			*n++
			v.SetBytes(fmt.Appendf(nil, `{"n":%d}`, *n))
			return
		}
		if v.Type().Elem() == reflect.TypeFor[sdk.File]() {
			return
		}
		v.Set(reflect.MakeSlice(v.Type(), 2, 2))
		fill(v.Index(0), n)
		fill(v.Index(1), n)
	case reflect.Map:
		v.Set(reflect.ValueOf(map[string]string{"ключ": "значение", "b": "c"}))
	}
}

func TestEveryFieldOfAMessageArrives(t *testing.T) {
	var want sdk.Message
	n := 0
	fill(reflect.ValueOf(&want).Elem(), &n)
	want.Kind, want.Change = sdk.KindStatus, sdk.Edited
	h := open(t, &fake{receive: func(ctx context.Context, _ sdk.Cursor, emit sdk.Emitter) error {
		return emit.Emit(ctx, want, sdk.Cursor("c"))
	}})
	h.Receive(reception())
	if got := h.Await(1)[0]; !reflect.DeepEqual(got, want) {
		t.Errorf("got  %+v\nwant %+v", got, want)
	}
	if string(h.Cursor()) != "c" {
		t.Errorf("cursor %q", h.Cursor())
	}
}

func TestEveryFieldOfADispatchArrives(t *testing.T) {
	var want, got sdk.Dispatch
	n := 0
	fill(reflect.ValueOf(&want).Elem(), &n)
	var receipt sdk.Receipt
	fill(reflect.ValueOf(&receipt).Elem(), &n)
	h := open(t, &fake{send: func(_ context.Context, d sdk.Dispatch) (sdk.Receipt, error) {
		got = d
		return receipt, nil
	}})
	r, err := h.Send(t.Context(), want)
	if err != nil {
		t.Fatal(err)
	}
	if !reflect.DeepEqual(got, want) {
		t.Errorf("got  %+v\nwant %+v", got, want)
	}
	if !reflect.DeepEqual(r, receipt) {
		t.Errorf("receipt: got %+v, want %+v", r, receipt)
	}
}

func TestTextThatIsNoUTF8IsMended(t *testing.T) {
	bad := "Лифт\xff\xfe"
	h := open(t, &fake{receive: func(ctx context.Context, _ sdk.Cursor, emit sdk.Emitter) error {
		return emit.Emit(ctx, sdk.Message{
			ExternalID: "1" + bad, Kind: sdk.KindLetter, Subject: bad, Text: bad, HTML: bad,
			From: sdk.Party{Name: bad, Addresses: []sdk.Address{{bad, bad}}}, Fields: map[string]string{bad: bad, "a": "b"},
			Thread: sdk.ThreadHint{External: bad, References: []string{"ok", bad}, Numbers: []string{bad}},
			Marks:  []sdk.Mark{{sdk.MarkRepaired, bad}}, Files: []sdk.File{sdk.Bytes(bad, []byte(bad))},
		}, nil)
	}})
	h.Receive(reception())
	m := h.Await(1)[0]
	mended := "Лифт\uFFFD"
	if m.Subject != mended || m.From.Name != mended || m.Fields[mended] != mended || m.Thread.References[1] != mended {
		t.Errorf("%+v", m)
	}
	if body, err := sdktest.Body(m.Files[0]); err != nil || string(body) != bad || m.Files[0].Name != mended {
		t.Errorf("%q %q %v", m.Files[0].Name, body, err)
	}
}

func TestWhatIsNoMessageIsRefusedBeforeTheLine(t *testing.T) {
	cases := map[string]sdk.Message{
		"external_id": {Kind: sdk.KindLetter},
		"kind":        {ExternalID: "1", Kind: sdk.KindChat},
		"change":      {ExternalID: "1", Kind: sdk.KindLetter, Change: "mutilated"},
		"about":       {ExternalID: "1", Kind: sdk.KindLetter, Change: sdk.Edited},
		"status":      {ExternalID: "1", Kind: sdk.KindStatus},
		"details":     {ExternalID: "1", Kind: sdk.KindLetter, Details: []byte("{")},
		"text":        {ExternalID: "1", Kind: sdk.KindLetter, Text: strings.Repeat("x", 4<<20)},
	}
	errs := make(chan map[string]error, 1)
	h := open(t, &fake{receive: func(ctx context.Context, _ sdk.Cursor, emit sdk.Emitter) error {
		got := map[string]error{}
		for field, m := range cases {
			got[field] = emit.Emit(ctx, m, nil)
		}
		errs <- got
		return emit.Emit(ctx, letter("good"), nil)
	}})
	h.Receive(reception())
	h.Await(1)
	for field, err := range <-errs {
		e, ok := err.(*sdk.Error)
		if !ok || e.Kind != "invalid" || e.Field != field || e.Text == "" {
			t.Errorf("%s: %v", field, err)
		}
	}
}

func TestRefusedMessageIsTheConnectorsToDecide(t *testing.T) {
	tooLarge := &sdk.Error{Kind: "rejected", Code: "message.too_large", Text: "вложение больше 25 МБ", Source: "hub"}
	result := make(chan []error, 1)
	h := open(t, &fake{receive: func(ctx context.Context, _ sdk.Cursor, emit sdk.Emitter) error {
		errs := []error{
			emit.Emit(ctx, letter("1"), nil), emit.Emit(ctx, letter("big-2"), sdk.Cursor("2")), emit.Emit(ctx, letter("3"), nil),
			emit.Post(ctx, letter("4"), nil), emit.Post(ctx, letter("big-5"), nil), emit.Post(ctx, letter("big-6"), nil),
		}
		errs = append(errs, emit.Flush(ctx), emit.Flush(ctx), emit.Post(ctx, letter("7"), sdk.Cursor("7")), emit.Flush(ctx))
		result <- errs
		return nil
	}})
	done, err := h.Receive(sdktest.Reception{Answer: func(m sdk.Message) error {
		if strings.HasPrefix(m.ExternalID, "big") {
			return tooLarge
		}
		return nil
	}}).Wait()
	if !done || err != nil {
		t.Error("receiver ended with", done, err)
	}
	var refused []string
	for i, err := range <-result {
		if e, ok := errors.AsType[*sdk.Error](err); ok && (e.Code != tooLarge.Code || e.Text != tooLarge.Text || !sdk.Refused(err)) {
			t.Errorf("answer %d: %#v", i, e)
		}
		for _, one := range flat(err) {
			if p, ok := errors.AsType[*sdk.PostError](one); ok {
				refused = append(refused, p.ExternalID)
			} else {
				refused = append(refused, fmt.Sprint("emit ", i))
			}
		}
	}
	if got := fmt.Sprint(refused); got != "[emit 1 big-5 big-6]" {
		t.Error("refused:", got)
	}
	if got := ids(h.Stored()); got != "1 3 4 7" || string(h.Cursor()) != "7" {
		t.Error("kept:", got, string(h.Cursor()))
	}
}

// flat is the errors in an error that joins several.
func flat(err error) []error {
	if joined, ok := err.(interface{ Unwrap() []error }); ok {
		return joined.Unwrap()
	}
	if err == nil {
		return nil
	}
	return []error{err}
}

func ids(messages []sdk.Message) string {
	var out []string
	for _, m := range messages {
		out = append(out, m.ExternalID)
	}
	return strings.Join(out, " ")
}

func TestWindowBoundsWhatIsUnanswered(t *testing.T) {
	body := bytes.Repeat([]byte("x"), 100<<10)
	cases := map[string]struct {
		reception sdktest.Reception
		want      int // handed over when nothing is answered
	}{
		"by count":                           {sdktest.Reception{Window: 3}, 3},
		"by bytes":                           {sdktest.Reception{Window: 100, WindowBytes: 350 << 10}, 4}, // the fourth begins below the limit
		"one message larger than the window": {sdktest.Reception{Window: 100, WindowBytes: 10}, 1},
	}
	for name, c := range cases {
		t.Run(name, func(t *testing.T) {
			posted := make(chan string, 100)
			stuck := make(chan struct{})
			h := open(t, &fake{receive: func(ctx context.Context, _ sdk.Cursor, emit sdk.Emitter) error {
				for i := range 20 {
					if i == c.want {
						close(stuck)
					}
					if err := emit.Post(ctx, letter(fmt.Sprint(i), sdk.Bytes("f", body)), nil); err != nil {
						return err
					}
					posted <- fmt.Sprint(i)
				}
				return emit.Flush(ctx)
			}})
			// answers opens when the window is known to be full
			open := make(chan struct{})
			c.reception.Answer = func(sdk.Message) error { <-open; return nil }
			r := h.Receive(c.reception)
			soon(t, stuck, "the window to fill")
			for range 50 {
				runtime.Gosched()
			}
			if n := len(posted); n != c.want {
				t.Errorf("%d messages were posted, want %d", n, c.want)
			}
			close(open)
			if done, err := r.Wait(); !done || err != nil {
				t.Error(done, err)
			}
			if n := len(h.Stored()); n != 20 {
				t.Error(n)
			}
		})
	}
}

func TestEmitsFromManyGoroutinesAllArrive(t *testing.T) {
	const writers, each = 8, 40
	h := open(t, &fake{receive: func(ctx context.Context, _ sdk.Cursor, emit sdk.Emitter) error {
		var wg sync.WaitGroup
		errs := make([]error, writers)
		for w := range writers {
			wg.Go(func() {
				for i := range each {
					m := letter(fmt.Sprintf("%d-%d", w, i), sdk.Bytes("f", bytes.Repeat([]byte{byte(w)}, i*10_000)))
					if err := emit.Emit(ctx, m, nil); err != nil {
						errs[w] = err
						return
					}
				}
			})
		}
		wg.Wait()
		return errors.Join(errs...)
	}})
	done, err := h.Receive(reception()).Wait()
	if !done || err != nil {
		t.Fatal(done, err)
	}
	next := map[string]int{}
	for _, m := range h.Stored() {
		var w, i int
		if _, err := fmt.Sscanf(m.ExternalID, "%d-%d", &w, &i); err != nil {
			t.Fatal(err)
		}
		if key := fmt.Sprint(w); next[key] != i {
			t.Fatalf("writer %d: message %d came when %d was due", w, i, next[key])
		} else {
			next[key]++
		}
		if body, err := sdktest.Body(m.Files[0]); err != nil || len(body) != i*10_000 {
			t.Fatal(len(body), err)
		}
	}
	if len(h.Stored()) != writers*each {
		t.Error(len(h.Stored()))
	}
}

func TestFileThatCannotBeReadAbandonsItsMessageOnly(t *testing.T) {
	disk := errors.New("диск")
	torn := sdk.File{Name: "torn", Open: func() (io.ReadCloser, error) {
		return io.NopCloser(io.MultiReader(bytes.NewReader(make([]byte, 1<<20)), iotest.ErrReader(disk))), nil
	}}
	missing := sdk.File{Name: "missing", Open: func() (io.ReadCloser, error) { return nil, sdk.Rejected(disk) }}
	result := make(chan []error, 1)
	h := open(t, &fake{receive: func(ctx context.Context, _ sdk.Cursor, emit sdk.Emitter) error {
		result <- []error{
			emit.Post(ctx, letter("1"), nil), emit.Emit(ctx, letter("2", torn), sdk.Cursor("2")), emit.Emit(ctx, letter("3"), nil),
			emit.Emit(ctx, letter("4", missing), nil), emit.Post(ctx, letter("5", torn), nil), emit.Emit(ctx, letter("6", sdk.File{Name: "no Open"}), nil),
			emit.Emit(ctx, letter("7"), sdk.Cursor("7")),
		}
		return nil
	}})
	if done, err := h.Receive(reception()).Wait(); !done || err != nil {
		t.Fatal(done, err)
	}
	errs := <-result
	for i, bad := range []bool{false, true, false, true, true, true, false} {
		if (errs[i] != nil) != bad {
			t.Errorf("message %d: %v", i+1, errs[i])
		}
	}
	if !errors.Is(errs[1], disk) || sdk.KindOf(errs[1]) != "unavailable" || sdk.KindOf(errs[3]) != "rejected" {
		t.Error(errs[1], errs[3])
	}
	if p, ok := errors.AsType[*sdk.PostError](errs[4]); !ok || p.ExternalID != "5" {
		t.Error(errs[4])
	}
	if got := ids(h.Stored()); got != "1 3 7" || string(h.Cursor()) != "7" {
		t.Error(got, string(h.Cursor()))
	}
}

func TestMarkMovesTheCursorAlone(t *testing.T) {
	h := open(t, &fake{receive: func(ctx context.Context, after sdk.Cursor, emit sdk.Emitter) error {
		if after != nil {
			return sdk.Invalid("", "seen "+string(after))
		}
		if err := emit.Mark(ctx, sdk.Cursor("seen 5")); err != nil {
			return err
		}
		return emit.Emit(ctx, letter("1"), nil) // no cursor: the mark stays
	}})
	if done, err := h.Receive(reception()).Wait(); !done || err != nil {
		t.Fatal(done, err)
	}
	if string(h.Cursor()) != "seen 5" || len(h.Stored()) != 1 {
		t.Error(string(h.Cursor()), len(h.Stored()))
	}
	_, err := h.Receive(reception()).Wait()
	if e, ok := err.(*sdk.Error); !ok || e.Text != "seen seen 5" {
		t.Error("the next Receive began at", err)
	}
}

func TestEmitWaitsForItsAnswerWhileStopping(t *testing.T) {
	emitting, outcome := make(chan struct{}), make(chan error, 1)
	h := open(t, &fake{receive: func(ctx context.Context, _ sdk.Cursor, emit sdk.Emitter) error {
		close(emitting)
		err := emit.Emit(ctx, letter("1"), nil)
		outcome <- err
		return err
	}})
	answer, stopping := make(chan struct{}), make(chan struct{})
	r := h.Receive(sdktest.Reception{Answer: func(sdk.Message) error { close(stopping); <-answer; return nil }})
	soon(t, emitting, "Receive")
	soon(t, stopping, "the message")
	stopped := make(chan error, 1)
	go func() { stopped <- h.Stop(sdktest.Patience) }()
	select {
	case err := <-outcome:
		t.Fatal("Emit did not wait:", err)
	case <-time.After(50 * time.Millisecond): // time enough for what must not happen
	}
	close(answer)
	if err := <-outcome; err != nil {
		t.Error("Emit:", err)
	}
	if err := <-stopped; err != nil {
		t.Error("Stop:", err)
	}
	if done, err := r.Wait(); done || err != nil {
		t.Error("the stream of a stopped connector ended with", done, err)
	}
}

func TestStopCutsOffWhatDoesNotEnd(t *testing.T) {
	emitted := make(chan error, 1)
	h := open(t, &fake{receive: func(ctx context.Context, _ sdk.Cursor, emit sdk.Emitter) error {
		err := emit.Emit(ctx, letter("1"), nil)
		emitted <- err
		return err
	}})
	got := make(chan struct{})
	h.Receive(sdktest.Reception{Answer: func(sdk.Message) error { close(got); return sdktest.ErrSilence }})
	soon(t, got, "the message")
	if err := h.Stop(20 * time.Millisecond); err != nil {
		t.Fatal(err)
	}
	if err := <-emitted; err == nil {
		t.Error("Emit without an answer succeeded")
	}
}

func TestOwnDeadlineOfEmitIsKept(t *testing.T) {
	result := make(chan error, 1)
	h := open(t, &fake{receive: func(ctx context.Context, _ sdk.Cursor, emit sdk.Emitter) error {
		short, cancel := context.WithTimeout(ctx, 10*time.Millisecond)
		defer cancel()
		result <- emit.Emit(short, letter("1"), nil)
		<-ctx.Done()
		return ctx.Err()
	}})
	h.Receive(sdktest.Reception{Answer: func(sdk.Message) error { return sdktest.ErrSilence }})
	if err := <-result; !errors.Is(err, context.DeadlineExceeded) {
		t.Error(err)
	}
}

func TestLostLineEndsEveryEmit(t *testing.T) {
	results := make(chan error, 20)
	h := open(t, &fake{receive: func(ctx context.Context, _ sdk.Cursor, emit sdk.Emitter) error {
		var wg sync.WaitGroup
		for i := range 10 {
			wg.Go(func() { results <- emit.Emit(context.WithoutCancel(ctx), letter(fmt.Sprint(i)), nil) })
		}
		wg.Wait()
		results <- emit.Flush(context.WithoutCancel(ctx))
		return emit.Post(context.WithoutCancel(ctx), letter("late"), nil)
	}})
	got := make(chan struct{})
	r := h.Receive(sdktest.Reception{Window: 4, Answer: func(sdk.Message) error { close(got); return sdktest.ErrSilence }})
	soon(t, got, "the first message")
	r.Cancel()
	for range 11 {
		if err := <-results; sdk.KindOf(err) != "unavailable" || err == nil || sdk.Refused(err) {
			t.Error(err)
		}
	}
}

func TestReceiveNeverRunsTwiceAtOnce(t *testing.T) {
	var mu sync.Mutex
	running, runs := 0, 0
	release := make(chan struct{})
	h := open(t, &fake{receive: func(ctx context.Context, _ sdk.Cursor, emit sdk.Emitter) error {
		mu.Lock()
		running++
		runs++
		if running > 1 {
			t.Error("Receive runs twice")
		}
		first := runs == 1
		mu.Unlock()
		defer func() { mu.Lock(); running--; mu.Unlock() }()
		if first {
			if err := emit.Emit(ctx, letter("1"), nil); err != nil {
				return err
			}
			<-ctx.Done()
			<-release // slow to end
			return ctx.Err()
		}
		return emit.Emit(ctx, letter("2"), nil)
	}})
	r := h.Receive(reception())
	h.Await(1)
	r.Cancel()
	second := h.Receive(reception())
	close(release)
	if done, err := second.Wait(); !done || err != nil {
		t.Error(done, err)
	}
}
