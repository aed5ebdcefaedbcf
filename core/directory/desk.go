package directory

import "github.com/uzel-hub/uzel/core"

// The directories of a residents' desk. Journals are none of them: they are a
// table of their own (store.Journals), under /api/v1/journals.

var (
	deskRoles = []core.Role{core.RoleSupervisor, core.RoleOperator, core.RoleClerk}
	leadRoles = []core.Role{core.RoleSupervisor}
	inOffice  = []core.Role{core.RoleSupervisor, core.RoleClerk}
)

// Fields that many types have.
func titleField() Field {
	return Field{Name: "title", Title: Words{"Название", "Title"}, Type: Text, Required: true}
}

func codeField() Field {
	return Field{Name: "code", Title: Words{"Код", "Code"}, Type: Text, Unique: true, Check: CheckCode}
}

func activeField() Field {
	return Field{Name: "active", Title: Words{"Действует", "Active"}, Type: Bool, Default: true}
}

func positionField() Field {
	return Field{Name: "position", Title: Words{"Порядок", "Position"}, Type: Number, Default: 0}
}

func requiredCode() Field {
	f := codeField()
	f.Required = true
	return f
}

// Desk are the types of a residents' desk.
func Desk() []Type {
	return []Type{
		organizations(), supportLines(), reasonGroups(), reasons(), extraFields(), tags(), sources(),
		messageTemplates(), resultTemplates(), blanks(), documentTypes(), counterparties(), addressAliases(),
		callNumberGroups(), massContracts(), news(), articles(), articleComments(),
	}
}

func organizations() Type {
	return Type{
		Name: core.DirOrganizations, Title: Words{"Организации", "Organisations"},
		Fields: []Field{
			titleField(),
			{Name: "full_title", Title: Words{"Полное название", "Full title"}, Type: Text},
			{Name: "inn", Title: Words{"ИНН", "INN"}, Type: Text, Unique: true, Check: CheckINN},
			{Name: "ogrn", Title: Words{"ОГРН или ОГРНИП", "OGRN or OGRNIP"}, Type: Text, Unique: true, Check: CheckOGRN},
			{Name: "kpp", Title: Words{"КПП", "KPP"}, Type: Text, Check: CheckKPP},
			{Name: "address", Title: Words{"Адрес", "Address"}, Type: Text},
			{Name: "phone", Title: Words{"Телефон", "Telephone"}, Type: Text},
			{Name: "email", Title: Words{"Электронная почта", "E-mail"}, Type: Text, Check: CheckEmail},
			{Name: "head", Title: Words{"Руководитель", "Head"}, Type: Text},
			{Name: "files", Title: Words{"Файлы", "Files"}, Type: Files},
			activeField(),
		},
		Label: "title", Key: "inn", Columns: []string{"title", "inn", "ogrn", "kpp", "active"}, Filters: []string{"inn", "ogrn", "active"},
		Order: "title",
	}
}

func supportLines() Type {
	return Type{
		Name: core.DirSupportLines, Title: Words{"Линии поддержки", "Support lines"},
		Fields: []Field{
			titleField(), codeField(),
			{Name: "appeals", Title: Words{"Доступ к обращениям", "Access to appeals"}, Type: Choice, Default: "own", Options: []Option{
				{"all", Words{"Ко всем", "All"}}, {"own", Words{"Только своей линии", "The line's own"}},
			}},
			{Name: "reasons", Title: Words{"Доступ к причинам", "Access to reasons"}, Type: Choice, Default: "all", Options: []Option{
				{"all", Words{"Ко всем", "All"}}, {"tags", Words{"По тегам", "By tags"}},
			}},
			{Name: "tags", Title: Words{"Теги причин", "Tags of reasons"}, Type: Refs, Ref: core.DirTags, Help: "нужны, если доступ к причинам по тегам"},
			positionField(), activeField(),
		},
		Label: "title", Key: "code", Columns: []string{"title", "code", "appeals", "reasons", "active"}, Filters: []string{"code", "active"},
		Order: "position", ByOrganization: true,
	}
}

func reasonGroups() Type {
	return Type{
		Name: core.DirReasonGroups, Title: Words{"Группы причин", "Reason groups"},
		Fields: []Field{titleField(), codeField(), positionField(), activeField()},
		Label:  "title", Key: "code", Columns: []string{"title", "code", "active"}, Filters: []string{"code", "active"},
		Order: "position", Edit: leadRoles, Public: true, PublicIf: "active",
	}
}

