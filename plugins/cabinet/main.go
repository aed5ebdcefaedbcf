// Command cabinet connects a residents' cabinet: its web service writes appeals
// and reads answers over the hub's own web-hook door, or another vendor's
// cabinet is polled by settings. README.md tells what it needs, openapi.yaml is
// the contract for the cabinet's side.
package main

import "github.com/uzel-hub/uzel/sdk"

func main() { sdk.Serve(connector()) }

// The services of the hub that the connector asks.
const (
	callList      = "appeals"
	callGet       = "appeal"
	callFile      = "appeal-file"
	callRate      = "appeal-rate"
	callLog       = "deliveries"
	callDirectory = "directories"
)

// connector describes the residents' cabinet to the hub.
func connector() sdk.Connector[settings] {
	return sdk.Connector[settings]{
		Name:     "cabinet",
		Title:    "Личный кабинет жителя",
		Summary:  "Обращения из личного кабинета регистрируются как входящие документы, ответы и состояния возвращаются в кабинет: через программный интерфейс хаба с веб-хуками или опросом кабинета другого поставщика.",
		Version:  "1.0.0",
		Type:     (*cabinet)(nil),
		Purposes: []sdk.Purpose{sdk.PurposeAnswer, sdk.PurposePerformer, sdk.PurposeStatus, sdk.PurposeNotice, sdk.PurposeDocument},
		Kinds:    []sdk.Kind{sdk.KindAppeal, sdk.KindStatus},
		Calls:    []string{callList, callGet, callFile, callRate, callLog, callDirectory},
		Operations: []sdk.Operation{{
			Name: "replay", Title: "Повторить веб-хуки", Place: sdk.PlaceChannel, Confirm: true,
			Help:  "Отправляет кабинету ещё раз уведомления обо всём, что передано ему с указанного момента",
			Input: replayInput{}, Output: replayOutput{},
		}},
		Limits: sdk.Limits{MayWriteFirst: true, KnowsRead: true, Concurrency: 4},
		New:    newCabinet,
	}
}
