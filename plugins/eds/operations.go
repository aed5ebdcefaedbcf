package main

import (
	"github.com/uzel-hub/uzel/plugins/eds/internal/judge"
	"github.com/uzel-hub/uzel/plugins/eds/internal/pki"
	"github.com/uzel-hub/uzel/sdk"
)

// The services of the connector. README.md tells the contract in words.
const (
	opSign         = "sign"
	opHash         = "hash"
	opVerify       = "verify"
	opCertificates = "certificates"
)

// operations are what other connectors and the hub itself may call.
func operations() []sdk.Operation {
	return []sdk.Operation{
		{
			Name: opSign, Title: "Подписать", Place: sdk.PlaceService,
			Help:  "CAdES-BES рядом с файлом или вместе с ним; «сырая» подпись данных — для XAdES",
			Input: signInput{}, Output: signOutput{}, FilesIn: true, FilesOut: true,
		},
		{
			Name: opHash, Title: "Вычислить хэш", Place: sdk.PlaceService,
			Input: hashInput{}, Output: hashOutput{}, FilesIn: true,
		},
		{
			Name: opVerify, Title: "Проверить подпись", Place: sdk.PlaceService,
			Input: verifyInput{}, Output: verifyOutput{}, FilesIn: true,
		},
		{
			Name: opCertificates, Title: "Сертификаты подписи", Place: sdk.PlaceService,
			Input: certificatesInput{}, Output: certificatesOutput{},
		},
	}
}

// The formats of sign.
const (
	formatCAdES = "cades"
	formatRaw   = "raw"
)

type signInput struct {
	Format      string `setting:"format" title:"Формат" default:"cades" enum:"cades=CAdES-BES,raw=Подпись без оболочки"`
	Attached    bool   `setting:"attached" title:"Документ внутри подписи" help:"Только для CAdES"`
	Certificate string `setting:"certificate" title:"Отпечаток сертификата (SHA-1)" help:"Пусто — сертификат по умолчанию"`
	Data        string `setting:"data" title:"Данные в base64" help:"Только для подписи без оболочки, вместо файла"`
}

type signOutput struct {
	Format          string           `setting:"format" title:"Формат"`
	Algorithm       string           `setting:"algorithm" title:"Алгоритм ключа"`
	Digest          string           `setting:"digest" title:"Алгоритм хэша"`
	SignatureMethod string           `setting:"signature_method" title:"URI алгоритма подписи (XMLDSig)"`
	DigestMethod    string           `setting:"digest_method" title:"URI алгоритма хэша (XMLDSig)"`
	Signature       string           `setting:"signature" title:"Подпись без оболочки в base64"`
	Certificate     certificateEntry `setting:"certificate" title:"Сертификат"`
	Signed          []signedEntry    `setting:"signed" title:"Подписанные файлы"`
}

type signedEntry struct {
	Document  string `setting:"document" title:"Документ"`
	Signature string `setting:"signature" title:"Файл подписи"`
	Digest    string `setting:"digest" title:"Хэш документа, hex"`
}

type hashInput struct {
	Algorithm string `setting:"algorithm" title:"Алгоритм" enum:"gost256=ГОСТ Р 34.11-2012 (256),gost512=ГОСТ Р 34.11-2012 (512),sha1=SHA-1,sha256=SHA-256,sha384=SHA-384,sha512=SHA-512,md5=MD5" help:"Пусто — алгоритм сертификата по умолчанию"`
	Data      string `setting:"data" title:"Данные в base64"`
}

type hashOutput struct {
	Algorithm    string        `setting:"algorithm" title:"Алгоритм"`
	DigestMethod string        `setting:"digest_method" title:"URI алгоритма (XMLDSig)"`
	Digests      []digestEntry `setting:"digests" title:"Хэши"`
}

type digestEntry struct {
	Name   string `setting:"name" title:"Файл" help:"Пусто — поле data"`
	Size   int    `setting:"size" title:"Размер, байт"`
	Hex    string `setting:"hex" title:"Хэш, hex"`
	Base64 string `setting:"base64" title:"Хэш, base64"`
}

type certificatesInput struct{}

type certificatesOutput struct {
	Certificates []certificateEntry `setting:"certificates" title:"Сертификаты"`
}

// certificateEntry is a certificate we can sign with.
type certificateEntry struct {
	Thumbprint string     `setting:"thumbprint" title:"Отпечаток (SHA-1)"`
	Default    bool       `setting:"default" title:"По умолчанию"`
	Raw        bool       `setting:"raw" title:"Умеет подпись без оболочки"`
	DER        string     `setting:"der" title:"Сертификат (DER, base64)"`
	Chain      []string   `setting:"chain" title:"Цепочка (DER, base64)"`
	Algorithm  string     `setting:"algorithm" title:"Алгоритм ключа" help:"gost2012-256, gost2012-512, rsa, ecdsa"`
	Digest     string     `setting:"digest" title:"Алгоритм хэша" help:"gost256, gost512, sha256, sha384, sha512"`
	Serial     string     `setting:"serial" title:"Серийный номер, hex"`
	IssuerName string     `setting:"issuer_name" title:"Издатель (RFC 4514)"`
	NotBefore  string     `setting:"not_before" title:"Действует с"`
	NotAfter   string     `setting:"not_after" title:"Действует по"`
	Holder     pki.Holder `setting:"holder" title:"Владелец"`
}

type verifyInput struct {
	ReceivedAt string `setting:"received_at" title:"Когда получено" help:"RFC 3339; пусто — сейчас. На этот момент проверяется срок сертификата, если нет штампа времени"`
}

type verifyOutput struct {
	Reports []judge.Report `setting:"reports" title:"Отчёты"`
}
