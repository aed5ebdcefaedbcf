package main

import (
	"fmt"
	"testing"

	"github.com/uzel-hub/uzel/plugins/gis/emulator"
	"github.com/uzel-hub/uzel/sdk"
	"github.com/uzel-hub/uzel/sdk/sdktest"
)

func TestConformance(t *testing.T) {
	sdktest.Run(t, sdktest.Config[settings]{Connector: connector(systemClock()), World: suiteWorld})
}

// suiteWorld is an organisation of the emulator as the suite sees it.
func suiteWorld(t *testing.T) sdktest.World {
	w := world(t, func(o *emulator.Options) { o.Unsigned = true })
	// The suite has cases without the connectors that sign; signing has tests of
	// its own.
	unsigned := func(set map[string]any) { set["signature"] = "none" }
	var appeals []string
	for range 4 {
		// Seen once they have a performer: outside the states that are brought in.
		appeals = append(appeals, w.Add(emulator.Appeal{Created: w.Now().AddDate(0, 0, -60)}))
	}
	open := func() string { return w.Add(emulator.Appeal{Created: w.Now().AddDate(0, 0, -60)}) }
	return sdktest.World{
		Settings:    config(w.URL, unsigned),
		Unreachable: config("http://127.0.0.1:1", unsigned),
		Produce: func(n int) {
			for range n {
				w.Add(emulator.Appeal{})
			}
		},
		Dispatch: func(n int) sdk.Dispatch { return answer(appeals[n], fmt.Sprintf("Ответ %d", n)) },
		Delivered: func() (n int) {
			for _, guid := range appeals {
				n += len(w.Answers(guid, true))
			}
			return n
		},
		Operations: map[string]sdk.OperationCall{
			stepRedirect:    {Document: open(), Input: sdk.Values{"receiver": masterGUID, "comment": "Не к нам"}},
			stepExtend:      {Document: open(), Input: sdk.Values{"until": "2026-12-31", "comment": "Нужен осмотр"}},
			stepNotRequired: {Document: open(), Input: sdk.Values{"cause": "Нет вопроса"}},
			stepClose:       {Document: open()},
			"status":        {Document: open()},
		},
		Services: services(),
	}
}

func TestReadmeHasTheSettings(t *testing.T) { sdktest.Readme(t, connector(systemClock())) }
