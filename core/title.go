package core

// Values as offices name them, for texts to people and reports. The pages have
// the same words.
var (
	appealStateTitles = map[AppealState]string{
		AppealNew: "Новое", AppealWaiting: "Ожидает", AppealInWork: "В работе", AppealForwarded: "Перенаправлено",
		AppealAnswered: "Отвечено", AppealClosed: "Закрыто", AppealRejected: "Отклонено",
	}
	documentStateTitles = map[DocumentState]string{
		DocumentDraft: "Черновик", DocumentRegistered: "Зарегистрирован", DocumentInWork: "В работе", DocumentAnswered: "Отвечен",
		DocumentSent: "Отправлен", DocumentUndeliv: "Не доставлен", DocumentClosed: "В архиве",
	}
	draftStateTitles = map[DraftState]string{
		DraftEditing: "Готовится", DraftApproval: "На согласовании", DraftRemarks: "Есть замечания", DraftAgreed: "Согласован",
		DraftSent: "Отправлен", DraftCancelled: "Отменён",
	}
	deliveryStateTitles = map[DeliveryState]string{
		DeliveryQueued: "В очереди", DeliverySending: "Отправляется", DeliverySubmitted: "Передано", DeliverySent: "Отправлено",
		DeliveryDelivered: "Доставлено", DeliveryRead: "Прочитано", DeliveryRejected: "Отклонено", DeliveryUnknown: "Выясняется",
		DeliveryCancelled: "Отменено",
	}
	taskStateTitles = map[TaskState]string{
		TaskDraft: "Черновик", TaskAssigned: "Назначено", TaskAccepted: "Принято", TaskDeclined: "Не принято", TaskInWork: "Выполняется",
		TaskDone: "Исполнено", TaskReturned: "На доработке", TaskClosed: "Закрыто", TaskCancelled: "Отменено",
	}
	directionTitles   = map[Direction]string{Incoming: "Входящий", Outgoing: "Исходящий", Internal: "Внутренний"}
	messageKindTitles = map[MessageKind]string{
		MessageLetter: "Письмо", MessageAppeal: "Обращение", MessageChat: "Чат", MessageCall: "Звонок", MessageStatus: "Извещение",
		MessageReport: "Отчёт",
	}
	taskKindTitles = map[TaskKind]string{TaskAssignment: "Поручение", TaskPlain: "Задача", TaskControl: "Контроль", TaskApproval: "Согласование"}
	purposeTitles  = map[Purpose]string{
		PurposeAnswer: "Ответ", PurposePerformer: "Исполнитель", PurposeStatus: "Состояние", PurposeNotice: "Уведомление",
		PurposeForward: "Передача", PurposeDocument: "Документ",
	}
	partyKindTitles = map[PartyKind]string{PartyPerson: "Гражданин", PartyOrganization: "Организация"}
	consentTitles   = map[ConsentState]string{ConsentGiven: "Дано", ConsentWithdrawn: "Отозвано"}
	roleTitles      = map[Role]string{
		RoleAdministrator: "Администратор", RoleSupervisor: "Руководитель", RoleOperator: "Оператор", RoleClerk: "Делопроизводитель",
		RoleAuditor: "Аудитор", RoleIntegration: "Внешняя система",
	}
	userStateTitles    = map[UserState]string{UserActive: "Работает", UserLocked: "Заблокирован", UserDismissed: "Уволен"}
	erasureStateTitles = map[ErasureState]string{ErasureRunning: "Идёт", ErasureFinished: "Завершено"}
	massStateTitles    = map[MassState]string{
		MassRunning: "Выполняется", MassDone: "Готово", MassCancelled: "Остановлено", MassUndoing: "Возвращается", MassUndone: "Возвращено",
	}
	massOutcomeTitles = map[MassOutcome]string{
		MassItemWaiting: "Ожидает", MassItemDone: "Сделано", MassItemFailed: "Не получилось", MassItemUndone: "Возвращено",
		MassItemStuck: "Не удалось вернуть",
	}
)

// Title is the value in Russian; "" if it is none.
func (v AppealState) Title() string { return appealStateTitles[v] }

// Title is the value in Russian; "" if it is none.
func (v DocumentState) Title() string { return documentStateTitles[v] }

// Title is the value in Russian; "" if it is none.
func (v DraftState) Title() string { return draftStateTitles[v] }

// Title is the value in Russian; "" if it is none.
func (v DeliveryState) Title() string { return deliveryStateTitles[v] }

// Title is the value in Russian; "" if it is none.
func (v TaskState) Title() string { return taskStateTitles[v] }

// Title is the value in Russian; "" if it is none.
func (v Direction) Title() string { return directionTitles[v] }

// Title is the value in Russian; "" if it is none.
func (v MessageKind) Title() string { return messageKindTitles[v] }

// Title is the value in Russian; "" if it is none.
func (v TaskKind) Title() string { return taskKindTitles[v] }

// Title is the value in Russian; "" if it is none.
func (v Purpose) Title() string { return purposeTitles[v] }

// Title is the value in Russian; "" if it is none.
func (v PartyKind) Title() string { return partyKindTitles[v] }

// Title is the value in Russian; "" if it is none.
func (v ConsentState) Title() string { return consentTitles[v] }

// Title is the value in Russian; "" if it is none.
func (v Role) Title() string { return roleTitles[v] }

// Title is the value in Russian; "" if it is none.
func (v UserState) Title() string { return userStateTitles[v] }

// Title is the value in Russian; "" if it is none.
func (v ErasureState) Title() string { return erasureStateTitles[v] }

// Title is the value in Russian; "" if it is none.
func (v MassState) Title() string { return massStateTitles[v] }

// Title is the value in Russian; "" if it is none.
func (v MassOutcome) Title() string { return massOutcomeTitles[v] }
