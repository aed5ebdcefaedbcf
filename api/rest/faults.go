package rest

import (
	"slices"
	"unicode/utf8"

	"github.com/uzel-hub/uzel/core"
)

// Texts of faults, in Russian; words.go has them in English.
const (
	textUnknownField  = "неизвестное поле"
	textUnknownParam  = "неизвестный параметр"
	textRequired      = "обязательное поле"
	textString        = "ожидается строка"
	textNumber        = "ожидается целое число"
	textBool          = "ожидается true или false"
	textObject        = "ожидается объект"
	textList          = "ожидается список"
	textTime          = "ожидаются дата и время, например 2026-03-01T09:00:00Z"
	textDate          = "ожидается дата, например 2026-03-01"
	textChoice        = "нет такого значения"
	textTooLong       = "слишком длинно"
	textTooMany       = "слишком много"
	textNotFound      = "такой записи нет"
	textNotJSON       = "это не JSON"
	textSecondFile    = "часть data может быть только одна"
	textNoData        = "нет части data"
	textForeignPart   = "неизвестная часть"
	textFuture        = "не может быть в будущем"
	textBrokenVersion = "ожидается ETag записи"
	textWider         = "у вашего ключа нет этого права"
)

// faults gathers what is wrong with an input, so that all is told at once.
type faults []core.FieldFault

func (f *faults) add(field, text string) {
	*f = append(*f, core.FieldFault{Field: field, Text: text})
}

// need demands a text of at most limit characters.
func (f *faults) need(field, value string, limit int) {
	if value == "" {
		f.add(field, textRequired)
	}
	f.short(field, value, limit)
}

func (f *faults) short(field, value string, limit int) {
	if utf8.RuneCountInString(value) > limit {
		f.add(field, textTooLong)
	}
}

// choose demands one of the values; empty counts as missing.
func choose[T ~string](f *faults, field string, value T, of []T) {
	switch {
	case value == "":
		f.add(field, textRequired)
	case !slices.Contains(of, value):
		f.add(field, textChoice)
	}
}

// err is nil if nothing is wrong.
func (f faults) err(code string) error {
	return core.Faults(f).Err(code)
}

// The values the contract lists.
var (
	directions = []core.Direction{core.Incoming, core.Outgoing, core.Internal}

	messageKinds = []core.MessageKind{
		core.MessageLetter, core.MessageAppeal, core.MessageChat, core.MessageCall, core.MessageStatus, core.MessageReport,
	}

	documentStates = []core.DocumentState{
		core.DocumentDraft, core.DocumentRegistered, core.DocumentInWork, core.DocumentAnswered, core.DocumentSent,
		core.DocumentUndeliv, core.DocumentClosed,
	}

	deliveryStates = []core.DeliveryState{
		core.DeliveryQueued, core.DeliverySending, core.DeliverySubmitted, core.DeliverySent, core.DeliveryDelivered,
		core.DeliveryRead, core.DeliveryRejected, core.DeliveryUnknown, core.DeliveryCancelled,
	}

	markKinds = []core.MarkKind{
		core.MarkQuarantine, core.MarkAutomatic, core.MarkBounce, core.MarkOversized, core.MarkRepaired,
		core.MarkWithdrawn, core.MarkErased,
		core.MarkToCall,
	}

	addressKinds = []core.AddressKind{
		core.AddressEmail, core.AddressPhone, core.AddressChat, core.AddressAccount, core.AddressINN, core.AddressOGRN,
		core.AddressKPP, core.AddressSNILS, core.AddressPostal, core.AddressOutside,
	}

	partyKinds = []core.PartyKind{core.PartyPerson, core.PartyOrganization}

	contactMarks = []core.ContactMark{core.ContactPersonal, core.ContactPublic, core.ContactUnconfirmed}

	consentStates = []core.ConsentState{core.ConsentGiven, core.ConsentWithdrawn}

	erasureStates = []core.ErasureState{core.ErasureRunning, core.ErasureFinished}
)
