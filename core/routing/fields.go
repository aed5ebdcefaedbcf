package routing

import "github.com/uzel-hub/uzel/core"

// fieldKind decides which relations a field has.
type fieldKind int

const (
	textField fieldKind = iota
	numberField
	flagField
)

var relations = map[fieldKind][]core.Relation{
	textField: {
		core.IsEqual, core.IsContains, core.IsBegins, core.IsEnds, core.IsWords, core.IsMatches, core.IsPresent,
	},
	numberField: {core.IsEqual, core.IsAtLeast, core.IsAtMost},
	flagField:   {core.IsYes},
}

var fieldKinds = map[core.RuleField]fieldKind{
	core.FieldChannel: textField, core.FieldOrganization: textField, core.FieldDirection: textField,
	core.FieldKind: textField, core.FieldSource: textField, core.FieldSender: textField,
	core.FieldSenderName: textField, core.FieldSenderDomain: textField, core.FieldRecipient: textField,
	core.FieldSubject: textField, core.FieldText: textField, core.FieldLanguage: textField,
	core.FieldMark: textField, core.FieldAttachment: textField, core.FieldAttachmentKind: textField,
	core.FieldReasonGroup: textField, core.FieldReason: textField, core.FieldLine: textField,
	core.FieldTag: textField, core.FieldAddress: textField, core.FieldAccount: textField,
	core.FieldRequisite: textField,

	core.FieldAttachments: numberField, core.FieldAppeals: numberField, core.FieldOpenAppeals: numberField,

	core.FieldWorkingTime: flagField, core.FieldKnownSender: flagField,
}

// fieldTitles are the fields in the words of a trace.
var fieldTitles = map[core.RuleField]string{
	core.FieldChannel: "канал", core.FieldOrganization: "организация", core.FieldDirection: "направление",
	core.FieldKind: "вид", core.FieldSource: "источник", core.FieldSender: "адрес отправителя",
	core.FieldSenderName: "имя отправителя", core.FieldSenderDomain: "домен отправителя",
	core.FieldRecipient: "адрес получателя", core.FieldSubject: "тема", core.FieldText: "текст",
	core.FieldLanguage: "язык", core.FieldMark: "отметка", core.FieldAttachment: "имя файла",
	core.FieldAttachmentKind: "вид файла", core.FieldReasonGroup: "группа причин", core.FieldReason: "причина",
	core.FieldLine: "линия", core.FieldTag: "тег", core.FieldAddress: "адрес помещения",
	core.FieldAccount: "лицевой счёт", core.FieldRequisite: "реквизит",
	core.FieldAttachments: "число файлов", core.FieldAppeals: "обращений отправителя",
	core.FieldOpenAppeals: "открытых обращений отправителя",
	core.FieldWorkingTime: "рабочее время", core.FieldKnownSender: "отправитель известен",
}

var relationTitles = map[core.Relation]string{
	core.IsEqual: "равно", core.IsContains: "содержит", core.IsBegins: "начинается с", core.IsEnds: "кончается на",
	core.IsWords: "содержит слова", core.IsMatches: "подходит под выражение", core.IsPresent: "заполнено",
	core.IsAtLeast: "не меньше", core.IsAtMost: "не больше",
}
