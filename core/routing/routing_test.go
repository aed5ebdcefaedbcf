package routing_test

import (
	"errors"
	"reflect"
	"strings"
	"testing"
	"time"

	"github.com/uzel-hub/uzel/core"
	"github.com/uzel-hub/uzel/core/routing"
)

// noon is a Wednesday.
var noon = time.Date(2026, 11, 18, 12, 0, 0, 0, core.OfficeZone)

// letter is the document the tables look at.
func letter() *core.Document {
	return &core.Document{
		ID: "doc_1", Organization: "org_1", Direction: core.Incoming, Kind: core.MessageLetter, State: core.DocumentRegistered, Channel: "mail",
		Subject: "Течёт КРЫША в пятом подъезде", Text: "Добрый день! Вода льётся по стене, третий день. Телефон 8 916 123-45-67.",
		Sender: core.Correspondent{Party: "pty_1", Name: "Анна Королёва", Addresses: []core.Address{
			{Kind: core.AddressEmail, Value: "Anna@Dom.example"}, {Kind: core.AddressPhone, Value: "+79161234567"},
		}},
		Recipients: []core.Correspondent{{Addresses: []core.Address{{Kind: core.AddressEmail, Value: "office@uk.example"}}}},
		Files: []core.Attachment{
			{Name: "Фото крыши.JPG", MediaType: "image/jpeg", Size: 2 << 20, Role: core.FileAttachment},
			{Name: "logo.png", MediaType: "image/png", Role: core.FileInline},
		},
		Marks:  []core.Mark{{Kind: core.MarkRepaired}},
		Fields: map[string]string{"delivery_type": "Электронная почта", "account": "40702", "address": "ул. Ленина, 5"},
		Appeal: &core.Appeal{State: core.AppealNew, Source: "ent_mail", Accounts: []core.AccountRef{{Number: "1000123"}}},
	}
}

func facts(d *core.Document) *routing.Facts {
	return &routing.Facts{
		Document: d, At: noon, Working: true, OpenAppeals: 2,
		Appeals: map[int]int{1: 1, 7: 2, 30: 2},
	}
}

func tagging(id core.RuleID, when *core.Condition) core.Rule {
	return core.Rule{ID: id, Title: "Правило " + string(id), On: true, When: when, Then: []core.Action{{Do: core.ActAddTags, Tags: []core.EntryID{core.EntryID("tag_" + id)}}}}
}

func compile(t testing.TB, rules ...core.Rule) *routing.Set {
	t.Helper()
	set, err := routing.Compile(rules)
	if err != nil {
		t.Fatal(err)
	}
	return set
}

func text(field core.RuleField, is core.Relation, values ...string) *core.Condition {
	return &core.Condition{Field: field, Is: is, Values: values}
}

func number(field core.RuleField, is core.Relation, n int) *core.Condition {
	return &core.Condition{Field: field, Is: is, Number: n}
}

