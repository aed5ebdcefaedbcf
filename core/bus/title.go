package bus

// Title is the state in Russian, as the pages name it; "" if it is none.
func (s DeadLetterState) Title() string { return deadLetterTitles[s] }

var deadLetterTitles = map[DeadLetterState]string{
	DeadLetterOpen: "Ждёт решения", DeadLetterReplayed: "Повторено", DeadLetterGivenUp: "Снято",
}

// Title is what happened, in Russian, of topics whose events may become dead
// letters; "" of others.
func (t Topic) Title() string { return topicTitles[t] }

var topicTitles = map[Topic]string{
	MessageReceived: "Получено сообщение", MessageUnplaced: "Сообщение без документа", DocumentRegistered: "Документ зарегистрирован",
	DocumentUnrouted: "Документ не разобран", DocumentUpdated: "Документ изменён", AppealOpened: "Обращение открыто", AppealUpdated: "Обращение изменено",
	DeliveryRequested: "Запрошена отправка", DeliveryUpdated: "Отправка изменилась", DeadlineBroken: "Нарушен срок", DeadlineWarned: "Срок подходит",
	TaskAssigned: "Поставлена задача", TaskUpdated: "Задача изменена", RuleFailed: "Ошибка правила", NoticeRaised: "Уведомление",
}

// HandlerName is the name of who works events, as a dead letter has it.
type HandlerName string

// Title is the handler's work in Russian, as the pages name it; "" if none of
// the hub's own has the name.
func (h HandlerName) Title() string { return handlerTitles[h] }

var handlerTitles = map[HandlerName]string{
	"messages": "Приём сообщений", "intake": "Разбор обращений", "execution": "Действия правил", "signatures": "Подписи",
	"effects": "Контроль сроков", "deliveries": "Отправка", "notices": "Уведомления", "index": "Поиск",
}
