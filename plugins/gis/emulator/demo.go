package emulator

import (
	"encoding/json"
	"net/http"
	"time"
)

// Identifiers of the demonstration.
const (
	DemoOrg      = "11111111-1111-4111-8111-111111111111" // orgPPAGUID
	DemoAnswerer = "77777777-0000-4000-8000-000000000001"
	DemoMaster   = "77777777-0000-4000-8000-000000000002"
)

const demoCompany = "66666666-0000-4000-8000-000000000001"

// Seed adds appeals as residents write them: a dark staircase with a photograph,
// a repeated appeal, a company's, and one about a lift.
func (w *World) Seed() {
	w.AddTopic("1.1", "Освещение мест общего пользования")
	w.AddTopic("2.7", "Содержание и ремонт лифтов")
	w.AddOrganization(demoCompany, Organization{
		Short: "ООО «Пекарня»", Full: "Общество с ограниченной ответственностью «Пекарня»",
		OGRN: "1027700000000", INN: "7701000000", KPP: "770101001",
	})
	photo := w.AddFile("подъезд.gif", demoPhoto())
	now := w.o.Now()
	first := w.Add(Appeal{
		Surname: "Тестова", First: "Анна", Patronymic: "Петровна", Postal: "г. Примерск, ул. Тестовая, д. 1", Flat: "5",
		Email: "a.testova@example.org", Phone: "+70000000001", TopicCode: "1.1", Text: "<p>В подъезде третий день не горит свет.</p>",
		Files: []File{{GUID: photo, Name: "подъезд.gif", Description: "Фото"}}, Until: now.AddDate(0, 0, 15),
		Norm: "Правила, утверждённые постановлением № 491", Mobile: true,
	})
	w.Add(Appeal{
		Surname: "Тестова", First: "Анна", Patronymic: "Петровна", Postal: "г. Примерск, ул. Тестовая, д. 1", Flat: "5",
		Email: "a.testova@example.org", Parent: first, TopicCode: "1.1", Text: "Свет так и не горит.", Until: now.AddDate(0, 0, 15),
	})
	w.Add(Appeal{
		Organization: demoCompany, Postal: "г. Примерск, ул. Тестовая, д. 3", OtherTopic: "Вывоз мусора",
		Text: "Просим увеличить число контейнеров.", Until: now.AddDate(0, 0, 30),
	})
	w.Add(Appeal{
		Surname: "Пробный", First: "Иван", Postal: "г. Примерск, ул. Тестовая, д. 2, кв. 17", Phone: "+70000000002", TopicCode: "2.7",
		Text: "Лифт останавливается между этажами.", Collective: true, Neighbours: true, Until: now.AddDate(0, 0, 3),
	})
}

// demoPhoto is the smallest picture that is one: a dark pixel, GIF.
func demoPhoto() []byte {
	return []byte("GIF89a\x01\x00\x01\x00\x80\x00\x00\x00\x00\x00\xff\xff\xff,\x00\x00\x00\x00\x01\x00\x01\x00\x00\x02\x02D\x01\x00;")
}

// pathSeen shows what GIS knows and has residents write (POST with a Written),
// for a demonstration and its tests: no such thing exists in the real one.
const pathSeen = "/emulator/appeals"

// Seen is an appeal as pathSeen shows it.
type Seen struct {
	GUID     string   `json:"guid"`
	Number   string   `json:"number"`
	Status   string   `json:"status"`
	Answerer string   `json:"answerer,omitempty"`
	Planned  string   `json:"planned,omitempty"`
	Answers  []string `json:"answers,omitempty"` // texts of those sent
	Files    int      `json:"files,omitempty"`   // of those answers
}

func (w *World) seenAppeals(rw http.ResponseWriter) {
	w.mu.Lock()
	out := []Seen{}
	for _, a := range w.appeals {
		s := Seen{GUID: a.GUID, Number: a.Number, Status: a.Status, Answerer: a.Answerer}
		if !a.Planned.IsZero() {
			s.Planned = a.Planned.Format(time.DateOnly)
		}
		for _, e := range a.History {
			if e.Answer != nil && e.Answer.Sent {
				s.Answers = append(s.Answers, e.Answer.Text)
				s.Files += len(e.Answer.Files)
			}
		}
		out = append(out, s)
	}
	w.mu.Unlock()
	rw.Header().Set("Content-Type", "application/json; charset=utf-8")
	_ = json.NewEncoder(rw).Encode(out) // the client is gone
}

// Written is an appeal as a resident writes it at pathSeen; what is left out is
// as Add has it. The answer is a Seen with the GUID alone.
type Written struct {
	Surname string `json:"surname"`
	First   string `json:"first"`
	Postal  string `json:"postal"`
	Flat    string `json:"flat"`
	Topic   string `json:"topic"` // in the resident's own words
	Text    string `json:"text"`
}

func (w *World) residentWrites(rw http.ResponseWriter, r *http.Request) {
	var in Written
	dec := json.NewDecoder(http.MaxBytesReader(rw, r.Body, 1<<20))
	dec.DisallowUnknownFields()
	if err := dec.Decode(&in); err != nil {
		http.Error(rw, err.Error(), http.StatusBadRequest)
		return
	}
	guid := w.Add(Appeal{
		Surname: in.Surname, First: in.First, Postal: in.Postal, Flat: in.Flat, OtherTopic: in.Topic, Text: in.Text, Until: w.o.Now().AddDate(0, 0, 15),
	})
	rw.Header().Set("Content-Type", "application/json; charset=utf-8")
	rw.WriteHeader(http.StatusCreated)
	_ = json.NewEncoder(rw).Encode(Seen{GUID: guid}) // the client is gone
}