func TestComparisons(t *testing.T) {
	for name, c := range map[string]struct {
		when *core.Condition
		want bool
	}{
		"channel":                         {text(core.FieldChannel, core.IsEqual, "phone", "mail"), true},
		"other channel":                   {text(core.FieldChannel, core.IsEqual, "mail2"), false},
		"organization":                    {text(core.FieldOrganization, core.IsEqual, "org_1"), true},
		"direction":                       {text(core.FieldDirection, core.IsEqual, "incoming"), true},
		"kind":                            {text(core.FieldKind, core.IsEqual, "chat"), false},
		"source":                          {text(core.FieldSource, core.IsEqual, "ent_mail"), true},
		"address of the sender":           {text(core.FieldSender, core.IsEqual, "anna@dom.example"), true},
		"second address of the sender":    {text(core.FieldSender, core.IsEnds, "4567"), true},
		"name without case and ё":         {text(core.FieldSenderName, core.IsContains, "КОРОЛЕВА"), true},
		"domain":                          {text(core.FieldSenderDomain, core.IsEqual, "dom.example"), true},
		"part of a domain is not equal":   {text(core.FieldSenderDomain, core.IsEqual, "example"), false},
		"recipient":                       {text(core.FieldRecipient, core.IsBegins, "office@"), true},
		"subject without case and ё":      {text(core.FieldSubject, core.IsContains, "течет крыша"), true},
		"words in any order":              {text(core.FieldSubject, core.IsWords, "крыша течет"), true},
		"half a word is no word":          {text(core.FieldSubject, core.IsWords, "подъезд"), false},
		"the beginning of a word":         {text(core.FieldSubject, core.IsWords, "подъезд*"), true},
		"one word is missing":             {text(core.FieldSubject, core.IsWords, "крыша лифт"), false},
		"one of several phrases":          {text(core.FieldSubject, core.IsWords, "лифт", "крыша"), true},
		"pattern":                         {text(core.FieldText, core.IsMatches, `\b8[ -]?\d{3}[ -]?\d{3}`), true},
		"pattern without case and ё":      {text(core.FieldText, core.IsMatches, `ЛЬЁТСЯ`), true},
		"pattern with a class":            {text(core.FieldText, core.IsMatches, `Л[Ь][Ё]тся\s+ПО`), true},
		"pattern with a turned class":     {text(core.FieldSubject, core.IsMatches, `^[^Т]`), false},
		"pattern of a group":              {text(core.FieldSubject, core.IsMatches, `(ПРОТЕКАЕТ|ТЕЧЁТ) крыш.`), true},
		"pattern that finds nothing":      {text(core.FieldText, core.IsMatches, `^день`), false},
		"language":                        {text(core.FieldLanguage, core.IsEqual, "ru"), true},
		"mark":                            {text(core.FieldMark, core.IsEqual, "repaired"), true},
		"no such mark":                    {text(core.FieldMark, core.IsEqual, "automatic"), false},
		"name of a file":                  {text(core.FieldAttachment, core.IsEnds, ".jpg"), true},
		"an image of the text is no file": {text(core.FieldAttachment, core.IsContains, "logo"), false},
		"type of a file":                  {text(core.FieldAttachmentKind, core.IsBegins, "image/"), true},
		"how many files":                  {number(core.FieldAttachments, core.IsEqual, 1), true},
		"more files":                      {number(core.FieldAttachments, core.IsAtLeast, 2), false},
		"no reason":                       {text(core.FieldReason, core.IsPresent), false},
		"address of the premises":         {text(core.FieldAddress, core.IsContains, "ленина"), true},
		"account of the appeal":           {text(core.FieldAccount, core.IsEqual, "1000123"), true},
		"account of the requisites":       {text(core.FieldAccount, core.IsEqual, "40702"), true},
		"requisite":                       {&core.Condition{Field: core.FieldRequisite, Name: "delivery_type", Is: core.IsWords, Values: []string{"почта"}}, true},
		"no such requisite":               {&core.Condition{Field: core.FieldRequisite, Name: "inn", Is: core.IsPresent}, false},
		"appeals of a week":               {&core.Condition{Field: core.FieldAppeals, Is: core.IsEqual, Days: 7, Number: 2}, true},
		"appeals of a day":                {&core.Condition{Field: core.FieldAppeals, Is: core.IsAtMost, Days: 1, Number: 1}, true},
		"open appeals":                    {number(core.FieldOpenAppeals, core.IsAtLeast, 3), false},
		"working time":                    {&core.Condition{Field: core.FieldWorkingTime, Is: core.IsYes}, true},
		"known sender":                    {&core.Condition{Field: core.FieldKnownSender, Is: core.IsYes}, true},
		"not":                             {&core.Condition{Not: text(core.FieldChannel, core.IsEqual, "mail")}, false},
		"all":                             {&core.Condition{All: []core.Condition{*text(core.FieldChannel, core.IsEqual, "mail"), *text(core.FieldKind, core.IsEqual, "chat")}}, false},
		"any":                             {&core.Condition{Any: []core.Condition{*text(core.FieldChannel, core.IsEqual, "x"), *text(core.FieldKind, core.IsEqual, "letter")}}, true},
		"expression":                      {&core.Condition{Expr: `subject contains "КРЫША" and any(files, .size > 1000000) and fields["account"] == "40702"`}, true},
		"expression over lists":           {&core.Condition{Expr: `count(accounts, # startsWith "4") == 1 and "Dom.example" in sender.domains`}, true},
		"expression over the history":     {&core.Condition{Expr: `appeals_day == 1 and appeals_week == 2 and appeals_month < 3 and open_appeals == 2`}, true},
		"expression of time":              {&core.Condition{Expr: `weekday == 3 and hour == 12 and month == 11 and day == 18 and working`}, true},
		"expression with a pattern":       {&core.Condition{Expr: `lower(sender.name) matches "^анна" and sender.known and open_appeals < 3`}, true},
		"expression with a missing field": {&core.Condition{Expr: `fields["nothing"] == ""`}, true},
	} {
		t.Run(name, func(t *testing.T) {
			set, err := routing.Compile([]core.Rule{tagging("a", c.when)})
			if err != nil {
				t.Fatal(err)
			}
			d := set.Decide(facts(letter()))
			if got := len(d.Planned) == 1; got != c.want {
				t.Errorf("%s: %v, faults %v", routing.Describe(c.when), got, d.Faults)
			}
		})
	}
}

