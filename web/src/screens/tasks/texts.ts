import { texts } from "../../texts/i18n"

export const words = texts({
  ru: {
    title: "Поручения", create: "Новое поручение", views: { mine: "Мне", by_me: "От меня", controlled: "На моём контроле", all: "Все" }, view: "Чьи поручения", shape: "Вид", shapes: { list: "Список", calendar: "Календарь" },
    name: "Что сделать", kind: "Вид", kinds: { assignment: "Поручение", task: "Задача", control: "Контроль", approval: "Согласование" }, performer: "Исполнитель", author: "Автор", controller: "Контролёр", co: "Соисполнители", due: "Срок", state: "Состояние", made: "Создано", open: "Только незакрытые", overdue: "Просроченные", overdueTag: "Просрочено",
    text: "Подробности", document: "Документ", noSubject: "Без темы", draft: "Проект документа", openDraft: "открыть проект", parent: "Часть поручения", subtasks: "Подчинённые поручения", comments: "Обсуждение", comment: "Добавить комментарий", commentText: "Комментарий", noText: "Без описания", empties: { mine: "Вам ничего не поручено", by_me: "Вы ничего не поручали", controlled: "Под вашим контролем ничего нет", all: "Поручений нет" }, noComments: "Пока никто ничего не написал",
    acts: { comment: "", decline: "не принял", close: "закрыл", return: "вернул на доработку", cancel: "отменил", reopen: "возобновил" },
    accept: "Принять", decline: "Не принимать", start: "Начать", report: "Отчитаться", close: "Принять результат", return: "Вернуть на доработку", cancel: "Отменить поручение", reopen: "Возобновить", assign: "Назначить", delegate: "Передать другому", 
    reason: "Причина", whom: "Кому", result: "Результат", resultText: "Что сделано", done: "Готово", required: "Заполните это поле", saved: "Поручение создано", keep: "Сохранить черновик", handOut: "Выдать поручение", asDraft: "Пока не выдавать, оставить черновиком", subtask: "Дать подчинённое поручение", delegations: "Передачи", returned: (n: number) => `возвращалось: ${n}`,
    prev: "Предыдущий месяц", next: "Следующий месяц", today: "Сегодня", noDue: "Без срока", days: ["Пн", "Вт", "Ср", "Чт", "Пт", "Сб", "Вс"], more: (n: number) => `ещё ${n}`, only500: "В календаре первые пятьсот незакрытых поручений",
  },
  en: {
    title: "Tasks", create: "New task", views: { mine: "To me", by_me: "From me", controlled: "Under my control", all: "All" }, view: "Whose tasks", shape: "Shape", shapes: { list: "List", calendar: "Calendar" },
    name: "What to do", kind: "Kind", kinds: { assignment: "Assignment", task: "Task", control: "Control", approval: "Approval" }, performer: "Performer", author: "Author", controller: "Controller", co: "Co-performers", due: "Due", state: "State", made: "Made", open: "Open only", overdue: "Overdue", overdueTag: "Overdue",
    text: "Details", document: "Document", noSubject: "No subject", draft: "Draft", openDraft: "open the draft", parent: "Part of", subtasks: "Subtasks", comments: "Discussion", comment: "Add a comment", commentText: "Comment", noText: "No description", empties: { mine: "Nothing is asked of you", by_me: "You have handed out nothing", controlled: "Nothing stands under your control", all: "No tasks" }, noComments: "Nobody has written yet",
    acts: { comment: "", decline: "declined", close: "closed", return: "returned", cancel: "cancelled", reopen: "reopened" },
    accept: "Accept", decline: "Decline", start: "Begin", report: "Report", close: "Accept the result", return: "Return", cancel: "Cancel the task", reopen: "Reopen", assign: "Assign", delegate: "Hand on", 
    reason: "Reason", whom: "To whom", result: "Result", resultText: "What was done", done: "Done", required: "Fill this in", saved: "The task is made", keep: "Keep the draft", handOut: "Hand out", asDraft: "Do not hand out yet, keep as a draft", subtask: "Hand out a subtask", delegations: "Handed on", returned: (n: number) => `returned: ${n}`,
    prev: "Month before", next: "Next month", today: "Today", noDue: "Without a term", days: ["Mo", "Tu", "We", "Th", "Fr", "Sa", "Su"], more: (n: number) => `${n} more`, only500: "The calendar shows the first five hundred open tasks",
  },
})