func reasons() Type {
	return Type{
		Name: core.DirReasons, Title: Words{"Причины обращений", "Reasons"},
		Fields: []Field{
			titleField(), codeField(),
			{Name: "group", Title: Words{"Группа", "Group"}, Type: Ref, Ref: core.DirReasonGroups, Required: true},
			{Name: "tags", Title: Words{"Теги", "Tags"}, Type: Refs, Ref: core.DirTags},
			{Name: "term", Title: Words{"Срок", "Term"}, Type: Term, Help: "для источников, у которых нет своего"},
			{Name: "hours_by_source", Title: Words{"Срок в часах по источникам", "Term in hours by source"}, Type: Hours, Ref: core.DirSources},
			{Name: "widget", Title: Words{"Доступна в виджете", "Available in the widget"}, Type: Bool, Default: false},
			{Name: "readings", Title: Words{"Передача показаний", "Submission of readings"}, Type: Bool, Default: false},
			{Name: "line", Title: Words{"Линия поддержки", "Support line"}, Type: Ref, Ref: core.DirSupportLines},
			positionField(), activeField(),
		},
		Label: "title", Key: "code", Columns: []string{"title", "code", "group", "term", "widget", "active"},
		Filters: []string{"group", "tags", "code", "widget", "readings", "line", "active"},
		Order:   "title", Edit: leadRoles, ByOrganization: true, Public: true, PublicIf: "widget",
	}
}

func extraFields() Type {
	return Type{
		Name: core.DirExtraFields, Title: Words{"Дополнительные поля", "Extra fields"},
		Fields: []Field{
			titleField(),
			{Name: "name", Title: Words{"Имя поля", "Name"}, Type: Text, Required: true, Check: CheckCode, Help: "под ним значение стоит в обращении"},
			{Name: "reason", Title: Words{"Причина", "Reason"}, Type: Ref, Ref: core.DirReasons, Required: true},
			{Name: "type", Title: Words{"Тип", "Type"}, Type: Choice, Default: "text", Options: []Option{
				{"text", Words{"Строка", "Text"}},
				{"longtext", Words{"Текст", "Long text"}},
				{"number", Words{"Число", "Number"}},
				{"date", Words{"Дата", "Date"}},
				{"bool", Words{"Да или нет", "Yes or no"}},
				{"choice", Words{"Выбор", "Choice"}},
			}},
			{Name: "options", Title: Words{"Варианты", "Options"}, Type: Texts, Help: "для выбора"},
			{Name: "required", Title: Words{"Обязательное", "Required"}, Type: Bool, Default: false},
			positionField(), activeField(),
		},
		Label: "title", Columns: []string{"title", "name", "reason", "type", "required", "position"}, Filters: []string{"reason", "name", "type", "active"},
		Order: "position", Edit: leadRoles, Public: true, PublicIf: "active",
	}
}

func tags() Type {
	return Type{
		Name: core.DirTags, Title: Words{"Теги", "Tags"},
		Fields: []Field{
			{Name: "title", Title: Words{"Название", "Title"}, Type: Text, Required: true, Unique: true},
			{Name: "color", Title: Words{"Цвет", "Colour"}, Type: Choice, Default: "grey", Options: []Option{
				{"grey", Words{"Серый", "Grey"}},
				{"red", Words{"Красный", "Red"}},
				{"orange", Words{"Оранжевый", "Orange"}},
				{"green", Words{"Зелёный", "Green"}},
				{"blue", Words{"Синий", "Blue"}},
				{"purple", Words{"Фиолетовый", "Purple"}},
			}},
		},
		Label: "title", Key: "title", Columns: []string{"title", "color"}, Order: "title", Edit: deskRoles,
	}
}

func sources() Type {
	return Type{
		Name: core.DirSources, Title: Words{"Источники обращений", "Sources of appeals"},
		Fields: []Field{
			titleField(), requiredCode(),
			{Name: "planned", Title: Words{"Можно планировать", "May be planned"}, Type: Bool, Default: false, Help: "обращению можно назначить дату начала работы"},
			positionField(), activeField(),
		},
		Label: "title", Key: "code", Columns: []string{"title", "code", "planned", "active"}, Filters: []string{"code", "planned", "active"},
		Order: "position", Public: true, PublicIf: "active",
	}
}

func messageTemplates() Type {
	return Type{
		Name: core.DirMessageTemplates, Title: Words{"Шаблоны сообщений", "Message templates"},
		Fields: []Field{
			titleField(), codeField(),
			{Name: "subject", Title: Words{"Тема", "Subject"}, Type: Text},
			{Name: "text", Title: Words{"Текст", "Text"}, Type: LongText, Required: true, Help: "подстановки в фигурных скобках: {number}, {date}, {subject}, {applicant}, {reason}, {operator}, {organization}, {due}, {result}"},
			{Name: "reason", Title: Words{"Причина", "Reason"}, Type: Ref, Ref: core.DirReasons},
			positionField(), activeField(),
		},
		Label: "title", Key: "code", Columns: []string{"title", "code", "subject", "reason", "active"}, Filters: []string{"code", "reason", "active"},
		Order: "title", Edit: inOffice, ByOrganization: true,
	}
}