func TestRulesAreTriedInOrderAndFillWhatIsEmpty(t *testing.T) {
	line := func(id core.EntryID) core.Action { return core.Action{Do: core.ActSetLine, Line: id} }
	set := compile(
		t,
		core.Rule{Title: "1", On: true, Then: []core.Action{{Do: core.ActSetReason, Reason: "roof", ReasonGroup: "house"}}},
		core.Rule{Title: "2", On: true, When: text(core.FieldReason, core.IsEqual, "roof"), Then: []core.Action{line("repairs"), {Do: core.ActAddTags, Tags: []core.EntryID{"a", "a", "b"}}}},
		core.Rule{Title: "3", On: true, Then: []core.Action{line("other"), {Do: core.ActAddTags, Tags: []core.EntryID{"b", "c"}}, {Do: core.ActForward, Channels: []core.ChannelID{"gis"}}}},
		core.Rule{Title: "4", On: true, When: text(core.FieldTag, core.IsEqual, "c"), Then: []core.Action{{Do: core.ActForward, Channels: []core.ChannelID{"gis", "1c"}}, {Do: core.ActStop}}},
		core.Rule{Title: "5", On: true, Then: []core.Action{{Do: core.ActNotify, Users: []core.UserID{"usr_1"}}}},
	)
	var done, not []string
	for _, p := range set.Decide(facts(letter())).Planned {
		what := string(p.Action.Do) + string(p.Action.Line)
		for _, tag := range p.Action.Tags {
			what += string(tag)
		}
		for _, ch := range p.Action.Channels {
			what += string(ch)
		}
		if p.Note == "" {
			done = append(done, what)
		} else {
			not = append(not, what)
		}
	}
	if want := []string{"set_reason", "set_linerepairs", "add_tagsab", "add_tagsc", "forwardgis", "forward1c", "stop"}; !reflect.DeepEqual(done, want) {
		t.Errorf("done %q", done)
	}
	if want := []string{"set_lineother"}; !reflect.DeepEqual(not, want) {
		t.Errorf("not done %q", not)
	}
}

func TestWhatTheDocumentHasIsNotChanged(t *testing.T) {
	d := letter()
	due := noon
	d.Appeal.Operator, d.Appeal.Line, d.DueAt = "usr_9", "first", &due
	set := compile(t, core.Rule{Title: "все", On: true, Then: []core.Action{
		{Do: core.ActSetLine, Line: "second"},
		{Do: core.ActSetOperator, Choice: core.ChooseFixed, Users: []core.UserID{"usr_1"}},
		{Do: core.ActSetTerm, Term: &core.Term{Kind: core.TermHours, Amount: 4}},
	}})
	for _, p := range set.Decide(facts(d)).Planned {
		if p.Note == "" {
			t.Errorf("%s would be done", p.Action.Do)
		}
	}
}

