package bench

import (
	"fmt"

	"github.com/uzel-hub/uzel/core"
)

// topic is what letters to a managing company are about.
type topic struct {
	words  string   // the subject of a letter about it
	about  []string // phrases of the rule that finds it
	also   []string // parts of words that other rules look for
	reason core.EntryID
}

var topics = []topic{
	{"Течёт крыша над последним этажом", []string{"крыша теч*", "кровля протек*"}, []string{"протечк", "кровл"}, "roof"},
	{"Не работает лифт в подъезде", []string{"лифт не работает", "лифт остановился"}, []string{"подъёмник", "кабин"}, "lift"},
	{"Нет горячей воды третьи сутки", []string{"нет горячей воды", "холодн* вода"}, []string{"водоснаб", "давлени"}, "water"},
	{"Ошибка в квитанции за отопление", []string{"ошибка квитанц*", "перерасчёт"}, []string{"начислен", "тариф"}, "bill"},
	{"Холодные батареи в комнатах", []string{"холодные батареи", "отоплен* нет"}, []string{"радиатор", "теплоснаб"}, "heat"},
	{"Шум ночью от соседей сверху", []string{"шум ноч*", "сосед* шум*"}, []string{"громк", "тишин"}, "noise"},
	{"Не горит свет в тамбуре", []string{"не горит свет", "нет освещен*"}, []string{"лампоч", "электричес"}, "light"},
	{"Передаю показания счётчиков", []string{"показания счётчик*", "передаю показан*"}, []string{"куб.м", "киловатт"}, "meters"},
	{"Завален снегом двор и парковка", []string{"снег* двор*", "не убран снег"}, []string{"сосульк", "налед"}, "yard"},
	{"Прошу выдать справку о составе семьи", []string{"выдать справку", "справк* состав*"}, []string{"паспортн", "регистрац"}, "papers"},
}

// phrases fill the letters.
var phrases = []string{
	"Обращались в диспетчерскую несколько раз, но никто так и не пришёл.",
	"Просим принять меры и сообщить о сроках в письменном виде.",
	"Мастер приходил на прошлой неделе, посмотрел и обещал вернуться.",
	"Такое положение продолжается уже почти месяц, жильцы возмущены.",
	"Фотографии приложены к письму, их сделали сегодня утром.",
	"В подъезде живут пожилые люди и семьи с маленькими детьми.",
	"Оплата вносится вовремя, задолженности за нашей квартирой не числится.",
	"Надеемся на скорый ответ и благодарим за внимание к нашей просьбе.",
}

// officeRules are n rules of the mixture a large office has: most look for words
// of subject and text or for where the matter is, some at the sender, one in ten
// has a pattern and one in twenty an expression. About one in fifty matches.
func officeRules(n int) []core.Rule {
	rules := make([]core.Rule, n)
	for i := range rules {
		t := topics[i/len(mixture)%len(topics)]
		when := mixture[i%len(mixture)](i, t)
		rules[i] = core.Rule{
			Title: fmt.Sprintf("Правило %d", i), On: true, When: &when,
			Then: []core.Action{{Do: core.ActAddTags, Tags: []core.EntryID{core.EntryID(fmt.Sprint("tag-", i))}}},
		}
		if i%len(mixture) == 0 {
			rules[i].Then = []core.Action{{Do: core.ActSetReason, Reason: t.reason, ReasonGroup: "house"}, {Do: core.ActSetLine, Line: "line-" + t.reason}}
		}
	}
	rules[n-1] = core.Rule{Title: "Остальное", On: true, Then: []core.Action{{Do: core.ActSetLine, Line: "common"}}}
	return rules
}

func compare(field core.RuleField, is core.Relation, values ...string) core.Condition {
	return core.Condition{Field: field, Is: is, Values: values}
}

func both(a, b core.Condition) core.Condition { return core.Condition{All: []core.Condition{a, b}} }

// mixture are the kinds of rules, by turns.
var mixture = []func(i int, t topic) core.Condition{
	func(_ int, t topic) core.Condition { return compare(core.FieldSubject, core.IsWords, t.about...) },
	func(i int, t topic) core.Condition {
		return compare(core.FieldText, core.IsWords, fmt.Sprintf("подъезд %d авари*", i), t.about[0]+" срочно")
	},
	func(i int, _ topic) core.Condition {
		return both(compare(core.FieldText, core.IsContains, "домофон", "шлагбаум", "консьерж"), compare(core.FieldText, core.IsWords, fmt.Sprint("дом ", i)))
	},
	func(i int, _ topic) core.Condition {
		return compare(core.FieldSenderDomain, core.IsEqual, fmt.Sprintf("uk%d.example", i), "gov.example", "prokuratura.example")
	},
	func(i int, _ topic) core.Condition {
		return compare(core.FieldText, core.IsMatches, fmt.Sprintf(`дом\s*№?\s*%d\s*(корпус|строение)\s*\d+`, i))
	},
	func(i int, _ topic) core.Condition {
		return core.Condition{Field: core.FieldRequisite, Name: "account", Is: core.IsBegins, Values: []string{fmt.Sprint(7000 + i), fmt.Sprint(8000 + i)}}
	},
	func(i int, t topic) core.Condition {
		return both(compare(core.FieldChannel, core.IsEqual, "mail"), compare(core.FieldText, core.IsContains, t.also[1]+"ами", fmt.Sprint("договор № ", i)))
	},
	func(i int, _ topic) core.Condition {
		return compare(core.FieldSender, core.IsEqual, fmt.Sprintf("deputy%d@duma.example", i), fmt.Sprintf("press%d@news.example", i))
	},
	func(i int, _ topic) core.Condition {
		return core.Condition{Expr: fmt.Sprintf(`fields["account"] == "%d" and (hour < 9 or weekday > 5)`, 100+i)}
	},
	func(i int, _ topic) core.Condition {
		return both(compare(core.FieldText, core.IsWords, fmt.Sprintf("улица лесная %d", i), "переулок садовый"), core.Condition{Not: &core.Condition{Field: core.FieldWorkingTime, Is: core.IsYes}})
	},
}
