package demo

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"mime/multipart"
	"net/http"
	"slices"
	"strings"
	"time"

	"github.com/uzel-hub/uzel/core"
	"github.com/uzel-hub/uzel/core/internal/hubproc"
)

// matter is one of the three: how it came in, and the words of its answer.
type matter struct {
	from    string // for people
	channel core.ChannelID
	is      func(*core.Document) bool
	answer  string
	doc     *core.Document
}

// play plays the story: three appeals come in by three ways, a master is sent,
// each gets a signed answer by its own way.
func (d *demo) play(ctx context.Context, k *desk) error {
	person, err := d.enters(ctx)
	if err != nil {
		return err
	}
	id, err := person.writes(ctx)
	if err != nil {
		return err
	}
	d.step("Житель написал в кабинете: «Сломан домофон», две фотографии")
	guid, err := d.darkStaircase(ctx)
	if err != nil {
		return err
	}
	letter := &matter{from: "Письмо", channel: mailChannel, answer: "Кровлю над вашей квартирой отремонтируем до пятницы, акт осмотра приложен.", is: func(doc *core.Document) bool {
		return strings.HasPrefix(doc.Subject, "Протечка с потолка")
	}}
	cabinet := &matter{from: "Кабинет", channel: cabinetChannel, answer: "Домофон починен, код прежний. Акт осмотра приложен.", is: func(doc *core.Document) bool {
		return doc.ExternalID == id
	}}
	gis := &matter{from: "ГИС ЖКХ", channel: gisChannel, answer: "Освещение в подъезде восстановлено, акт осмотра приложен.", is: func(doc *core.Document) bool {
		return doc.ExternalID == guid
	}}
	all := []*matter{letter, cabinet, gis}
	for _, m := range all {
		if err := k.registered(ctx, m); err != nil {
			return err
		}
	}
	if err := k.assign(ctx, gis, guid); err != nil {
		return err
	}
	for _, m := range all {
		if err := k.reply(ctx, m); err != nil {
			return err
		}
	}
	return errors.Join(d.inGIS(ctx, guid, gis), d.inCabinet(ctx, person, id, cabinet), d.inMailbox(ctx, letter), d.end())
}

func (d *demo) end() error {
	d.say("%s за %s. Хаб работает дальше, всё можно посмотреть по адресам выше; остановить — Ctrl+C.", Done, time.Since(d.began).Round(time.Second))
	return nil
}

// ---- what comes in

// registered waits until the matter is a document, and shows its requisites.
func (k *desk) registered(ctx context.Context, m *matter) error {
	err := k.await(ctx, m.from+": документ зарегистрирован", func() (bool, error) {
		var page struct {
			Items []struct {
				ID        core.DocumentID
				CreatedAt time.Time `json:"created_at"`
			}
		}
		if err := k.ask(ctx, http.MethodGet, "documents?direction=incoming&limit=100&channel="+string(m.channel), nil, &page); err != nil {
			return false, err
		}
		for _, row := range page.Items {
			doc, err := k.document(ctx, row.ID)
			if err != nil {
				return false, err
			}
			if m.is(doc) && doc.CreatedAt.After(k.began) {
				m.doc = doc
				return true, nil
			}
		}
		return false, nil
	})
	if err == nil {
		k.show(m)
	}
	return err
}

func (k *desk) show(m *matter) {
	doc := m.doc
	files := 0
	for _, f := range doc.Files {
		if f.Role == core.FileAttachment || f.Role == core.FileInline {
			files++
		}
	}
	k.step("%s → %s: тема «%s», отправитель %s (%s), тип доставки «%s», файлов %d", m.from, doc.Number.Text, doc.Subject, doc.Sender.Name,
		orElse(doc.Fields["sender_type"], "по адресу"), doc.Fields["delivery_type"], files)
}

func orElse(text, other string) string {
	if text == "" {
		return other
	}
	return text
}

// ask makes a request of REST as the operator.
func (k *desk) ask(ctx context.Context, method, path string, in, out any) error {
	return hubproc.Call(ctx, k.client, method, k.Hub+"/api/v1/"+path, "application/json", in, out)
}

func (k *desk) document(ctx context.Context, id core.DocumentID) (*core.Document, error) {
	var card struct{ Document core.Document }
	err := k.ask(ctx, http.MethodGet, "documents/"+string(id), nil, &card)
	return &card.Document, err
}

