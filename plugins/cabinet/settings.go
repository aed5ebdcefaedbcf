package main

import (
	"time"

	"github.com/uzel-hub/uzel/sdk"
)

// The two ways a cabinet is connected.
const (
	modeAPI  = "api"
	modePoll = "poll"
)

type settings struct {
	Mode     string          `setting:"mode" title:"Способ подключения" default:"api" enum:"api=Кабинет обращается к хабу,poll=Хаб опрашивает кабинет другого поставщика"`
	Key      sdk.Secret      `setting:"key" title:"Общий ключ" help:"Им подписывают запросы кабинет и хаб; не короче 32 знаков. Нужен, если кабинет обращается к хабу"`
	Previous sdk.Secret      `setting:"previous_key" title:"Прежний ключ" help:"На время смены ключа принимаются оба, подписывает хаб новым"`
	Skew     time.Duration   `setting:"skew" title:"Расхождение часов" default:"5m" min:"10s" max:"1h" help:"Запросы со временем дальше этого от времени хаба не принимаются"`
	Webhook  webhookSettings `setting:"webhook" title:"Веб-хуки кабинету" when:"mode=api"`
	Uploads  uploadSettings  `setting:"uploads" title:"Загрузка больших файлов"`
	Poll     pollSettings    `setting:"poll" title:"Кабинет другого поставщика" when:"mode=poll"`
	Timeout  time.Duration   `setting:"timeout" title:"Время на один запрос" default:"30s" min:"1s" max:"5m"`
}

type webhookSettings struct {
	URL string `setting:"url" title:"Адрес веб-хука" example:"https://lk.uk-dom.ru/uzel" help:"Пусто — кабинет сам спрашивает о новостях (GET /v1/events)"`
}

type uploadSettings struct {
	FileMB  int           `setting:"file_mb" title:"Наибольший файл, МБ" default:"200" min:"1" max:"2000"`
	TotalMB int           `setting:"total_mb" title:"Незавершённые загрузки вместе, МБ" default:"2000" min:"1" max:"100000"`
	Keep    time.Duration `setting:"keep" title:"Хранить загрузку" default:"24h" min:"1h" max:"168h"`
}

type pollSettings struct {
	URL     string        `setting:"url" title:"Адрес кабинета" required:"true" example:"https://lk.example.ru/api"`
	Header  string        `setting:"header" title:"Заголовок ключа" default:"Authorization"`
	Prefix  string        `setting:"prefix" title:"Перед ключом" help:"Например Bearer и пробел; пробел в конце добавляется сам" example:"Bearer"`
	Token   sdk.Secret    `setting:"token" title:"Ключ кабинета"`
	Every   time.Duration `setting:"every" title:"Опрашивать каждые" default:"1m" min:"1s" max:"24h"`
	Overlap time.Duration `setting:"overlap" title:"Перекрытие" default:"5m" min:"0s" max:"24h" help:"За сколько времени до последнего обращения спрашивать снова: кабинеты показывают новое не сразу"`
	Hosts   []string      `setting:"file_hosts" title:"Узлы с файлами" help:"Откуда ещё, кроме самого кабинета, можно забирать файлы; ключ туда не отправляется" example:"storage.example.ru"`
	List    listSettings  `setting:"list" title:"Список обращений"`
	Fields  fieldSettings `setting:"fields" title:"Где лежат реквизиты"`
	Answer  postSettings  `setting:"answer" title:"Отправка ответа"`
	Status  postSettings  `setting:"status" title:"Отправка состояния и исполнителя"`
}

type listSettings struct {
	Path    string `setting:"path" title:"Путь" required:"true" example:"/appeals?since={since}&page={page}" help:"Подстановки: {since} — момент, с которого искать, {page} — номер страницы, {next} — метка следующей страницы"`
	Items   string `setting:"items" title:"Где список" help:"Путь поля в ответе; пусто — сам ответ" example:"data.items"`
	Next    string `setting:"next" title:"Где метка следующей страницы" help:"Пусто — страницы считаются, пока не придёт пустая" example:"data.next"`
	First   int    `setting:"first" title:"Номер первой страницы" default:"1" min:"0" max:"1"`
	Since   string `setting:"since" title:"Вид момента" default:"rfc3339" enum:"rfc3339=2026-11-01T10:00:00Z,unix=Секунды с 1970 года,date=2026-11-01"`
	Backlog int    `setting:"backlog" title:"Дней назад при первом запуске" default:"0" min:"0" max:"365"`
}

type fieldSettings struct {
	ID       string `setting:"id" title:"Номер обращения" default:"id"`
	At       string `setting:"at" title:"Время" default:"created_at"`
	Subject  string `setting:"subject" title:"Тема" default:"subject"`
	Text     string `setting:"text" title:"Текст" default:"text"`
	Name     string `setting:"name" title:"ФИО" default:"user.name"`
	Resident string `setting:"resident" title:"Идентификатор жителя" default:"user.id"`
	Email    string `setting:"email" title:"Электронная почта" default:"user.email"`
	Phone    string `setting:"phone" title:"Телефон" default:"user.phone"`
	Account  string `setting:"account" title:"Лицевой счёт" default:"account"`
	Address  string `setting:"address" title:"Адрес помещения" default:"address"`
	Reason   string `setting:"reason" title:"Причина" default:"reason"`
	Files    string `setting:"files" title:"Список файлов" default:"files"`
	FileURL  string `setting:"file_url" title:"Адрес файла" default:"url" help:"В строке списка файлов; относительный — от адреса кабинета"`
	FileName string `setting:"file_name" title:"Имя файла" default:"name"`
}

type postSettings struct {
	Path   string `setting:"path" title:"Путь" example:"/appeals/{id}/answer" help:"Подстановка: {id} — номер обращения. Пусто — не отправлять"`
	Method string `setting:"method" title:"Метод" default:"POST" enum:"POST=POST,PUT=PUT,PATCH=PATCH"`
	Text   string `setting:"text" title:"Поле текста" default:"text"`
	Number string `setting:"number" title:"Поле регистрационного номера" help:"Пусто — не передавать"`
	Files  string `setting:"files" title:"Поле файлов" help:"Если задано, запрос уходит как форма с файлами (multipart/form-data), иначе — JSON без файлов" example:"files"`
}