func TestMachinesAreNotAnsweredByMachines(t *testing.T) {
	set := compile(t, core.Rule{Title: "ответ", On: true, Directions: []core.Direction{core.Incoming, core.Outgoing}, Then: []core.Action{{Do: core.ActReply, Text: "Получили"}, {Do: core.ActReply, Text: "Ещё раз"}}})
	replies := func(edit func(*core.Document)) (n int) {
		d := letter()
		edit(d)
		for _, p := range set.Decide(facts(d)).Planned {
			if p.Note == "" {
				n++
			}
		}
		return n
	}
	for name, c := range map[string]struct {
		edit func(*core.Document)
		want int
	}{
		"person":    {func(*core.Document) {}, 1},
		"automatic": {func(d *core.Document) { d.Marks = []core.Mark{{Kind: core.MarkAutomatic}} }, 0},
		"bounce":    {func(d *core.Document) { d.Marks = []core.Mark{{Kind: core.MarkBounce}} }, 0},
		"outgoing":  {func(d *core.Document) { d.Direction = core.Outgoing }, 0},
	} {
		if n := replies(c.edit); n != c.want {
			t.Errorf("%s: %d replies", name, n)
		}
	}
}

func TestRulesOfOthersAreLeftOut(t *testing.T) {
	off, foreign, outgoing := tagging("off", nil), tagging("org", nil), tagging("out", nil)
	off.On, foreign.Organization, outgoing.Directions = false, "org_2", []core.Direction{core.Outgoing}
	rules := []core.Rule{off, foreign, outgoing, tagging("ours", nil)}
	d := compile(t, rules...).Decide(facts(letter()))
	if len(d.Planned) != 1 || d.Planned[0].Rule != 3 {
		t.Errorf("planned %+v", d.Planned)
	}
	var got []core.RuleOutcome
	for _, s := range routing.Steps(rules, d.Trace, d.Faults) {
		got = append(got, s.Outcome)
	}
	if want := []core.RuleOutcome{core.RuleOff, core.RuleForeign, core.RuleForeign, core.RuleMatched}; !reflect.DeepEqual(got, want) {
		t.Errorf("outcomes %v", got)
	}
}

func TestTraceNamesTheConditionThatDecided(t *testing.T) {
	rules := []core.Rule{
		tagging("a", &core.Condition{All: []core.Condition{
			*text(core.FieldChannel, core.IsEqual, "mail"),
			{Any: []core.Condition{*text(core.FieldSubject, core.IsContains, "лифт"), {Not: text(core.FieldSubject, core.IsWords, "крыша")}}},
		}}),
		tagging("b", &core.Condition{Any: []core.Condition{*text(core.FieldSubject, core.IsContains, "лифт"), *text(core.FieldSubject, core.IsWords, "крыша")}}),
		tagging("c", &core.Condition{All: []core.Condition{*text(core.FieldChannel, core.IsEqual, "chat"), *text(core.FieldSubject, core.IsWords, "крыша")}}),
	}
	d := compile(t, rules...).Decide(facts(letter()))
	var got []string
	for _, s := range routing.Steps(rules, d.Trace, d.Faults) {
		got = append(got, s.Why)
	}
	want := []string{
		"решило условие: тема содержит «лифт» или не (тема содержит слова «крыша»)",
		"подошло условие: тема содержит слова «крыша»",
		"решило условие: канал равно «chat»",
	}
	if !reflect.DeepEqual(got, want) {
		t.Errorf("got  %q\nwant %q", got, want)
	}
}

