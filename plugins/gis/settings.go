package main

import (
	"net/url"
	"regexp"
	"strconv"
	"strings"
	"time"

	"github.com/uzel-hub/uzel/plugins/gis/internal/appeals"
	"github.com/uzel-hub/uzel/sdk"
)

// settings are those of one organisation: two organisations are two channels.
type settings struct {
	URL         string          `setting:"url" title:"Адрес ГИС ЖКХ" required:"true" example:"http://127.0.0.1:8081" help:"Обычно — местный туннель ГОСТ TLS; без пути"`
	Host        string          `setting:"host" title:"Имя узла" example:"api.dom.gosuslugi.ru" help:"Заголовок Host, если адрес — туннель"`
	FilesURL    string          `setting:"files_url" title:"Адрес хранилища файлов" help:"Пусто — тот же узел, обычный путь"`
	Org         string          `setting:"org" title:"Организация (orgPPAGUID)" required:"true" help:"Идентификатор поставщика данных; организация должна дать информационной системе права в кабинете ГИС ЖКХ"`
	Login       string          `setting:"login" title:"Имя пользователя" help:"Только испытательный стенд"`
	Password    sdk.Secret      `setting:"password" title:"Пароль"`
	Fingerprint string          `setting:"fingerprint" title:"Отпечаток сертификата" help:"SHA-1 клиентского сертификата, шестнадцатеричный; только испытательный стенд по HTTP"`
	Signature   string          `setting:"signature" title:"Подпись запросов" default:"eds" enum:"eds=Коннектор электронной подписи,none=Не подписывать (только испытательный стенд)"`
	Certificate string          `setting:"certificate" title:"Сертификат" when:"signature=eds" help:"Отпечаток сертификата в коннекторе электронной подписи; пусто — основной"`
	Operator    bool            `setting:"operator" title:"Подписывает оператор ИС" help:"Подпись принадлежит оператору информационной системы, а не самой организации (IsOperatorSignature)"`
	ISName      string          `setting:"is_name" title:"Наименование иной ИС" help:"Если сведения готовит другая информационная система (ISCreator)"`
	ISOperator  string          `setting:"is_operator" title:"Оператор иной ИС"`
	Hash        string          `setting:"hash" title:"Хеш вложений" default:"gost94" enum:"gost94=ГОСТ Р 34.11-94,gost256=ГОСТ Р 34.11-2012 (256 бит),gost512=ГОСТ Р 34.11-2012 (512 бит)"`
	Answerer    string          `setting:"answerer" title:"Исполнитель по умолчанию (AnswererGUID)" required:"true" help:"ГИС ЖКХ требует сотрудника в каждом действии и не сообщает их список"`
	Performers  []performer     `setting:"performers" title:"Сотрудники"`
	Close       bool            `setting:"close_with_answer" title:"Закрывать обращение вместе с ответом" default:"true" help:"После отправки ответа обращение получает в ГИС ЖКХ статус «Выполнено»"`
	Receive     receiveSettings `setting:"receive" title:"Приём"`
	Poll        pollSettings    `setting:"poll" title:"Опрос готовности"`
}

// performer tells who a user of the hub is in GIS.
type performer struct {
	Name string `setting:"name" title:"Сотрудник в хабе" required:"true" help:"ФИО, как в хабе, или идентификатор пользователя"`
	GUID string `setting:"guid" title:"AnswererGUID" required:"true"`
}

type receiveSettings struct {
	Every      time.Duration `setting:"every" title:"Искать новые каждые" default:"10m" min:"1s" max:"24h"`
	Reread     time.Duration `setting:"reread" title:"Перечитывать известные каждые" default:"1h" min:"1s" max:"24h" help:"Оценки, отзывы и перенаправления приходят так"`
	LookBack   int           `setting:"look_back" title:"Дней назад" default:"7" min:"1" max:"90" help:"За сколько дней обращения забираются при первом запуске и проверяются раз в сутки"`
	ClosedDays int           `setting:"closed_days" title:"Следить за закрытыми, дней" default:"30" min:"0" max:"365"`
	HCS        bool          `setting:"hcs" title:"Обращения, сформированные ГИС ЖКХ" default:"false"`
}

type pollSettings struct {
	First   time.Duration `setting:"first" title:"Первый вопрос через" default:"5s" min:"10ms" max:"10m" help:"Дальше паузы удваиваются"`
	Most    time.Duration `setting:"most" title:"Самая длинная пауза" default:"5m" min:"10ms" max:"1h"`
	Wait    time.Duration `setting:"wait" title:"Ждать отправку не дольше" default:"2m" min:"0s" max:"8m" help:"Потом о судьбе отправки спрашивает хаб"`
	Timeout time.Duration `setting:"timeout" title:"Время на один запрос" default:"1m" min:"1s" max:"10m"`
}

var (
	guidForm  = regexp.MustCompile(`^[0-9a-fA-F]{8}(-[0-9a-fA-F]{4}){3}-[0-9a-fA-F]{12}$`)
	printForm = regexp.MustCompile(`^[0-9a-fA-F]{40}$`)
)

// check reports what the tags cannot say; all faults at once.
func (s *settings) check() error {
	var faults []sdk.FieldFault
	fault := func(wrong bool, field, text string) {
		if wrong {
			faults = append(faults, sdk.FieldFault{Field: field, Text: text})
		}
	}
	fault(!isURL(s.URL), "url", "нужен адрес вида http://узел:порт")
	fault(s.FilesURL != "" && !isURL(s.FilesURL), "files_url", "нужен адрес вида http://узел:порт/путь")
	fault(!guidForm.MatchString(s.Org), "org", "нужен идентификатор вида 00000000-0000-0000-0000-000000000000")
	fault(!guidForm.MatchString(s.Answerer), "answerer", "нужен идентификатор вида 00000000-0000-0000-0000-000000000000")
	fault(s.Fingerprint != "" && !printForm.MatchString(s.Fingerprint), "fingerprint", "нужны 40 шестнадцатеричных цифр")
	fault((s.ISName == "") != (s.ISOperator == ""), "is_operator", "наименование и оператор иной ИС задаются вместе")
	fault(s.Poll.Most < s.Poll.First, "poll.most", "не может быть меньше первой паузы")
	for i, p := range s.Performers {
		fault(!guidForm.MatchString(p.GUID), "performers."+strconv.Itoa(i)+".guid", "нужен идентификатор вида 00000000-0000-0000-0000-000000000000")
	}
	if len(faults) > 0 {
		return &sdk.Error{Kind: "config", Faults: faults}
	}
	return nil
}

func isURL(text string) bool {
	u, err := url.Parse(text)
	return err == nil && (u.Scheme == "http" || u.Scheme == "https") && u.Host != "" && u.RawQuery == ""
}

func (s *settings) base() string { return strings.TrimRight(s.URL, "/") }

func (s *settings) files() string {
	if s.FilesURL != "" {
		return strings.TrimRight(s.FilesURL, "/")
	}
	return s.base() + appeals.PathFiles
}

// answerer is who a user of the hub is in GIS: by any of his names, or the one
// of the organisation.
func (s *settings) answerer(names ...string) string {
	for _, p := range s.Performers {
		for _, n := range names {
			if n != "" && strings.EqualFold(strings.Join(strings.Fields(n), " "), strings.Join(strings.Fields(p.Name), " ")) {
				return p.GUID
			}
		}
	}
	return s.Answerer
}
