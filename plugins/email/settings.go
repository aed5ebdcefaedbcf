package main

import (
	"strings"
	"time"

	"github.com/uzel-hub/uzel/sdk"
)

// maxSendMB is the most any provider is known to take; the setting of the
// mailbox narrows it.
const maxSendMB = 100

type settings struct {
	Address  string        `setting:"address" title:"Адрес ящика" required:"true" example:"info@uk-dom.ru" help:"С этого адреса уходят ответы"`
	Name     string        `setting:"name" title:"Имя отправителя" example:"УК «Дом»" help:"Как организация называется в поле «От»"`
	Aliases  []string      `setting:"aliases" title:"Другие наши адреса" help:"Письма с них считаются внутренними, автоответ на них не уходит"`
	Auth     string        `setting:"auth" title:"Способ входа" default:"password" enum:"password=Пароль,oauth=OAuth 2 (XOAUTH2)"`
	Login    string        `setting:"login" title:"Имя пользователя" help:"Пусто — совпадает с адресом ящика"`
	Password sdk.Secret    `setting:"password" title:"Пароль" required:"true" when:"auth=password" help:"У Яндекса, Mail.ru и Google нужен пароль приложения"`
	OAuth    oauthSettings `setting:"oauth" title:"OAuth 2" when:"auth=oauth"`
	IMAP     imapSettings  `setting:"imap" title:"Приём (IMAP)"`
	SMTP     smtpSettings  `setting:"smtp" title:"Отправка (SMTP)"`
	Letter   letterLook    `setting:"letter" title:"Вид письма"`
	CA       string        `setting:"ca" title:"Корневой сертификат" multiline:"true" help:"PEM; только если сервер использует собственный удостоверяющий центр"`
}

type oauthSettings struct {
	Token        sdk.Secret `setting:"token" title:"Токен доступа" help:"Если задан, остальные поля не нужны, но срок токена не продлевается"`
	TokenURL     string     `setting:"token_url" title:"Адрес выдачи токенов" example:"https://oauth.yandex.ru/token"`
	ClientID     string     `setting:"client_id" title:"Идентификатор приложения"`
	ClientSecret sdk.Secret `setting:"client_secret" title:"Секрет приложения"`
	Refresh      sdk.Secret `setting:"refresh_token" title:"Токен обновления"`
}

type imapSettings struct {
	Host     string        `setting:"host" title:"Сервер" required:"true" example:"imap.yandex.ru"`
	Port     int           `setting:"port" title:"Порт" default:"993" min:"1" max:"65535"`
	TLS      string        `setting:"tls" title:"Шифрование" default:"tls" enum:"tls=TLS,starttls=STARTTLS,none=Без шифрования (только внутри организации)"`
	Folders  []string      `setting:"folders" title:"Папки" default:"INBOX" help:"Из каких папок забирать письма"`
	Since    string        `setting:"since" title:"Забирать письма начиная с" example:"2026-11-01" help:"Дата ГГГГ-ММ-ДД. Пусто — с первого дня, прежняя почта остаётся нетронутой"`
	After    string        `setting:"after" title:"После регистрации" default:"seen" enum:"seen=Пометить прочитанным,move=Переместить в папку,leave=Не трогать"`
	MoveTo   string        `setting:"move_to" title:"Куда переместить" default:"Зарегистрировано" when:"after=move"`
	Every    time.Duration `setting:"every" title:"Опрашивать каждые" default:"5m" min:"1s" max:"24h" help:"Между опросами новые письма приходят сразу, если сервер это умеет (IDLE)"`
	Idle     bool          `setting:"idle" title:"Ждать писем постоянно (IDLE)" default:"true"`
	LetterMB int           `setting:"letter_mb" title:"Наибольшее письмо, МБ" default:"50" min:"1" max:"500" help:"От письма больше этого регистрируется только заголовок, само письмо остаётся на сервере"`
}

type smtpSettings struct {
	Host     string `setting:"host" title:"Сервер" required:"true" example:"smtp.yandex.ru"`
	Port     int    `setting:"port" title:"Порт" default:"465" min:"1" max:"65535"`
	TLS      string `setting:"tls" title:"Шифрование" default:"tls" enum:"tls=TLS,starttls=STARTTLS,none=Без шифрования (только внутри организации)"`
	SaveSent bool   `setting:"save_sent" title:"Класть копию в «Отправленные»" default:"true" help:"Выключите, если почтовый сервер делает это сам"`
	LetterMB int    `setting:"letter_mb" title:"Наибольшее письмо, МБ" default:"20" min:"1" max:"100"`
}

type letterLook struct {
	Number    bool   `setting:"number" title:"Номер в теме" default:"true" help:"По номеру ответ заявителя находит свою переписку"`
	Template  string `setting:"template" title:"Шаблон письма" multiline:"true" default:"{text}\n\n{signature}" help:"Подстановки: {text}, {number}, {date}, {origin_number}, {origin_date}, {author}, {signature}"`
	Signature string `setting:"signature" title:"Подпись" multiline:"true" example:"С уважением, УК «Дом», +7 495 000-00-00"`
	Automatic int    `setting:"automatic" title:"Автоматических писем одному адресату в сутки" default:"5" min:"0" max:"100" help:"Защита от переписки двух автоответчиков"`
}

// own are our addresses, in lower case.
func (s settings) own() []string {
	out := []string{strings.ToLower(s.Address)}
	for _, a := range s.Aliases {
		out = append(out, strings.ToLower(strings.TrimSpace(a)))
	}
	return out
}

func (s settings) login() string {
	if s.Login != "" {
		return s.Login
	}
	return s.Address
}
