package core

// The states as offices name them, for texts to people. The pages have the same
// words.

// Title is the state in Russian.
func (s AppealState) Title() string {
	return map[AppealState]string{
		AppealNew: "Новое", AppealWaiting: "Ожидает", AppealInWork: "В работе", AppealForwarded: "Перенаправлено",
		AppealAnswered: "Отвечено", AppealClosed: "Закрыто", AppealRejected: "Отклонено",
	}[s]
}

// Title is the state in Russian.
func (s DocumentState) Title() string {
	return map[DocumentState]string{
		DocumentDraft: "Черновик", DocumentRegistered: "Зарегистрирован", DocumentInWork: "В работе", DocumentAnswered: "Отвечен",
		DocumentSent: "Отправлен", DocumentUndeliv: "Не доставлен", DocumentClosed: "В архиве",
	}[s]
}

// Title is the state in Russian.
func (s DraftState) Title() string {
	return map[DraftState]string{
		DraftEditing: "Готовится", DraftApproval: "На согласовании", DraftRemarks: "Есть замечания", DraftAgreed: "Согласован",
		DraftSent: "Отправлен", DraftCancelled: "Отменён",
	}[s]
}

// Title is the state in Russian.
func (s DeliveryState) Title() string {
	return map[DeliveryState]string{
		DeliveryQueued: "В очереди", DeliverySending: "Отправляется", DeliverySubmitted: "Передано", DeliverySent: "Отправлено",
		DeliveryDelivered: "Доставлено", DeliveryRead: "Прочитано", DeliveryRejected: "Отклонено", DeliveryUnknown: "Выясняется",
		DeliveryCancelled: "Отменено",
	}[s]
}

// Title is the state in Russian.
func (s TaskState) Title() string {
	return map[TaskState]string{
		TaskDraft: "Черновик", TaskAssigned: "Назначено", TaskAccepted: "Принято", TaskDeclined: "Не принято", TaskInWork: "Выполняется",
		TaskDone: "Исполнено", TaskReturned: "На доработке", TaskClosed: "Закрыто", TaskCancelled: "Отменено",
	}[s]
}