func resultTemplates() Type {
	return Type{
		Name: core.DirResultTemplates, Title: Words{"Шаблоны результата", "Result templates"},
		Fields: []Field{
			titleField(),
			{Name: "line", Title: Words{"Линия поддержки", "Support line"}, Type: Ref, Ref: core.DirSupportLines},
			{Name: "text", Title: Words{"Текст результата", "Text"}, Type: LongText, Required: true, Help: "подстановки — как в шаблонах сообщений, и {works}"},
			{Name: "works", Title: Words{"Выполненные работы", "Works done"}, Type: Texts},
			positionField(), activeField(),
		},
		Label: "title", Columns: []string{"title", "line", "active"}, Filters: []string{"line", "active"},
		Order: "position", Edit: inOffice, ByOrganization: true,
	}
}

func blanks() Type {
	return Type{
		Name: core.DirBlanks, Title: Words{"Бланки", "Blanks"},
		Fields: []Field{
			titleField(), codeField(),
			{Name: "document_type", Title: Words{"Тип документа", "Document type"}, Type: Ref, Ref: core.DirDocumentTypes},
			{Name: "file", Title: Words{"Файл бланка", "File"}, Type: File},
			{Name: "text", Title: Words{"Текст", "Text"}, Type: LongText, Help: "подстановки — как в шаблонах сообщений"},
			activeField(),
		},
		Label: "title", Key: "code", Columns: []string{"title", "code", "document_type", "file", "active"}, Filters: []string{"code", "document_type", "active"},
		Order: "title", Edit: inOffice, ByOrganization: true,
	}
}

func documentTypes() Type {
	return Type{
		Name: core.DirDocumentTypes, Title: Words{"Типы документов", "Document types"},
		Fields: []Field{
			titleField(), codeField(),
			{Name: "belongs", Title: Words{"К чему относится", "Belongs to"}, Type: Choice, Default: "case", Options: []Option{
				{"case", Words{"К делу", "Case"}}, {"client", Words{"К клиенту", "Client"}},
			}},
			activeField(),
		},
		Label: "title", Key: "code", Columns: []string{"title", "code", "belongs", "active"}, Filters: []string{"code", "belongs", "active"},
		Order: "title", Edit: inOffice,
	}
}

func counterparties() Type {
	return Type{
		Name: core.DirCounterparties, Title: Words{"Контрагенты", "Counterparties"},
		Fields: []Field{
			titleField(),
			{Name: "full_title", Title: Words{"Полное название", "Full title"}, Type: Text},
			{Name: "inn", Title: Words{"ИНН", "INN"}, Type: Text, Check: CheckINN, Help: "у филиалов один ИНН и разные КПП"},
			{Name: "kpp", Title: Words{"КПП", "KPP"}, Type: Text, Check: CheckKPP},
			{Name: "ogrn", Title: Words{"ОГРН или ОГРНИП", "OGRN or OGRNIP"}, Type: Text, Check: CheckOGRN},
			{Name: "address", Title: Words{"Адрес", "Address"}, Type: Text},
			{Name: "phones", Title: Words{"Телефоны", "Telephones"}, Type: Texts},
			{Name: "emails", Title: Words{"Адреса электронной почты", "E-mails"}, Type: Texts},
			{Name: "comment", Title: Words{"Комментарий", "Comment"}, Type: LongText},
			{Name: "files", Title: Words{"Файлы", "Files"}, Type: Files},
			activeField(),
		},
		Label: "title", Columns: []string{"title", "inn", "kpp", "ogrn", "active"}, Filters: []string{"inn", "kpp", "ogrn", "emails", "phones", "active"},
		Order: "title", Edit: deskRoles, ByOrganization: true,
	}
}

func addressAliases() Type {
	return Type{
		Name: core.DirAddressAliases, Title: Words{"Псевдонимы адресов", "Address aliases"},
		Fields: []Field{
			{Name: "alias", Title: Words{"Как пишут", "As written"}, Type: Text, Required: true, Unique: true},
			{Name: "address", Title: Words{"Адрес", "Address"}, Type: Text, Required: true},
			{Name: "house", Title: Words{"Код дома в ГАР (ФИАС)", "House in GAR (FIAS)"}, Type: Text, Check: CheckCode},
		},
		Label: "alias", Key: "alias", Columns: []string{"alias", "address", "house"}, Filters: []string{"house"},
		Order: "alias", Edit: deskRoles,
	}
}

