package emulator

import (
	"fmt"
	"maps"
	"slices"
	"strings"
	"time"

	"github.com/beevik/etree"
)

// export writes the appeals a request selects.
func (w *World) export(req *request, out *etree.Element) {
	var found []*Appeal
	for _, a := range w.appeals {
		if (a.Org == "" || strings.EqualFold(a.Org, req.org)) && selected(a, req.el) {
			found = append(found, a)
		}
	}
	switch named := len(req.el.FindElements("./AppealGUID")); {
	case w.o.Strict && len(found) < named:
		errorElement(out, "b:ErrorMessage", "INT002000", "Обращение не найдено")
	case len(found) == 0:
		errorElement(out, "b:ErrorMessage", "INT002012", "Нет объектов для экспорта")
	case w.o.Most > 0 && len(found) > w.o.Most:
		errorElement(out, "b:ErrorMessage", "INT002999", "Слишком много объектов для экспорта")
	default:
		for _, a := range found {
			w.appeal(out.CreateElement("a:ExportAppealResult"), a)
		}
	}
}

func selected(a *Appeal, el *etree.Element) bool {
	for _, by := range []struct{ name, value string }{{"AppealGUID", a.GUID}, {"AppealNumber", a.Number}} {
		if list := el.FindElements("./" + by.name); len(list) > 0 {
			return slices.ContainsFunc(list, func(e *etree.Element) bool { return strings.EqualFold(strings.TrimSpace(e.Text()), by.value) })
		}
	}
	created := date(a.Created)
	switch from, to := text(el, "StartDate"), text(el, "EndDate"); {
	case from != "" && created < from[:10], to != "" && created > to[:10]:
		return false
	case a.HCS && text(el, "IncludeHCSAppeals") == "":
		return false
	}
	states := el.FindElement("./StatusOfAppeal")
	if states == nil {
		return true
	}
	name := a.Status
	if name == "Send" {
		name = "Sent" // spelt so in the filter
	}
	return text(states, name) != ""
}

// moscow is the zone of GIS's days.
var moscow = time.FixedZone("MSK", 3*3600)

func date(t time.Time) string { return t.In(moscow).Format(time.DateOnly) }

// put writes an element unless its text is empty.
func put(at *etree.Element, name, value string) {
	if value != "" {
		at.CreateElement(name).SetText(value)
	}
}

func flag(at *etree.Element, name string, on bool) {
	if on {
		put(at, name, "true")
	}
}

func dateOf(at *etree.Element, name string, t time.Time) {
	if !t.IsZero() {
		put(at, name, t.Format(time.DateOnly))
	}
}

// appeal writes one appeal in the order of the schema.
func (w *World) appeal(el *etree.Element, a *Appeal) {
	put(el, "a:AppealGUID", a.GUID)
	put(el, "a:ParentAppealGUID", a.Parent)
	applicant(el.CreateElement("a:ApplicantInfo"), a)
	put(el, "a:AppealNumber", a.Number)
	put(el, "a:AppealCreateDate", date(a.Created)+"+03:00")
	if a.TopicCode != "" {
		topic := el.CreateElement("a:AppealTopic")
		put(topic, "n:Code", a.TopicCode)
		put(topic, "n:GUID", topicGUID(a.TopicCode))
		put(topic, "n:Name", a.TopicName)
	} else {
		put(el, "a:AnotherTopic", a.OtherTopic)
	}
	put(el, "a:FIASHouseGuid", a.House)
	put(el.CreateElement("a:OKTMO"), "b:code", a.OKTMO)
	put(el, "a:AppealText", a.Text)
	attachments(el, a.Files)
	put(el, "a:AnswererGUID", a.Answerer)
	for i := range a.History {
		w.event(el.CreateElement("a:AppealHistory"), &a.History[i])
	}
	put(el, "a:AppealStatus", a.Status)
	flag(el, "a:Redirected", a.Redirected)
	flag(el, "a:RedirectedIsNotHCS", a.RedirectedOut && !a.Redirected)
	flag(el, "a:RolledOver", a.Extended)
	flag(el, "a:AnswerIsNotRequired", a.NotRequired)
	if a.Status == "Withdrawn" {
		put(el.CreateElement("a:AppealWithdrawn"), "a:Comment", a.Withdrawal)
	}
	flag(el, "a:FromMobile", a.Mobile)
	dateOf(el, "a:ExecutionEndDate", a.Until)
	put(el, "a:NPARequirements", a.Norm)
	dateOf(el, "a:DateOfAppointment", a.Planned)
	flag(el, "a:Collective", a.Collective)
	if a.Neighbours {
		person := el.CreateElement("a:NeighbourInfo").CreateElement("a:Person")
		put(person, "a:Surname", "Соседов")
		put(person, "a:FirstName", "Пётр")
	}
}

func applicant(el *etree.Element, a *Appeal) {
	switch {
	case a.HCS:
		put(el, "a:HCS", "true")
		return
	case a.Organization != "":
		put(el.CreateElement("a:Org"), "o:orgRootEntityGUID", a.Organization)
	default:
		person := el.CreateElement("a:Person")
		put(person, "a:Surname", a.Surname)
		put(person, "a:FirstName", a.First)
		put(person, "a:Patronymic", a.Patronymic)
	}
	put(el, "a:PostAddress", a.Postal)
	put(el, "a:ApartmentNumber", a.Flat)
	put(el, "a:Email", a.Email)
	put(el, "a:PhoneNumber", a.Phone)
}

