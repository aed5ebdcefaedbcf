package core

// NoRecord is the error of a record that is not there, or not for those who ask.
// The table is named as the store names it; it is the beginning of the code.
func NoRecord(table string) *Error {
	text, ok := missing[table]
	if !ok {
		text = "запись не найдена"
	}
	return NotFound(table+".not_found", text)
}

// missing says it in words people use, for the tables they ask for by name.
var missing = map[string]string{
	"calendars":      "календарь не найден",
	"channels":       "канал не найден",
	"dead_letters":   "необработанное событие не найдено",
	"deliveries":     "отправка не найдена",
	"documents":      "документ не найден",
	"draft_versions": "редакция проекта не найдена",
	"drafts":         "проект документа не найден",
	"entries":        "запись справочника не найдена",
	"erasures":       "акт об удалении данных не найден",
	"filters":        "сохранённый отбор не найден",
	"jobs":           "фоновое задание не найдено",
	"journals":       "журнал регистрации не найден",
	"mass_runs":      "массовая операция не найдена",
	"messages":       "сообщение не найдено",
	"parties":        "заявитель не найден",
	"rule_sets":      "версия правил не найдена",
	"sessions":       "сеанс не найден",
	"signatures":     "подпись не найдена",
	"tasks":          "поручение не найдено",
	"tokens":         "ключ доступа не найден",
	"users":          "пользователь не найден",
}
