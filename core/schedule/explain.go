package schedule

import (
	"fmt"
	"strings"
	"time"

	"github.com/uzel-hub/uzel/core"
)

// Explain tells in Russian how the deadline came about, a sentence a line: its
// basis, how it was counted and by which calendar, what stood in between, who
// extended it. name gives the name of a user; nil or "" shows none.
func (c *Calendar) Explain(d *core.Deadline, name func(core.UserID) string) []string {
	lines := []string{"Основание: " + basisOf(d) + "."}
	lines = append(lines, c.explainTerm(d)...)
	for _, p := range d.Pauses {
		lines = append(lines, c.explainPause(p))
	}
	for _, e := range d.Extensions {
		lines = append(lines, c.explainExtension(e, name))
	}
	return append(lines, c.explainState(d)...)
}

func basisOf(d *core.Deadline) string {
	if d.Basis == "" {
		return "не указано"
	}
	return strings.TrimSuffix(d.Basis, ".")
}

func (c *Calendar) explainTerm(d *core.Deadline) []string {
	if d.Term.Kind == core.TermOutside {
		return []string{"Срок задан внешней системой: до " + c.moment(d.DueAt) + "."}
	}
	lines := []string{fmt.Sprintf("Срок: %s с %s, истекает %s.", Words(d.Term), c.moment(d.StartAt), c.moment(d.DueAt))}
	first := c.AddDays(d.StartAt, 1)
	switch d.Term.Kind {
	case core.TermHours:
		return append(lines, "Часы считаются круглосуточно, без перерывов на выходные.")
	case core.TermCalendarDays, core.TermWorkingDays:
		lines = append(lines, "Первый день срока — "+c.day(first)+", последний день длится до 24 часов (статьи 191 и 194 ГК РФ).")
	}
	lines = append(lines, "Календарь: "+c.def.Title+", UTC"+c.def.Zone+".")
	lines = append(lines, c.explainDaysOff(d)...)
	return append(lines, c.explainRoll(d)...)
}

// explainDaysOff names the days within the term that are not as their weekdays.
func (c *Calendar) explainDaysOff(d *core.Deadline) []string {
	if d.Term.Kind == core.TermCalendarDays && !d.Term.Roll {
		return nil
	}
	var named []string
	plain, years := 0, map[int]bool{}
	for at := c.AddDays(d.StartAt, 1); at.Before(d.DueAt); at = at.AddDate(0, 0, 1) {
		years[at.Year()] = true
		kind, _, note := c.look(at)
		switch {
		case note != "" && kind != core.DayWorking && len(named) < 20:
			named = append(named, c.day(at)+" — "+c.kindWords(kind)+" ("+note+")")
		case kind == core.DayOff || kind == core.DayHoliday:
			plain++
		}
	}
	var lines []string
	if len(named) > 0 {
		lines = append(lines, "Особые дни внутри срока: "+strings.Join(named, "; ")+".")
	}
	if plain > 0 && d.Term.Kind != core.TermCalendarDays {
		lines = append(lines, "Кроме того, не считаются "+count(plain, "выходной день", "выходных дня", "выходных дней")+".")
	}
	for year := d.StartAt.In(c.zone).Year(); year <= d.DueAt.In(c.zone).Year(); year++ {
		if y := c.countryYear(year); years[year] && y != nil && y.Computed {
			lines = append(lines, fmt.Sprintf("Календарь %d года рассчитан по статье 112 ТК РФ: постановление о переносе выходных не внесено.", year))
		}
	}
	return lines
}

// explainRoll tells that the last day was moved from a day off.
func (c *Calendar) explainRoll(d *core.Deadline) []string {
	if !d.Term.Roll || len(d.Extensions) > 0 {
		return nil
	}
	plain := *d
	plain.Term.Roll = false
	last, err := c.due(&plain)
	if err != nil || last.Equal(d.DueAt) {
		return nil
	}
	return []string{fmt.Sprintf("Последний день %s — нерабочий, срок перенесён на %s (статья 193 ГК РФ).", c.day(last), c.day(d.DueAt))}
}

func (c *Calendar) explainPause(p core.Pause) string {
	if p.To == nil {
		return fmt.Sprintf("Приостановлен с %s: %s.", c.moment(p.From), p.Reason)
	}
	return fmt.Sprintf("Приостанавливался с %s по %s: %s.", c.moment(p.From), c.moment(*p.To), p.Reason)
}

func (c *Calendar) explainExtension(e core.Extension, name func(core.UserID) string) string {
	who := ""
	if name != nil {
		if n := name(e.By); n != "" {
			who = " (" + n + ")"
		}
	}
	return fmt.Sprintf("Продлён %s%s с %s до %s: %s.", c.moment(e.At), who, c.moment(e.From), c.moment(e.To), e.Reason)
}

func (c *Calendar) explainState(d *core.Deadline) []string {
	var lines []string
	if d.WarnedAt != nil {
		lines = append(lines, "Предупреждение о сроке: "+c.moment(*d.WarnedAt)+".")
	}
	if d.BrokenAt != nil {
		lines = append(lines, "Срок нарушен, отмечено "+c.moment(*d.BrokenAt)+".")
	}
	return lines
}

func (c *Calendar) moment(t time.Time) string { return t.In(c.zone).Format("02.01.2006 15:04") }

func (c *Calendar) day(t time.Time) string { return t.In(c.zone).Format("02.01.2006") }

func (c *Calendar) kindWords(k core.DayKind) string {
	switch k {
	case core.DayHoliday:
		return "праздник"
	case core.DayShort:
		return "сокращённый день"
	}
	return "выходной"
}

// Words is a term in Russian: «10 рабочих дней».
func Words(t core.Term) string {
	switch t.Kind {
	case core.TermCalendarDays:
		return count(t.Amount, "календарный день", "календарных дня", "календарных дней")
	case core.TermWorkingDays:
		return count(t.Amount, "рабочий день", "рабочих дня", "рабочих дней")
	case core.TermWorkingHours:
		return count(t.Amount, "рабочий час", "рабочих часа", "рабочих часов")
	case core.TermHours:
		return count(t.Amount, "час", "часа", "часов")
	}
	return "срок внешней системы"
}

// count is a number with its noun as Russian grammar wants it.
func count(n int, one, few, many string) string {
	word := many
	switch last, teens := n%10, n%100/10 == 1; {
	case teens:
	case last == 1:
		word = one
	case last >= 2 && last <= 4:
		word = few
	}
	return fmt.Sprintf("%d %s", n, word)
}
