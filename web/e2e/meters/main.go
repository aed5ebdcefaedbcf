// Command meters is a connector that nobody knows: the journeys prove with it
// that a panel, a button and a form appear in the pages by what a connector
// says about itself, and that they work.
package main

import (
	"context"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"time"

	"github.com/uzel-hub/uzel/sdk"
)

var connector = sdk.Connector[meters]{
	Name: "meters", Version: "1.0.0", Title: "Счётчики", Summary: "Показания и начисления для испытаний.",
	Type: (*meters)(nil), Kinds: []sdk.Kind{sdk.KindLetter}, Purposes: []sdk.Purpose{sdk.PurposeAnswer, sdk.PurposeForward, sdk.PurposeDocument},
	Limits: sdk.Limits{TextRunes: 200, Files: 2, KnowsDelivered: true},
	Operations: []sdk.Operation{
		{Name: "charges", Title: "Начисления", Help: "По лицевому счёту за год", Place: sdk.PlaceAccount, Input: period{}, Output: charges{}, FilesOut: true},
		{Name: "master", Title: "Вызвать мастера", Place: sdk.PlaceDocument, Input: visit{}, Output: order{}, Confirm: true},
		{Name: "sign", Title: "Подписать", Place: sdk.PlaceService, Input: seal{}, FilesIn: true, FilesOut: true},
		{Name: "verify", Title: "Проверить подпись", Place: sdk.PlaceService, Input: look{}, Output: verdict{}, FilesIn: true},
		{Name: "certificates", Title: "Сертификаты", Place: sdk.PlaceService, Output: keyring{}},
		{Name: "recount", Title: "Пересчитать остатки", Place: sdk.PlaceChannel, Output: order{}},
	},
	New: func(_ context.Context, m meters, _ sdk.Env) (sdk.Channel, error) { return &m, nil },
}

func main() { sdk.Serve(connector) }

// meters take letters from the folder Dir/in, as files in their order.
type meters struct {
	Dir string `setting:"dir" title:"Папка" required:"true"`
}

type period struct {
	Account string `setting:"account" title:"Лицевой счёт" required:"true"`
	Year    int    `setting:"year" title:"Год" default:"2026" min:"2000" max:"2100"`
}

type charges struct {
	Debt string   `setting:"debt" title:"Долг"`
	Rows []charge `setting:"rows" title:"По месяцам"`
}

type charge struct {
	Month string `setting:"month" title:"Месяц"`
	Sum   string `setting:"sum" title:"Начислено"`
}

type visit struct {
	Day  string `setting:"day" title:"Когда" required:"true" example:"завтра после шести"`
	Kind string `setting:"kind" title:"Кого прислать" default:"plumber" enum:"plumber=Сантехник,electrician=Электрик"`
}

type order struct {
	Number string `setting:"number" title:"Наряд"`
}

// Check implements sdk.Channel.
func (m *meters) Check(context.Context) error {
	_, err := os.ReadDir(filepath.Join(m.Dir, "in"))
	return err
}

// Receive implements sdk.Receiver: a file is a letter, its first line the subject.
func (m *meters) Receive(ctx context.Context, _ sdk.Cursor, emit sdk.Emitter) error {
	return sdk.Poll(ctx, 50*time.Millisecond, func() error {
		files, err := filepath.Glob(filepath.Join(m.Dir, "in", "*.html"))
		for _, file := range files {
			raw, err := os.ReadFile(file)
			if err != nil {
				return err
			}
			letter := sdk.Message{
				ExternalID: filepath.Base(file), Kind: sdk.KindLetter, Subject: "Письмо " + filepath.Base(file), Text: "Письмо с разметкой", HTML: string(raw),
				From: sdk.Party{Name: "Жилец", Addresses: []sdk.Address{{Kind: "phone", Value: "+79160000001"}}},
			}
			if err := emit.Emit(ctx, letter, nil); err != nil {
				return err
			}
			if err := os.Remove(file); err != nil {
				return err
			}
		}
		return err
	})
}

// Send implements sdk.Sender: whatever is sent arrives, unless there is a file Dir/refuse.
func (m *meters) Send(_ context.Context, d sdk.Dispatch) (sdk.Receipt, error) {
	if _, err := os.Stat(filepath.Join(m.Dir, "refuse")); err == nil {
		return sdk.Receipt{}, sdk.Rejected(errors.New("такого дома нет в обслуживании"))
	}
	return sdk.Receipt{ExternalID: d.Delivery}, nil
}

// Do implements sdk.Operator.
func (m *meters) Do(_ context.Context, call sdk.OperationCall) (sdk.Result, error) {
	switch call.Operation {
	case "charges":
		return m.charges(call)
	case "master":
		return m.master(call)
	case "sign":
		return sign(call)
	case "verify":
		return verify(call)
	case "certificates":
		output, err := sdk.ValuesOf(keyring{keys})
		return sdk.Result{Output: output}, err
	}
	output, err := sdk.ValuesOf(order{Number: "П-1"})
	return sdk.Result{Output: output}, err
}

func (m *meters) charges(call sdk.OperationCall) (sdk.Result, error) {
	var in period
	if err := call.Input.Decode(&in); err != nil {
		return sdk.Result{}, err
	}
	out := charges{Debt: "120,50 ₽"}
	for _, month := range []string{"январь", "февраль", "март"} {
		out.Rows = append(out.Rows, charge{Month: fmt.Sprint(month, " ", in.Year), Sum: "1 040,10 ₽"})
	}
	output, err := sdk.ValuesOf(out)
	receipt := sdk.Bytes("квитанция.txt", []byte("Лицевой счёт "+in.Account))
	return sdk.Result{Output: output, Files: []sdk.File{receipt}}, err
}

func (m *meters) master(call sdk.OperationCall) (sdk.Result, error) {
	var in visit
	if err := call.Input.Decode(&in); err != nil {
		return sdk.Result{}, err
	}
	if in.Day == "вчера" {
		return sdk.Result{}, sdk.Invalid("day", "вчера мастер прийти не может")
	}
	output, err := sdk.ValuesOf(order{Number: "Н-" + in.Kind})
	return sdk.Result{Output: output}, err
}
