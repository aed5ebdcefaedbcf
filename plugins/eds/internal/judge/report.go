package judge

import "github.com/uzel-hub/uzel/plugins/eds/internal/pki"

// The outcomes of a signature. What could not be found out never counts as valid.
const (
	Valid         = "valid"
	Invalid       = "invalid"
	Indeterminate = "indeterminate"
)

// The outcomes of one check.
const (
	Passed  = "passed"
	Failed  = "failed"
	Unknown = "unknown"
	Absent  = "absent" // there is nothing to check, and there need not be
)

// The checks, in the order in which they decide.
const (
	CheckIntegrity     = "integrity"
	CheckSignature     = "signature"
	CheckCertificateID = "signing_certificate"
	CheckValidity      = "validity"
	CheckChain         = "chain"
	CheckRevocation    = "revocation"
	CheckTimestamp     = "timestamp"
	CheckQualification = "qualification"
)

// Report is what is known of one signature of one file. Moments are RFC 3339.
type Report struct {
	SignatureFile string            `setting:"signature_file" title:"Файл подписи"`
	Document      string            `setting:"document" title:"Документ"`
	Status        string            `setting:"status" title:"Итог" enum:"valid=Действительна,invalid=Недействительна,indeterminate=Не удалось установить"`
	Code          string            `setting:"code" title:"Код причины"`
	Text          string            `setting:"text" title:"Пояснение"`
	Kind          string            `setting:"kind" title:"Вид" enum:"qualified=Квалифицированная,unqualified=Неквалифицированная"`
	Format        string            `setting:"format" title:"Формат"`
	Attached      bool              `setting:"attached" title:"Документ внутри подписи"`
	Algorithm     string            `setting:"algorithm" title:"Алгоритм"`
	Checks        []Check           `setting:"checks" title:"Проверки"`
	Signer        pki.Holder        `setting:"signer" title:"Подписант"`
	Certificate   CertificateReport `setting:"certificate" title:"Сертификат"`
	ClaimedAt     string            `setting:"claimed_at" title:"Время подписи (со слов подписанта)"`
	StampedAt     string            `setting:"stamped_at" title:"Штамп времени"`
	StampedBy     string            `setting:"stamped_by" title:"Служба штампов времени"`
	JudgedAt      string            `setting:"judged_at" title:"На какой момент проверено"`
	Revocation    Revocation        `setting:"revocation" title:"Отзыв"`
	Digests       Digests           `setting:"digests" title:"Хэши документа"`
}

// Check is the outcome of one check.
type Check struct {
	Name   string `setting:"name" title:"Проверка"`
	Title  string `setting:"title" title:"Название"`
	Status string `setting:"status" title:"Итог" enum:"passed=Пройдена,failed=Не пройдена,unknown=Не удалось,absent=Не требуется"`
	Code   string `setting:"code" title:"Код причины"`
	Text   string `setting:"text" title:"Пояснение"`
}

// CertificateReport is what people want to know of the signer's certificate.
type CertificateReport struct {
	Serial     string `setting:"serial" title:"Серийный номер, hex"`
	SHA1       string `setting:"sha1" title:"Отпечаток SHA-1"`
	SHA256     string `setting:"sha256" title:"Отпечаток SHA-256"`
	Issuer     string `setting:"issuer" title:"Издатель"`
	IssuerOGRN string `setting:"issuer_ogrn" title:"ОГРН издателя"`
	NotBefore  string `setting:"not_before" title:"Действует с"`
	NotAfter   string `setting:"not_after" title:"Действует по"`
	Class      string `setting:"class" title:"Класс СКЗИ"`
	SignTool   string `setting:"sign_tool" title:"Средство подписи владельца"`
}

// Revocation is what the list says that decided.
type Revocation struct {
	Source     string `setting:"source" title:"Источник"`
	ThisUpdate string `setting:"this_update" title:"Список выпущен"`
	NextUpdate string `setting:"next_update" title:"Следующий выпуск"`
	RevokedAt  string `setting:"revoked_at" title:"Отозван"`
	Reason     string `setting:"reason" title:"Причина отзыва"`
}

// Digests are those of the document by which it can be recognised elsewhere.
type Digests struct {
	GOST256 string `setting:"gost256" title:"ГОСТ Р 34.11-2012 (256), hex"`
	SHA256  string `setting:"sha256" title:"SHA-256, hex"`
	Size    int    `setting:"size" title:"Размер, байт"`
}

// codes tell each reason: the outcome of its check and what people read.
var codes = map[string]struct{ status, text string }{
	"malformed":             {Failed, "файл подписи не читается: это не CMS SignedData"},
	"hash_mismatch":         {Failed, "документ изменён после подписания или подписан другой"},
	"bad_signature":         {Failed, "подпись не соответствует сертификату"},
	"certificate_mismatch":  {Failed, "в подписи указан другой сертификат"},
	"cert_expired":          {Failed, "срок действия сертификата истёк"},
	"cert_not_yet_valid":    {Failed, "сертификат ещё не действовал"},
	"wrong_usage":           {Failed, "сертификат выдан не для подписания"},
	"cert_revoked":          {Failed, "сертификат отозван"},
	"bad_chain":             {Failed, "цепочка сертификатов нарушена"},
	"bad_timestamp":         {Failed, "штамп времени не относится к этой подписи"},
	"document_missing":      {Unknown, "нет подписанного документа"},
	"certificate_missing":   {Unknown, "в подписи нет сертификата подписанта"},
	"unsupported_algorithm": {Unknown, "алгоритм не поддерживается"},
	"untrusted_chain":       {Unknown, "удостоверяющий центр не входит в число доверенных"},
	"revocation_unknown":    {Unknown, "нет действующего списка отзыва удостоверяющего центра"},
	"timestamp_unknown":     {Unknown, "служба штампов времени не входит в число доверенных"},
	"not_qualified":         {Absent, "сертификат не имеет признаков квалифицированного или не доверен"},
	"no_certificate_id":     {Absent, "подпись не содержит атрибутов CAdES"},
	"no_timestamp":          {Absent, "штампа времени нет"},
}

// titles are the checks as people read them.
var titles = map[string]string{
	CheckIntegrity:     "Документ не изменён",
	CheckSignature:     "Подпись верна",
	CheckCertificateID: "Подпись привязана к сертификату",
	CheckChain:         "Цепочка до доверенного центра",
	CheckValidity:      "Сертификат действовал",
	CheckRevocation:    "Сертификат не отозван",
	CheckTimestamp:     "Штамп времени",
	CheckQualification: "Квалифицированный сертификат",
}

// check is the outcome of a check with the code; "" = passed.
func check(name, code string) Check {
	c := Check{Name: name, Title: titles[name], Status: Passed, Code: code}
	if code != "" {
		c.Status, c.Text = codes[code].status, codes[code].text
	}
	return c
}

// decide draws the conclusion: a failed check counts before an unknown one, the
// first of them before the others.
func (r *Report) decide() {
	r.Status = Valid
	for _, verdict := range []struct{ check, status string }{{Failed, Invalid}, {Unknown, Indeterminate}} {
		for _, c := range r.Checks {
			if c.Status == verdict.check {
				r.Status, r.Code, r.Text = verdict.status, c.Code, c.Text
				return
			}
		}
	}
}
