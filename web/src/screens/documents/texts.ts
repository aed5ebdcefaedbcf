import { texts } from "../../texts/i18n"

export const words = texts({
  ru: {
    title: "Документы", legend: { bad: "срок прошёл или документ не доставлен", soon: "срок меньше суток" }, register: "Зарегистрировать", direction: "Направление", stage: "Этап",
    directions: { incoming: "Входящие", outgoing: "Исходящие", internal: "Внутренние" },
    one: { incoming: "Входящий", outgoing: "Исходящий", internal: "Внутренний" },
    stages: { all: "Все", drafts: "Готовятся", approval: "На согласовании", remarks: "С замечаниями", agreed: "К подписанию", registered: "К передаче", way: "В пути", undelivered: "Не доставлены", closed: "Архив" },
    number: "Номер", date: "Дата", subject: "Тема", from: "От кого", to: "Кому", state: "Состояние", channel: "Канал", files: "Файлы", due: "Срок", mark: "Пометка", party: "Корреспондент", registered: "Зарегистрирован",
    author: "Автор", version: "Редакция", updated: "Изменён", reply: "Ответить", prepare: "Подготовить проект ответа", prepared: "Проект создан", archive: "В архив", take: "Взять в работу", edit: "Реквизиты",
    newTask: "Поручить", saved: "Сохранено", noText: "Без текста", requisites: "Реквизиты", organization: "Организация", answers: "Ответ на документ", openOther: "открыть", kind: "Вид", journal: "Журнал", outside: "Номер во внешней системе",
    kinds: { letter: "Письмо", appeal: "Обращение", chat: "Чат", call: "Звонок", status: "Состояние", report: "Отчёт" },
    marks: { quarantine: "Карантин", automatic: "Автоответ", bounce: "Возврат почты", oversized: "Слишком большое", repaired: "Исправлено при приёме", withdrawn: "Отозвано", erased: "Данные удалены", to_call: "Перезвонить" },
    fields: { delivery_type: "Способ доставки", sheets: "Листов", account: "Лицевой счёт", note: "Примечание", address: "Адрес" } as Record<string, string>,
    field: "Название реквизита", fieldValue: "Значение", addField: "Добавить реквизит", removeField: "Убрать реквизит",
    timeline: "Ход документа", thread: "Переписка по делу", tasks: "Поручения", drafts: "Проекты ответа", signatures: "Подписи", perhaps: "Возможно, продолжает", join: "Присоединить", detach: "Отделить от дела", more: "Ещё", detachAsk: "Сделать документ отдельным делом?", detached: "Документ отделён", joined: "Документ присоединён к делу",
    appeal: "Это обращение жителя", toAppeal: "Открыть карточку обращения", none: "Подписей пока нет",
    wayState: "Доставка", wayAt: "Отправлен", emptyWay: "Ничего не отправляли", empty: "Документов здесь нет", emptyDrafts: "Проектов нет",
    event: {
      registered: "Зарегистрирован", received: "Поступил", draft: "Начат проект ответа", agreed: "Согласовано", refused: "Замечания", sent: "Проект отправлен",
      delivery: (to: string) => `Отправка${to && `: ${to}`}`, task: (title: string) => `Поручение «${title}»`, taskDone: (title: string) => `Исполнено «${title}»`, taskEnded: (title: string) => `Закрыто «${title}»`, signature: "Подпись", other: { incoming: "Входящий", outgoing: "Исходящий", internal: "Внутренний" },
    },
    purposes: { answer: "Ответ", performer: "Исполнитель", status: "Состояние", notice: "Уведомление", forward: "Пересылка", document: "Документ" },
    outsideSays: (text: string) => `Ответ системы: ${text}`, attempts: (n: number) => `попыток: ${n}`, retry: "Повторить", cancelDelivery: "Отменить отправку", cost: "Стоимость", receipts: "Квитанции",
    replyTitle: "Ответ", replySubject: "Тема", replyText: "Текст ответа", replyChannel: "Канал отправки", sameChannel: "тем же каналом", keepOpen: "Промежуточный ответ, документ остаётся в работе", send: "Отправить", sent: "Ответ поставлен в очередь на отправку", cancelReply: "Закрыть", keepDraft: "Черновик хранится в этом браузере",
    replyNoChannel: "Документ пришёл не по каналу: выберите, чем отправить ответ.",
    signed: { valid: "Подпись верна", invalid: "Подпись неверна", indeterminate: "Проверить не удалось" }, signing: { signing: "Подписывается", verifying: "Проверяется", verified: "Проверена", failed: "Не получилась" },
    signer: "Подписал", issuer: "Выдал", serial: "Сертификат", until: "Действует до", checkedAt: "Проверена", verify: "Проверить снова", saveSignature: "Файл подписи", archiveSigned: "Всё с подписями одним архивом", sign: "Подписать", signWhat: "Что подписать", signVisa: "Подписывается ваше согласие с этой редакцией текста и её файлами.", signSheet: "Скачать лист визы", signText: "Текст документа", signWith: "Сертификат", signLooking: "Спрашиваем сертификаты…", signNone: "Ни один канал не предлагает сертификатов: подключите электронную подпись или приложите готовую.", signReady: "Или приложите готовые файлы подписи", signBring: "Приложить подписи", signBrought: "Подписи приложены и проверяются", signUntil: "до", signCancel: "Не подписывать", signStarted: "Подписание начато", checks: { passed: "да", failed: "нет", unknown: "неизвестно", absent: "нет в подписи" }, report: "Отчёт о проверке",
    term: "Срок", explain: "Как посчитан срок",
    reg: {
      title: "Регистрация документа", journal: "Журнал", preview: "Номер будет", byDefault: "по умолчанию", subject: "Краткое содержание", text: "Текст", known: "Найти среди известных", name: "Имя или название", senderKind: "Тип отправителя", receiverKind: "Тип получателя", kinds: { person: "Гражданин", organization: "Организация" }, address: "Адрес, почта или телефон",
      date: "Дата регистрации", delivery: "Способ доставки", files: "Файлы", save: "Зарегистрировать", done: (n: string) => `Зарегистрирован, номер ${n}`, due: "Срок исполнения", required: "Заполните это поле", sender: "Отправитель", receiver: "Получатель", previewNote: "Если за это время зарегистрируют другой документ, номер будет следующим.", noNumber: "—",
    },
    draft: {
      title: "Проект ответа", own: "Проект исходящего", text: "Текст", save: "Сохранить редакцию", subject: "Тема", note: "Что изменено", channel: "Канал", route: "Согласующие", order: "Порядок", orders: { sequence: "По очереди", parallel: "Все сразу" }, submit: "На согласование", withdraw: "Отозвать с согласования", send: "Зарегистрировать и отправить", signing: "Документ ещё подписывается", cancel: "Отказаться от проекта", cancelAsk: "Проект будет отменён. Продолжить?", agree: "Согласовать", refuse: "С замечаниями", remarks: "Замечания", needRemarks: "Напишите, что исправить",
      unsaved: "Есть несохранённый текст", overtaken: (n: number) => `Пока вы писали, появилась редакция ${n}. Сверьтесь с ней ниже: ваш текст станет следующей.`, yourVisa: "Ваша виза", agreeSigned: "Согласовать с подписью", visaNeedsRight: "Виза должна быть с электронной подписью, а права подписывать у вас нет", withSignature: "с электронной подписью", signedRoute: "Кто из них подписывает визу",
      steps: { waiting: "Ждёт очереди", asked: "На согласовании", agreed: "Согласовано", refused: "Есть замечания" }, versions: "Редакции", compare: "Сравнить с предыдущей", way: "Как отправить и кто согласует", wayEdit: "Изменить", became: "Отправлен как документ", problem: "Не отправлен", sheet: "Лист согласования", saved: "Сохранено", version: (n: number) => `Редакция ${n}`, round: (n: number) => `Круг ${n}`, sentNow: "Документ зарегистрирован и поставлен в отправку", signedAs: "Кто подписывает", to: "Кому", noRoute: "Согласование не нужно", addTo: "Имя или название", toAdd: "Добавить", dropTo: (who: string) => `Убрать получателя ${who}`, begin: "Новый проект", files: "Новые файлы",
    },
  },
  en: {
    title: "Documents", legend: { bad: "overdue or undelivered", soon: "due within a day" }, register: "Register", direction: "Direction", stage: "Stage",
    directions: { incoming: "Incoming", outgoing: "Outgoing", internal: "Internal" },
    one: { incoming: "Incoming", outgoing: "Outgoing", internal: "Internal" },
    stages: { all: "All", drafts: "Being written", approval: "In approval", remarks: "With remarks", agreed: "To be signed", registered: "To be handed over", way: "On the way", undelivered: "Undelivered", closed: "Archive" },
    number: "Number", date: "Date", subject: "Subject", from: "From", to: "To", state: "State", channel: "Channel", files: "Files", due: "Due", mark: "Mark", party: "Correspondent", registered: "Registered",
    author: "Author", version: "Text", updated: "Changed", reply: "Reply", prepare: "Prepare a draft answer", prepared: "The draft is there", archive: "Archive", take: "Take into work", edit: "Requisites",
    newTask: "Assign", saved: "Saved", noText: "No text", requisites: "Requisites", organization: "Organisation", answers: "Answers document", openOther: "open", kind: "Kind", journal: "Journal", outside: "Number in the outside system",
    kinds: { letter: "Letter", appeal: "Appeal", chat: "Chat", call: "Call", status: "Status", report: "Report" },
    marks: { quarantine: "Quarantine", automatic: "Automatic", bounce: "Bounce", oversized: "Oversized", repaired: "Repaired", withdrawn: "Withdrawn", erased: "Erased", to_call: "To call back" },
    fields: { delivery_type: "Way of delivery", sheets: "Sheets", account: "Account", note: "Note", address: "Address" } as Record<string, string>,
    field: "Name of the requisite", fieldValue: "Value", addField: "Add a requisite", removeField: "Remove the requisite",
    timeline: "Course of the document", thread: "The matter", tasks: "Tasks", drafts: "Draft answers", signatures: "Signatures", perhaps: "May continue", join: "Join", detach: "Detach from the matter", more: "More", detachAsk: "Make the document a matter of its own?", detached: "Detached", joined: "Joined to the matter",
    appeal: "This is a resident's appeal", toAppeal: "Open the appeal", none: "No signatures yet",
    wayState: "Delivery", wayAt: "Sent", emptyWay: "Nothing was sent", empty: "No documents here", emptyDrafts: "No drafts",
    event: {
      registered: "Registered", received: "Received", draft: "A draft answer was begun", agreed: "Agreed", refused: "Remarks", sent: "The draft was sent",
      delivery: (to: string) => `Delivery${to && `: ${to}`}`, task: (title: string) => `Task “${title}”`, taskDone: (title: string) => `Done “${title}”`, taskEnded: (title: string) => `Closed “${title}”`, signature: "Signature", other: { incoming: "Incoming", outgoing: "Outgoing", internal: "Internal" },
    },
    purposes: { answer: "Answer", performer: "Performer", status: "Status", notice: "Notice", forward: "Forward", document: "Document" },
    outsideSays: (text: string) => `The system says: ${text}`, attempts: (n: number) => `attempts: ${n}`, retry: "Try again", cancelDelivery: "Cancel the delivery", cost: "Cost", receipts: "Receipts",
    replyTitle: "Reply", replySubject: "Subject", replyText: "Text", replyChannel: "Channel", sameChannel: "the same channel", keepOpen: "An intermediate answer, the document stays in work", send: "Send", sent: "The answer is queued", cancelReply: "Close", keepDraft: "The draft is kept in this browser",
    replyNoChannel: "The document did not come by a channel: choose one to answer by.",
    signed: { valid: "The signature is valid", invalid: "The signature is invalid", indeterminate: "Could not be verified" }, signing: { signing: "Being signed", verifying: "Being verified", verified: "Verified", failed: "Failed" },
    signer: "Signer", issuer: "Issuer", serial: "Certificate", until: "Valid until", checkedAt: "Verified", verify: "Verify again", saveSignature: "Signature file", archiveSigned: "All with signatures as an archive", sign: "Sign", signWhat: "What to sign", signVisa: "Your word on this text and its files is signed.", signSheet: "Download the sheet", signText: "The text", signWith: "Certificate", signLooking: "Asking for certificates…", signNone: "No channel offers a certificate: connect the electronic signature, or bring a ready one.", signReady: "Or bring ready signature files", signBring: "Bring the signatures", signBrought: "The signatures are there and are being verified", signUntil: "until", signCancel: "Do not sign", signStarted: "Signing has begun", checks: { passed: "yes", failed: "no", unknown: "unknown", absent: "absent" }, report: "Report",
    term: "Term", explain: "How the term was counted",
    reg: {
      title: "Register a document", journal: "Journal", preview: "The number will be", byDefault: "default", subject: "Subject", text: "Text", known: "Find among the known", name: "Name", senderKind: "Type of the sender", receiverKind: "Type of the receiver", kinds: { person: "Person", organization: "Organisation" }, address: "Address, e-mail or telephone",
      date: "Day of registration", delivery: "Way of delivery", files: "Files", save: "Register", done: (n: string) => `Registered as ${n}`, due: "Due", required: "Fill this in", sender: "Sender", receiver: "Receiver", previewNote: "If another document is registered meanwhile, it gets the next one.", noNumber: "—",
    },
    draft: {
      title: "Draft answer", own: "Draft letter", text: "Text", save: "Save the text", subject: "Subject", note: "What was changed", channel: "Channel", route: "Approvers", order: "Order", orders: { sequence: "One after another", parallel: "All at once" }, submit: "Submit for approval", withdraw: "Withdraw", send: "Register and send", signing: "The document is still being signed", cancel: "Give up", cancelAsk: "The draft will be cancelled. Go on?", agree: "Agree", refuse: "With remarks", remarks: "Remarks", needRemarks: "Say what to mend",
      unsaved: "There is unsaved text", overtaken: (n: number) => `Text ${n} appeared while you were writing. Compare with it below: yours will be the next.`, yourVisa: "Your visa", agreeSigned: "Agree and sign", visaNeedsRight: "The visa must carry a signature, and you may not sign", withSignature: "with a signature", signedRoute: "Who of them signs the visa",
      steps: { waiting: "Waits", asked: "Asked", agreed: "Agreed", refused: "Has remarks" }, versions: "Texts", compare: "Compare with the one before", way: "How it goes out and who agrees", wayEdit: "Change", became: "Sent as document", problem: "Not sent", sheet: "Approvals", saved: "Saved", version: (n: number) => `Text ${n}`, round: (n: number) => `Round ${n}`, sentNow: "The document is registered and queued", signedAs: "Signed as", to: "To", noRoute: "No approval is needed", addTo: "Name", toAdd: "Add", dropTo: (who: string) => `Remove ${who}`, begin: "New draft", files: "New files",
    },
  },
})

/** The words of this screen. */
export type Words = (typeof words)["ru"]