func TestFailingRuleDoesNotStopTheNext(t *testing.T) {
	long := letter()
	for range 2000 {
		long.Files = append(long.Files, core.Attachment{Name: "Иванов.txt", Role: core.FileAttachment})
	}
	for name, c := range map[string]struct{ expr, want string }{
		"out of range": {`files[5000].size > 1`, "выражение не вычислено: строка 1"},
		"no number":    {`int(sender.name) > 1`, "выражение не вычислено: строка 1"},
		"too long":     {`all(files, not (.name matches "(a|b|c)+$"))`, "выражение вычисляется слишком долго"},
	} {
		t.Run(name, func(t *testing.T) {
			rules := []core.Rule{tagging("bad", &core.Condition{Any: []core.Condition{{Expr: c.expr}}}), tagging("good", nil)}
			d := compile(t, rules...).Decide(facts(long))
			if len(d.Planned) != 1 || d.Planned[0].Rule != 1 {
				t.Errorf("planned %+v", d.Planned)
			}
			if !strings.HasPrefix(d.Faults[0], c.want) {
				t.Errorf("fault %q", d.Faults[0])
			}
			if strings.Contains(d.Faults[0], "Анна") || strings.Contains(d.Faults[0], "Иванов") {
				t.Errorf("personal data in %q", d.Faults[0])
			}
			if s := routing.Steps(rules, d.Trace, d.Faults)[0]; s.Outcome != core.RuleFailed || s.Why != d.Faults[0] {
				t.Errorf("step %+v", s)
			}
		})
	}
}

func TestSetTellsWhatMustBeLookedUp(t *testing.T) {
	set := compile(
		t,
		tagging("a", &core.Condition{Field: core.FieldAppeals, Is: core.IsAtLeast, Days: 14, Number: 3}),
		tagging("b", &core.Condition{Expr: "appeals_week > 1 or appeals_day > 1 or appeals_week > 7"}),
	)
	if want := []int{1, 7, 14}; !reflect.DeepEqual(set.Periods(), want) || set.AsksOpen() {
		t.Errorf("periods %v, open %v", set.Periods(), set.AsksOpen())
	}
	if !compile(t, tagging("a", &core.Condition{Expr: "open_appeals > 1"})).AsksOpen() || !compile(t, tagging("a", number(core.FieldOpenAppeals, core.IsAtMost, 0))).AsksOpen() {
		t.Error("open appeals are not asked for")
	}
}

func TestSameFactsSameDecision(t *testing.T) {
	rules := []core.Rule{
		tagging("a", text(core.FieldText, core.IsMatches, "вода")), tagging("b", &core.Condition{Expr: `any(accounts, # == "1000123")`}),
	}
	set := compile(t, rules...)
	first := set.Decide(facts(letter()))
	for range 50 {
		if d := set.Decide(facts(letter())); !reflect.DeepEqual(d, first) {
			t.Fatalf("%+v, then %+v", first, d)
		}
	}
}

func TestDecidingDoesNotChangeTheDocument(t *testing.T) {
	d := letter()
	d.Appeal.Tags = append(make([]core.EntryID, 0, 8), "own")
	compile(t, tagging("a", nil), tagging("b", nil)).Decide(facts(d))
	if want := letter(); len(d.Appeal.Tags) != 1 || d.Appeal.Line != want.Appeal.Line || d.Appeal.Tags[:2][1] != "" {
		t.Errorf("appeal is %+v", d.Appeal)
	}
}