func callNumberGroups() Type {
	return Type{
		Name: core.DirCallNumberGroups, Title: Words{"Группы внешних номеров", "External-number groups"},
		Fields: []Field{
			titleField(), codeField(),
			{Name: "numbers", Title: Words{"Номера", "Numbers"}, Type: Texts, Help: "как их набирают: +74951234567"},
			{Name: "line", Title: Words{"Линия поддержки", "Support line"}, Type: Ref, Ref: core.DirSupportLines},
			{Name: "greeting", Title: Words{"Приветствие оператора", "Operator's greeting"}, Type: LongText},
			activeField(),
		},
		Label: "title", Key: "code", Columns: []string{"title", "numbers", "line", "active"}, Filters: []string{"code", "numbers", "line", "active"},
		Order: "title", Edit: leadRoles, ByOrganization: true, Public: true, PublicIf: "active",
	}
}

func massContracts() Type {
	return Type{
		Name: core.DirMassContracts, Title: Words{"Договоры массового информирования", "Mass-information contracts"},
		Fields: []Field{
			{Name: "number", Title: Words{"Номер", "Number"}, Type: Text, Required: true},
			{Name: "signed", Title: Words{"Дата", "Date"}, Type: Date, Required: true},
			{Name: "counterparty", Title: Words{"Контрагент", "Counterparty"}, Type: Ref, Ref: core.DirCounterparties},
			{Name: "until", Title: Words{"Действует до", "Until"}, Type: Date},
			{Name: "ways", Title: Words{"Способы", "Ways"}, Type: Texts, Help: "звонок, СМС, почта, чат"},
			{Name: "limit", Title: Words{"Сообщений по договору", "Messages"}, Type: Number, Min: new(0.0)},
			{Name: "files", Title: Words{"Файлы", "Files"}, Type: Files},
			activeField(),
		},
		Label: "number", Columns: []string{"number", "signed", "counterparty", "until", "active"}, Filters: []string{"counterparty", "active"},
		Order: "-signed", Edit: leadRoles, ByOrganization: true,
	}
}

func news() Type {
	return Type{
		Name: core.DirNews, Title: Words{"Новости", "News"},
		Fields: []Field{
			titleField(),
			{Name: "day", Title: Words{"Дата", "Date"}, Type: Date, Required: true},
			{Name: "text", Title: Words{"Текст", "Text"}, Type: LongText, Required: true},
			{Name: "published", Title: Words{"Опубликована", "Published"}, Type: Bool, Default: false},
			{Name: "important", Title: Words{"Важная", "Important"}, Type: Bool, Default: false},
			{Name: "until", Title: Words{"Показывать до", "Shown until"}, Type: Date},
			{Name: "files", Title: Words{"Файлы", "Files"}, Type: Files},
		},
		Label: "title", Columns: []string{"day", "title", "published", "important"}, Filters: []string{"published", "important"},
		Order: "-day", Edit: inOffice, ByOrganization: true, Public: true, PublicIf: "published",
	}
}

func articles() Type {
	return Type{
		Name: core.DirArticles, Title: Words{"База знаний", "Knowledge base"},
		Fields: []Field{
			titleField(),
			{Name: "parent", Title: Words{"Раздел", "Section"}, Type: Ref, Ref: core.DirArticles},
			{Name: "text", Title: Words{"Текст", "Text"}, Type: LongText},
			{Name: "reason", Title: Words{"Причина", "Reason"}, Type: Ref, Ref: core.DirReasons},
			{Name: "tags", Title: Words{"Теги", "Tags"}, Type: Refs, Ref: core.DirTags},
			{Name: "files", Title: Words{"Файлы", "Files"}, Type: Files},
			{Name: "public", Title: Words{"Видна жителям", "Shown to residents"}, Type: Bool, Default: false},
			positionField(),
		},
		Label: "title", Parent: "parent", Columns: []string{"title", "parent", "reason", "tags", "public"},
		Filters: []string{"parent", "reason", "tags", "public"},
		Order:   "position", Edit: deskRoles, ByOrganization: true, Public: true, PublicIf: "public",
	}
}

// articleComments are a directory of their own: who wrote one, and when, is in
// its history.
func articleComments() Type {
	return Type{
		Name: core.DirArticleComments, Title: Words{"Комментарии к базе знаний", "Comments on the knowledge base"},
		Fields: []Field{
			{Name: "article", Title: Words{"Статья", "Article"}, Type: Ref, Ref: core.DirArticles, Required: true},
			{Name: "title", Title: Words{"Комментарий", "Comment"}, Type: Text, Required: true},
			{Name: "solved", Title: Words{"Учтён", "Settled"}, Type: Bool, Default: false},
		},
		Label: "title", Columns: []string{"title", "article", "solved"}, Filters: []string{"article", "solved"},
		Order: "title", Edit: deskRoles,
	}
}