// ---- work

// assign gives the master a task; GIS hears of him.
func (k *desk) assign(ctx context.Context, m *matter, guid string) error {
	err := k.ask(ctx, http.MethodPost, "tasks", object{
		"kind": core.TaskAssignment, "title": "Восстановить освещение", "document": m.doc.ID, "performer": k.master,
		"due_at": time.Now().AddDate(0, 0, 3).Truncate(time.Second),
	}, nil)
	if err != nil {
		return err
	}
	k.step("Поручение по %s: исполнитель %s", m.doc.Number.Text, masterName)
	var seen appeal
	err = k.await(ctx, "ГИС ЖКХ показывает исполнителя", func() (_ bool, err error) {
		seen, err = k.appeal(ctx, guid)
		return strings.EqualFold(seen.Answerer, k.GIS.Master), err
	})
	if err == nil {
		k.step("ГИС ЖКХ: обращение %s в работе, исполнитель %s, срок %s", seen.Number, seen.Answerer, seen.Planned)
	}
	return err
}

// reply writes an answer with an act, has the act signed and sends both.
func (k *desk) reply(ctx context.Context, m *matter) error {
	draft, err := k.draft(ctx, m)
	if err != nil {
		return err
	}
	path := "drafts/" + string(draft.ID)
	if err := k.ask(ctx, http.MethodPost, path+"/signatures", object{"version": 1}, nil); err != nil {
		return err
	}
	signer, err := k.signed(ctx, path)
	if err != nil {
		return err
	}
	k.step("Ответ на %s написан, акт подписан: %s", m.doc.Number.Text, signer)
	if err := k.ask(ctx, http.MethodGet, path, nil, &struct{ Draft *core.Draft }{draft}); err != nil {
		return err
	}
	client := matching(k.client, draft.Version)
	if err := hubproc.Call(ctx, client, http.MethodPost, k.Hub+"/api/v1/"+path+"/send", "application/json", nil, &struct{ Draft *core.Draft }{draft}); err != nil {
		return err
	}
	return k.delivered(ctx, m, draft)
}

// matching sends the version that a change is made to.
func matching(c *http.Client, version uint64) *http.Client {
	out := *c
	out.Transport = ifMatch{c.Transport, version}
	return &out
}

type ifMatch struct {
	next    http.RoundTripper
	version uint64
}

// RoundTrip implements http.RoundTripper.
func (m ifMatch) RoundTrip(r *http.Request) (*http.Response, error) {
	r = r.Clone(r.Context())
	r.Header.Set("If-Match", fmt.Sprintf(`"%d"`, m.version))
	return m.next.RoundTrip(r)
}

func (k *desk) draft(ctx context.Context, m *matter) (*core.Draft, error) {
	data, err := json.Marshal(object{"in_reply_to": m.doc.ID, "text": object{"text": m.answer}})
	if err != nil {
		return nil, err
	}
	var body bytes.Buffer
	form := multipart.NewWriter(&body)
	err = form.WriteField("data", string(data))
	if part, ferr := form.CreateFormFile("file", "Акт осмотра.txt"); ferr == nil {
		_, ferr = io.WriteString(part, "Акт осмотра по обращению № "+m.doc.Number.Text+"\n\n"+m.answer+"\n")
		err = errors.Join(err, ferr)
	}
	if err := errors.Join(err, form.Close()); err != nil {
		return nil, err
	}
	var made struct{ Draft core.Draft }
	err = hubproc.Call(ctx, k.client, http.MethodPost, k.Hub+"/api/v1/drafts", form.FormDataContentType(), body.Bytes(), &made)
	return &made.Draft, err
}

// signed waits for the signature and says whose it is.
func (k *desk) signed(ctx context.Context, path string) (signer string, err error) {
	err = k.await(ctx, "ответ подписан", func() (bool, error) {
		var list struct{ Items []core.Signature }
		if err := k.ask(ctx, http.MethodGet, path+"/signatures", nil, &list); err != nil || len(list.Items) == 0 {
			return false, err
		}
		sig := list.Items[0]
		if sig.State == core.SignatureFailed || sig.State == core.SignatureVerified && sig.Status != core.SignatureValid {
			return false, fmt.Errorf("подпись не удалась: %s %s", sig.Problem, sig.Status)
		}
		if sig.State == core.SignatureVerified {
			signer = sig.Reports[0].Signer.Name + ", " + sig.Reports[0].Signer.Organization + ", подпись действительна"
		}
		return sig.State == core.SignatureVerified, nil
	})
	return signer, err
}