func attachments(el *etree.Element, files []File) {
	for _, f := range files {
		attachment(el.CreateElement("a:Attachment"), f)
	}
}

func attachment(el *etree.Element, f File) {
	put(el, "b:Name", f.Name)
	if f.Description == "" {
		f.Description = f.Name
	}
	put(el, "b:Description", f.Description)
	put(el.CreateElement("b:Attachment"), "b:AttachmentGUID", f.GUID)
	put(el, "b:AttachmentHASH", f.Hash)
}

func (w *World) event(el *etree.Element, e *Event) {
	put(el, "a:ChangeDate", date(e.Date))
	switch {
	case e.Answer != nil:
		w.answerElement(el.CreateElement("a:Answer"), e.Answer)
	case e.Redirect != nil:
		r := el.CreateElement("a:Redirected")
		put(r.CreateElement("a:Receiver"), "o:orgRootEntityGUID", e.Redirect.Receiver)
		put(r, "a:Comment", e.Redirect.Comment)
		put(r, "a:AnswererGUID", e.Redirect.Answerer)
	case e.Extend != nil:
		r := el.CreateElement("a:RolledOver")
		dateOf(r, "a:ExecutionDate", e.Extend.Until)
		r.CreateElement("a:Comment").SetText(e.Extend.Comment)
		put(r, "a:AnswererGUID", e.Extend.Answerer)
	case e.Cause != nil:
		el.CreateElement("a:IsNotRequired").CreateElement("a:Cause").SetText(*e.Cause)
	case e.Rating != nil:
		rating(el.CreateElement("a:Assesment"), e.Rating)
	}
}

func (w *World) answerElement(el *etree.Element, a *Answer) {
	put(el, "a:AnswerGUID", a.GUID)
	put(el, "a:AnswerNumber", a.Number)
	dateOf(el, "a:SendAnswerDate", a.SentOn)
	put(el.CreateElement("a:Answerer"), "a:AnswererGUID", a.Answerer)
	el.CreateElement("a:AnswerText").SetText(a.Text)
	var signed []File
	for _, f := range a.Files {
		if len(a.Signatures[f.GUID]) > 0 {
			signed = append(signed, f)
			continue
		}
		attachment(el.CreateElement("a:Attachment"), f)
	}
	flag(el, "a:AnswerIsSent", a.Sent)
	for _, f := range signed {
		s := el.CreateElement("a:SignedAttachments")
		attachment(s.CreateElement("b:Attachment"), f)
		for _, sig := range a.Signatures[f.GUID] {
			attachment(s.CreateElement("b:Signature"), sig)
		}
	}
}

func rating(el *etree.Element, r *Rating) {
	switch r.Score {
	case 1:
		put(el, "a:AnswerIsNotSatisfied", "true")
	case 2:
		put(el, "a:AnswerIsPartlyReceived", "true")
	default:
		put(el, "a:InformationIsReceived", "true")
		return
	}
	el.CreateElement("a:DeclineComment").SetText(r.Comment)
}

func topicGUID(code string) string {
	n := 0
	for _, r := range code {
		n = n*31 + int(r)
	}
	return fmt.Sprintf("33333333-0000-4000-8000-%012d", n%1_000_000)
}

// ---- what appeals refer to

func (w *World) exportOrgs(req *request, out *etree.Element) {
	found := false
	for _, el := range req.el.FindElements("./SearchCriteria/orgRootEntityGUID") {
		root := strings.TrimSpace(el.Text())
		o, known := w.orgs[root]
		if !known {
			continue
		}
		found = true
		res := out.CreateElement("r:exportOrgRegistryResult")
		put(res, "o:orgRootEntityGUID", root)
		legal := res.CreateElement("r:OrgVersion").CreateElement("r:Legal")
		put(legal, "r:ShortName", o.Short)
		put(legal, "r:FullName", o.Full)
		put(legal, "r:OGRN", o.OGRN)
		put(legal, "r:INN", o.INN)
		put(legal, "r:KPP", o.KPP)
	}
	if !found {
		errorElement(out, "b:ErrorMessage", "INT002012", "Нет объектов для экспорта")
	}
}

func (w *World) exportTopics(req *request, out *etree.Element) {
	if text(req.el, "ListGroup") != w.o.TopicGroup {
		errorElement(out, "b:ErrorMessage", "INT002000", "Справочник не найден")
		return
	}
	item := out.CreateElement("c:NsiItem")
	put(item, "n:NsiItemRegistryNumber", "220")
	put(item, "n:Created", w.o.Now().Format(time.RFC3339))
	for _, code := range slices.Sorted(maps.Keys(w.topics)) {
		el := item.CreateElement("n:NsiElement")
		put(el, "n:Code", code)
		put(el, "n:GUID", topicGUID(code))
		put(el, "n:Modified", w.o.Now().Format(time.RFC3339))
		put(el, "n:IsActual", "true")
		field := el.CreateElement("n:NsiElementField")
		put(field, "n:Name", "Тема обращения")
		put(field, "n:Value", w.topics[code])
	}
}