func TestFaultsOfARuleSetAreToldAllAtOnce(t *testing.T) {
	bad := core.Rule{
		ID: "r", Directions: []core.Direction{"sideways"},
		When: &core.Condition{All: []core.Condition{
			{Field: "colour", Is: core.IsEqual, Values: []string{"x"}},
			*text(core.FieldSubject, core.IsAtLeast),
			*text(core.FieldSubject, core.IsContains),
			*text(core.FieldSubject, core.IsMatches, "a(b"),
			*text(core.FieldSubject, core.IsWords, "a-b"),
			{Field: core.FieldAppeals, Is: core.IsAtLeast, Number: 1},
			{Field: core.FieldRequisite, Is: core.IsPresent},
			{},
			{Expr: "subject ==\n nothing"},
			{Expr: "true", Field: core.FieldText},
		}},
		Then: []core.Action{
			{Do: "dance"},
			{Do: core.ActSetLine},
			{Do: core.ActSetLine, Line: "l", Text: "x"},
			{Do: core.ActSetOperator, Choice: core.ChooseFixed, Users: []core.UserID{"a", "b"}},
			{Do: core.ActSetTerm, Term: &core.Term{Kind: "moons"}},
			{Do: core.ActReply},
		},
	}
	_, err := routing.Compile([]core.Rule{tagging("ok", nil), bad})
	e, ok := errors.AsType[*core.Error](err)
	if !ok || e.Kind != core.KindInvalid {
		t.Fatalf("%v", err)
	}
	var got []string
	for _, f := range e.Faults {
		got = append(got, f.Field)
	}
	for _, want := range []string{
		"rules.1.title", "rules.1.directions.0", "rules.1.when.all.0.field", "rules.1.when.all.1.is", "rules.1.when.all.2.values",
		"rules.1.when.all.3.values.0", "rules.1.when.all.4.values.0", "rules.1.when.all.5.days", "rules.1.when.all.6.name",
		"rules.1.when.all.7", "rules.1.when.all.8.expr", "rules.1.when.all.9", "rules.1.then.0.do", "rules.1.then.1.line",
		"rules.1.then.2.text", "rules.1.then.3.users", "rules.1.then.4.term.kind", "rules.1.then.5.text",
	} {
		found := false
		for _, f := range got {
			found = found || f == want
		}
		if !found {
			t.Errorf("%s is not among %q", want, got)
		}
	}
	for _, f := range e.Faults {
		if f.Field == "rules.1.when.all.8.expr" && !strings.Contains(f.Text, "строка 2, знак 2") {
			t.Errorf("place of the fault: %q", f.Text)
		}
	}
}

func TestExpressionsThatCouldRunLongAreRefused(t *testing.T) {
	for _, text := range []string{
		`all(1..1000000, # > 0)`, `let a = text; a == a`, `any(files, any(recipients, true))`, `text matches subject`,
		`repeat(text, 1000) == ""`, `reduce([1, 2], #acc + #, 0) > 1`, `now().Year() > 1`, `spend(1)`, `sender.Name.String() == ""`,
		`len(filter(files, true)) > 1`, `len(map(files, .name)) > 1`, `toJSON(files) == ""`, strings.Repeat("1 + ", 300) + "1 > 0", `subject`, `"` + strings.Repeat("я", 2001) + `" == text`,
	} {
		if faults := routing.Check(ptr(tagging("a", &core.Condition{Expr: text}))); len(faults) != 1 || faults[0].Field != "when.expr" {
			t.Errorf("%.60s: %+v", text, faults)
		}
	}
}

func ptr[T any](v T) *T { return &v }

func TestLimitsOfARule(t *testing.T) {
	deep := text(core.FieldSubject, core.IsPresent)
	for range 20 {
		deep = &core.Condition{Not: deep}
	}
	var wide, dear core.Condition
	for range 120 {
		wide.Any = append(wide.Any, *text(core.FieldSubject, core.IsPresent))
	}
	for range 30 {
		dear.Any = append(dear.Any, *text(core.FieldSubject, core.IsMatches, "a"))
	}
	for name, w := range map[string]*core.Condition{"deep": deep, "wide": &wide, "dear": &dear} {
		if faults := routing.Check(ptr(tagging("a", w))); len(faults) == 0 {
			t.Errorf("%s is taken", name)
		}
	}
	if _, err := routing.Compile(make([]core.Rule, routing.MaxRules+1)); core.KindOf(err) != core.KindInvalid {
		t.Errorf("too many rules: %v", err)
	}
}
