package main_test

import (
	"bytes"
	"fmt"
	"mime/multipart"
	"net/http"
	"net/url"
	"syscall"
	"testing"
	"time"

	"github.com/uzel-hub/uzel/core"
	"github.com/uzel-hub/uzel/plugins/gis/emulator"
)

// gisDesk is a hub whose channel "gis" is an organisation of an emulated GIS.
type gisDesk struct {
	*hub
	world *emulator.World
}

// newGISDesk starts a hub with the appeals of the world registered. Later ones
// come when the connector starts anew.
func newGISDesk(t *testing.T, appeals int) (g *gisDesk, guids []string) {
	t.Helper()
	w, err := emulator.Start(emulator.Options{Orgs: []string{emulator.DemoOrg}, Unsigned: true, Polls: 1, Late: true})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = w.Close() })
	for range appeals {
		guids = append(guids, w.Add(emulator.Appeal{OtherTopic: "Освещение"}))
	}
	g = &gisDesk{newHub(t), w}
	g.start()
	settings := object{
		"url": w.URL, "org": emulator.DemoOrg, "answerer": emulator.DemoAnswerer, "signature": "none",
		"receive": object{"every": "1h", "reread": "1h"}, "poll": object{"first": "10ms", "most": "20ms", "wait": "20s"},
	}
	err = g.call(http.MethodPost, "/api/v1/channels", object{"id": "gis", "title": "ГИС ЖКХ", "plugin": "gis", "enabled": true, "settings": settings}, nil)
	if err != nil {
		t.Fatal(err)
	}
	g.await("all appeals are registered", func() bool { return len(g.appeals()) == appeals })
	return g, guids
}

// appeals are the documents by the GUIDs of their appeals.
func (g *gisDesk) appeals() map[string]core.DocumentID {
	g.Helper()
	out := map[string]core.DocumentID{}
	for _, d := range g.documents(url.Values{"channel": {"gis"}, "direction": {"incoming"}}) {
		out[g.card(d.ID).Document.ExternalID] = d.ID
	}
	return out
}

// answer answers an appeal.
func (g *gisDesk) answer(to core.DocumentID, text string) core.DeliveryID {
	g.Helper()
	var form bytes.Buffer
	w := multipart.NewWriter(&form)
	if err := w.WriteField("data", fmt.Sprintf(`{"text": %q}`, text)); err != nil {
		g.Fatal(err)
	}
	if err := w.Close(); err != nil {
		g.Fatal(err)
	}
	var r replied
	if err := call(g.client, http.MethodPost, "http://hub/api/v1/documents/"+string(to)+"/reply", w.FormDataContentType(), form.Bytes(), &r); err != nil {
		g.Fatal(err)
	}
	return r.Delivery.ID
}

// sent waits until the delivery is out; what waits for its next try is hurried,
// as a clerk may do.
func (g *gisDesk) sent(id core.DeliveryID) {
	g.Helper()
	awaitFor(g.T, 3*patience, "the answer is out", func() bool {
		var d core.Delivery
		g.get("/api/v1/deliveries/"+string(id), &d)
		g.hurry(d)
		return d.State == core.DeliverySent
	})
}

// once sees that GIS has exactly one answer and has closed the appeal.
func (g *gisDesk) once(guid, text string) {
	g.Helper()
	g.world.Settle()
	got := g.world.Answers(guid, true)
	if len(got) != 1 || got[0].Text != text || g.world.Get(guid).Status != "Executed" {
		g.Errorf("%s: GIS has %d answers, the appeal is %s", text, len(got), g.world.Get(guid).Status)
	}
}

// TestKillAnswerReachesGISOnce kills the hub or the connector (SIGKILL) at each
// request of an answer, before GIS has taken it and after: submitted,
// acknowledged, asked about, done. One answer in GIS, never two, never none.
func TestKillAnswerReachesGISOnce(t *testing.T) {
	t.Parallel()
	type moment struct {
		action string
		nth    int // request of the action since the answer was given
		after  bool
		hub    bool // is killed; otherwise the connector
	}
	var moments []moment
	for nth := range 3 { // draft, sending, closing
		moments = append(moments, moment{"importAnswer", nth, false, true}, moment{"importAnswer", nth, true, true}, moment{"importAnswer", nth, true, false})
	}
	for nth := range 6 { // each is asked about twice
		moments = append(moments, moment{"getState", nth, nth%2 == 0, true})
	}
	g, guids := newGISDesk(t, len(moments))
	documents := g.appeals()
	for i, m := range moments {
		text := fmt.Sprintf("%s %d, applied %v, hub %v", m.action, m.nth, m.after, m.hub)
		reached, dead := make(chan struct{}), make(chan struct{})
		faults := make([]emulator.Fault, m.nth, m.nth+1)
		g.world.Faults.Next(m.action, append(faults, emulator.Fault{Drop: true, After: m.after, Then: func() { close(reached); <-dead }})...)
		id := g.answer(documents[guids[i]], text)
		awaitFor(t, 3*patience, text+" reaches GIS", func() bool {
			select {
			case <-reached:
				return true
			default:
				return false
			}
		})
		killed.Add(1)
		if m.hub {
			g.kill()
			close(dead)
			g.start()
		} else {
			if err := syscall.Kill(g.status("gis").PID, syscall.SIGKILL); err != nil {
				t.Error(err)
			}
			close(dead)
		}
		g.sent(id)
		g.once(guids[i], text)
	}
	g.stop()
	if r := g.check(); journalOf(r, "outgoing") != len(moments) {
		t.Errorf("%d answers were registered, not %d", journalOf(r, "outgoing"), len(moments))
	}
}

// TestAdministratorsSeeThatGISIsDown: since when, why, how many answers wait and
// when it is tried again; also after a restart. When GIS is back everything flows
// in both directions.
func TestAdministratorsSeeThatGISIsDown(t *testing.T) {
	t.Parallel()
	g, guids := newGISDesk(t, 3)
	documents := g.appeals()
	g.world.Faults.Down(true)
	var waiting []core.DeliveryID
	for _, guid := range guids {
		waiting = append(waiting, g.answer(documents[guid], "ответ "+guid))
	}
	down := func() core.ChannelStatus {
		g.Helper()
		var s core.ChannelStatus
		g.await("the channel tells", func() bool {
			s = g.status("gis")
			return s.State == core.ChannelDegraded && s.Queued == len(guids) && s.NextTryAt != nil
		})
		if s.Reason == "" || s.Since.IsZero() || time.Since(s.Since) > time.Hour {
			t.Errorf("status %+v", s)
		}
		return s
	}
	first := down()
	g.await("it was tried again", func() bool { return down().NextTryAt.After(*first.NextTryAt) })
	if later := down(); !later.Since.Equal(first.Since) {
		t.Errorf("down since %v, then since %v", first.Since, later.Since)
	}
	late := g.world.Add(emulator.Appeal{OtherTopic: "В перерыв"})
	g.kill()
	g.start()
	down()
	g.world.Faults.Down(false)
	for i, id := range waiting {
		g.sent(id)
		g.once(guids[i], "ответ "+guids[i])
	}
	awaitFor(t, 3*patience, "the appeal of the time of silence is registered", func() bool { return g.appeals()[late] != "" })
	g.awaitChannel("gis", core.ChannelRunning)
}
