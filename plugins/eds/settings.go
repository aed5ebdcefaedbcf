package main

import (
	"github.com/uzel-hub/uzel/sdk"
)

type settings struct {
	BackEnd   string            `setting:"back_end" title:"Средство подписи" default:"openssl" enum:"openssl=Ключ в файле (OpenSSL),pkcs12=Контейнер PKCS#12,cryptopro=КриптоПро CSP,none=Только проверка"`
	Program   string            `setting:"program" title:"Программа openssl" default:"/usr/bin/openssl" when:"back_end=openssl,pkcs12" help:"Для ключей ГОСТ нужен её модуль gost (пакет libengine-gost-openssl)"`
	Key       keySettings       `setting:"key" title:"Ключ в файле" when:"back_end=openssl"`
	PKCS12    pkcs12Settings    `setting:"pkcs12" title:"Контейнер PKCS#12" when:"back_end=pkcs12"`
	CryptoPro cryptoProSettings `setting:"cryptopro" title:"КриптоПро CSP" when:"back_end=cryptopro"`
	Trust     trustSettings     `setting:"trust" title:"Кому доверять"`
}

type keySettings struct {
	Certificate string     `setting:"certificate" title:"Сертификат" multiline:"true" help:"PEM; за ним могут следовать сертификаты издателей"`
	Key         sdk.Secret `setting:"key" title:"Закрытый ключ" help:"PEM (PKCS#8)"`
	KeyFile     string     `setting:"key_file" title:"Файл закрытого ключа" help:"Вместо ключа: путь к PEM на сервере" example:"/etc/uzel/sign.key"`
	Password    sdk.Secret `setting:"password" title:"Пароль ключа"`
}

type pkcs12Settings struct {
	File     string     `setting:"file" title:"Файл контейнера" help:"Путь на сервере" example:"/etc/uzel/sign.p12"`
	Password sdk.Secret `setting:"password" title:"Пароль контейнера"`
}

type cryptoProSettings struct {
	Folder     string     `setting:"folder" title:"Папка программ" default:"/opt/cprocsp/bin/amd64"`
	Thumbprint string     `setting:"thumbprint" title:"Отпечаток сертификата по умолчанию (SHA-1)" help:"Пусто — первый в хранилище с закрытым ключом"`
	PIN        sdk.Secret `setting:"pin" title:"ПИН контейнера" help:"Виден в списке процессов сервера: надёжнее сохранить его в контейнере"`
}

type trustSettings struct {
	Roots         string   `setting:"roots" title:"Корневые сертификаты" multiline:"true" help:"PEM. Подпись действительна, только если цепочка ведёт к одному из них"`
	Intermediates string   `setting:"intermediates" title:"Промежуточные сертификаты" multiline:"true" help:"PEM; для подписей, в которых нет цепочки"`
	Folder        string   `setting:"folder" title:"Папка сертификатов" help:"Путь на сервере; самоподписанные считаются корневыми, прочие промежуточными"`
	Lists         []string `setting:"lists" title:"Списки отзыва" help:"Пути на сервере или адреса http(s)" example:"http://pki.example.ru/ca.crl"`
	FromCertCDP   bool     `setting:"lists_from_certificates" title:"Загружать списки по адресам из сертификатов" default:"false" help:"Адреса берутся только из сертификатов, цепочка которых ведёт к доверенному корню"`
}
