package rest

import (
	"fmt"
	"net/http"

	"golang.org/x/text/language"

	"github.com/uzel-hub/uzel/core"
)

// words are the texts of one language. All texts are worded in Russian where they
// arise; English is found by an error's code, or by the Russian text.
type words struct {
	titles   map[core.Kind]string
	statuses map[int]string // titles of statuses that say more than the kind
	internal string         // with the log number
	several  string         // with the number of faults
	byCode   map[string]string
	texts    func() *translator // nil: the texts are as they arise
}

// languageCookie is the language of the pages: a browser that fetches a file for
// them by itself tells only the one it was installed in.
const languageCookie = "uzel-language"

// languageOf reads what the caller wants to be answered in.
func languageOf(r *http.Request) language.Tag {
	known := []language.Tag{language.Russian, language.English}
	wanted := []string{r.Header.Get("Accept-Language")}
	if cookie, err := r.Cookie(languageCookie); err == nil {
		wanted = append([]string{cookie.Value}, wanted...)
	}
	_, i := language.MatchStrings(language.NewMatcher(known), wanted...)
	return known[i]
}

func wordsIn(lang language.Tag) *words {
	if lang == language.English {
		return &english
	}
	return &russian
}

func (w *words) title(status int, kind core.Kind) string {
	if title, ok := w.statuses[status]; ok {
		return title
	}
	return w.titles[kind]
}

func (w *words) detail(e *core.Error, request string) string {
	switch {
	case e.Kind == core.KindInternal:
		return fmt.Sprintf(w.internal, request)
	case w.byCode[e.Code] != "":
		return w.byCode[e.Code]
	case e.Text != "":
		return w.text(e.Text)
	case len(e.Faults) > 0:
		return fmt.Sprintf(w.several, len(e.Faults))
	}
	return w.titles[e.Kind]
}

func (w *words) text(text string) string {
	if w.texts == nil {
		return text
	}
	return w.texts().text(text)
}

func (w *words) faults(faults []core.FieldFault) []core.FieldFault {
	out := make([]core.FieldFault, len(faults))
	for i, f := range faults {
		out[i] = core.FieldFault{Field: f.Field, Text: w.text(f.Text)}
	}
	return out
}

var russian = words{
	internal: "Ошибка записана в журнал под номером %s",
	several:  "Ошибок в запросе: %d",
	titles: map[core.Kind]string{
		core.KindInternal:        "Внутренняя ошибка",
		core.KindInvalid:         "Неверный запрос",
		core.KindUnauthenticated: "Нужно войти",
		core.KindForbidden:       "Нет права",
		core.KindNotFound:        "Не найдено",
		core.KindConflict:        "Конфликт",
		core.KindConfig:          "Неверная настройка",
		core.KindUnavailable:     "Сейчас недоступно",
		core.KindRejected:        "Внешняя система отказала",
		core.KindUnknown:         "Ответ внешней системы потерян",
	},
	statuses: map[int]string{
		http.StatusTooManyRequests:       "Слишком много запросов",
		http.StatusPreconditionRequired:  "Нужен заголовок If-Match",
		http.StatusRequestEntityTooLarge: "Слишком большой запрос",
		http.StatusUnsupportedMediaType:  "Неизвестный вид содержимого",
		http.StatusMethodNotAllowed:      "Метод не поддерживается",
	},
}

var english = words{
	texts:    readEnglish,
	internal: "The error is in the log under the number %s",
	several:  "Faults in the request: %d",
	titles: map[core.Kind]string{
		core.KindInternal:        "Internal error",
		core.KindInvalid:         "Invalid request",
		core.KindUnauthenticated: "Sign in first",
		core.KindForbidden:       "Not permitted",
		core.KindNotFound:        "Not found",
		core.KindConflict:        "Conflict",
		core.KindConfig:          "Wrong setting",
		core.KindUnavailable:     "Not available now",
		core.KindRejected:        "The outside system refused",
		core.KindUnknown:         "The outside system's answer was lost",
	},
	statuses: map[int]string{
		http.StatusTooManyRequests:       "Too many requests",
		http.StatusPreconditionRequired:  "If-Match is required",
		http.StatusRequestEntityTooLarge: "Too large",
		http.StatusUnsupportedMediaType:  "Unknown kind of content",
		http.StatusMethodNotAllowed:      "Method not supported",
	},
	byCode: map[string]string{
		"access.csrf":              "The X-CSRF-Token header is missing or wrong",
		"access.disabled":          "The account is disabled",
		"access.forbidden":         "Your role does not allow this",
		"access.must_change":       "Change the one-time password first",
		"access.none":              "Sign in or send an API token",
		"access.origin":            "The request came from another site",
		"access.old_password":      "The old password is wrong",
		"access.session":           "The session has ended, sign in again",
		"access.throttled":         "Too many tries, wait before the next one",
		"access.token":             "The API token is not valid",
		"access.wrong":             "Wrong login or password",
		"contact.not_found":        "Nobody has this contact",
		"erasure.running":          "The data of this party are being erased",
		"party.erased":             "The data of this party were erased",
		"party.merge":              "These parties cannot be merged, or are not",
		"document.transition":      "The document cannot move to this state",
		"documents.stale":          "Changed by someone else meanwhile",
		"delivery.transition":      "The delivery cannot move to this state",
		"channel.exists":           "There is or was a channel with this id",
		"channel.not_running":      "The channel does not run",
		"channels.stale":           "Changed by someone else meanwhile",
		"list.cursor":              "Damaged page mark",
		"request.idempotency":      "This Idempotency-Key was used for another request",
		"request.if_match":         "Send the ETag you have read in If-Match",
		"request.media_type":       "Send application/json",
		"request.method":           "This method is not supported here",
		"request.not_found":        "There is nothing at this address",
		"request.too_large":        "The request or a file is larger than the hub takes",
		"search.absent":            "There is no index yet",
		"search.building":          "An index is being built already",
		"search.not_rebuilding":    "No new index is being built",
		"users.last_administrator": "This is the last administrator",
	},
}