func (k *desk) delivered(ctx context.Context, m *matter, draft *core.Draft) error {
	var dlv core.Delivery
	err := k.await(ctx, m.from+": ответ отправлен", func() (bool, error) {
		err := k.ask(ctx, http.MethodGet, "deliveries/"+string(draft.Delivery), nil, &dlv)
		if err == nil && dlv.State == core.DeliveryRejected {
			err = fmt.Errorf("ответ не принят: %s %s", dlv.OutsideCode, dlv.OutsideText)
		}
		return dlv.State == core.DeliverySent || dlv.State == core.DeliveryDelivered || dlv.State == core.DeliveryRead, err
	})
	if err != nil {
		return err
	}
	out, err := k.document(ctx, draft.Document)
	if err == nil {
		k.step("%s на %s отправлен: %s", out.Number.Text, m.doc.Number.Text, m.from)
	}
	return err
}

// ---- what the outside sees

// appeal is one as GIS has it.
type appeal struct {
	GUID, Number, Status, Answerer, Planned string
	Answers                                 []string
	Files                                   int
}

// statusDone is «Выполнено» as GIS calls it.
const statusDone = "Executed"

func (d *demo) appeals(ctx context.Context) (all []appeal, err error) {
	err = hubproc.Call(ctx, http.DefaultClient, http.MethodGet, d.GIS.Seen(), "", nil, &all)
	return all, err
}

func (d *demo) appeal(ctx context.Context, guid string) (appeal, error) {
	all, err := d.appeals(ctx)
	i := slices.IndexFunc(all, func(a appeal) bool { return a.GUID == guid })
	if i < 0 {
		return appeal{}, errors.Join(err, errors.New("обращения нет в ГИС ЖКХ"))
	}
	return all[i], err
}

// darkStaircase is the first of those the emulator begins with.
func (d *demo) darkStaircase(ctx context.Context) (string, error) {
	all, err := d.appeals(ctx)
	if err != nil || len(all) == 0 {
		return "", errors.Join(err, errors.New("в ГИС ЖКХ нет обращений"))
	}
	return all[0].GUID, nil
}

func (d *demo) inGIS(ctx context.Context, guid string, m *matter) error {
	var seen appeal
	err := d.await(ctx, "ГИС ЖКХ показывает «Выполнено»", func() (_ bool, err error) {
		seen, err = d.appeal(ctx, guid)
		return seen.Status == statusDone && slices.Contains(seen.Answers, m.answer), err
	})
	if err == nil {
		d.step("ГИС ЖКХ: обращение %s — «Выполнено» (Executed), ответ получен, файлов с подписью %d", seen.Number, seen.Files)
	}
	return err
}

func (d *demo) inCabinet(ctx context.Context, r *resident, id string, m *matter) error {
	files, err := r.reads(ctx, id, m.answer)
	if err == nil {
		d.step("Кабинет: житель читает ответ, файлов %d", files)
	}
	return err
}

func (d *demo) inMailbox(ctx context.Context, m *matter) error {
	type shown struct {
		Box, Folder, Subject, Text string
		Files                      []string
	}
	var found shown
	err := d.await(ctx, "ответ в ящике жителя", func() (bool, error) {
		var letters []shown
		if err := hubproc.Call(ctx, http.DefaultClient, http.MethodGet, d.Mail.Web+"/letters", "", nil, &letters); err != nil {
			return false, err
		}
		i := slices.IndexFunc(letters, func(l shown) bool {
			return l.Folder == "INBOX" && l.Box != d.Mail.User && strings.Contains(l.Text, m.answer)
		})
		if i >= 0 {
			found = letters[i]
		}
		return i >= 0, nil
	})
	if err == nil {
		d.step("Почта: в ящике %s письмо «%s», файлы: %s", found.Box, found.Subject, strings.Join(found.Files, ", "))
	}
	return err
}
