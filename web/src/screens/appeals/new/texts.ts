import { texts } from "../../../texts/i18n"

/** The words of the form for a new appeal. */
export const words = texts({
  ru: {
    title: "Новое обращение", create: "Зарегистрировать", createTake: "Сразу взять в работу", done: (number: string) => `Обращение зарегистрировано: ${number}`,
    applicant: "Заявитель", known: "Найти среди известных", kind: "Кто обращается", kinds: { person: "Гражданин", organization: "Организация" }, name: "Имя", organization: "Название", phone: "Телефон", email: "Электронная почта",
    keep: "Добавить в список заявителей", needWho: "Назовите заявителя: имя, телефон или почту",
    about: "Что случилось", subject: "Тема", needSubject: "Напишите тему", description: "Описание", comment: "Комментарий оператора", commentHint: "Видят только сотрудники",
    where: "Адрес и лицевые счета", premises: "Адрес", account: "Номер счёта", provider: "Организация", addAccount: "Добавить счёт", removeAccount: (n: number) => `Убрать счёт ${n}`, knownAccounts: "Счета заявителя", needAccount: "Укажите номер счёта",
    how: "Приём и работа", source: "Источник", line: "Линия", byReason: "по причине", tags: "Теги", notify: "Как сообщить о результате", files: "Файлы",
    kept: "Восстановлено набранное раньше", drop: "Начать заново",
  },
  en: {
    title: "New appeal", create: "Register", createTake: "Take it at once", done: (number: string) => `The appeal is registered: ${number}`,
    applicant: "Applicant", known: "Find among the known", kind: "Who asks", kinds: { person: "Person", organization: "Organisation" }, name: "Name", organization: "Name", phone: "Phone", email: "E-mail",
    keep: "Add to the list of applicants", needWho: "Name the applicant: name, phone or e-mail",
    about: "What has happened", subject: "Subject", needSubject: "Write the subject", description: "Description", comment: "Operator's comment", commentHint: "Only colleagues see it",
    where: "Address and accounts", premises: "Address", account: "Account", provider: "Organisation", addAccount: "Add an account", removeAccount: (n: number) => `Remove account ${n}`, knownAccounts: "Accounts of the applicant", needAccount: "Give the number",
    how: "Reception and work", source: "Source", line: "Line", byReason: "by the reason", tags: "Tags", notify: "How to tell the result", files: "Files",
    kept: "What was typed before is restored", drop: "Start anew",
  },
})
