package mimex

import (
	"fmt"
	"slices"
)

// Faults as people read them.
const (
	faultNoHeader      = "Письмо не удалось разобрать: в нём нет заголовков"
	faultTooLong       = "Письмо длиннее допустимого, конец не прочитан"
	faultSpool         = "Содержимое письма не поместилось в отведённое место, часть данных отброшена"
	faultHeaderBlock   = "Заголовки письма длиннее допустимого, лишнее отброшено"
	faultHeaderField   = "Заголовок длиннее допустимого и обрезан"
	faultHeaderJoined  = "Строка заголовка была разорвана и склеена"
	faultHeaderLost    = "В заголовках есть посторонние строки, они пропущены"
	faultNoBlankLine   = "Между заголовками и текстом нет пустой строки"
	faultNoDate        = "Дата письма не указана или не читается"
	faultNoMessageID   = "У письма нет идентификатора, он создан при приёме"
	faultNoSender      = "Адрес отправителя не указан или не читается"
	faultSenderElse    = "Поле отправителя пусто, адрес взят из другого поля"
	faultNotClosed     = "Составное письмо не закрыто, конец мог потеряться"
	faultNoBoundary    = "У составного письма не указан разделитель частей, он определён по тексту"
	faultNoParts       = "Составное письмо не содержит частей, всё принято за текст"
	faultDepth         = "Части письма вложены слишком глубоко, лишнее сохранено файлом"
	faultParts         = "В письме слишком много частей, лишние пропущены"
	faultEncoding      = "Кодировка передачи неизвестна, часть оставлена как есть"
	faultDamaged       = "Часть письма закодирована с ошибками, прочитано всё возможное"
	faultCharset       = "Кодировка текста не указана или указана неверно, она определена по буквам"
	faultLongText      = "Текст письма длиннее допустимого: показано начало, целиком он сохранён файлом"
	faultLongHTML      = "HTML-текст письма длиннее допустимого и сохранён файлом"
	faultUU            = "Файл внутри текста (uuencode) обрывается"
	faultTNEF          = "Вложение winmail.dat прочитано не полностью и сохранено целиком"
	faultRTF           = "Текст письма есть только в формате RTF, он сохранён файлом"
	faultEncrypted     = "Содержимое smime.p7m не удалось открыть: письмо зашифровано или подписано неизвестным способом"
	faultSignedCut     = "Подписанное содержимое smime.p7m обрывается"
	faultNested        = "Вложенные конверты (подпись, winmail.dat) слишком глубоки, сохранены файлом"
	faultBinaryAsText  = "Часть, объявленная текстом, не является текстом и сохранена файлом"
	faultTooManyFaults = "И другие ошибки"
)

// maxFaults bounds the list; the same fault is told once.
const maxFaults = 30

func (p *parser) fault(text string) {
	list := &p.letter.Faults
	switch {
	case slices.Contains(*list, text) || len(*list) > maxFaults:
	case len(*list) == maxFaults:
		*list = append(*list, faultTooManyFaults)
	default:
		*list = append(*list, text)
	}
}

// faultIn adds the name of the file a fault was met in.
func (p *parser) faultIn(text, name string) {
	if name != "" {
		text = fmt.Sprintf("%s: %s", text, name)
	}
	p.fault(text)
}
