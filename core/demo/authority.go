package demo

import (
	"context"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
)

// authority is a certification authority for a day, and the organisation's key.
type authority struct {
	dir, root, list string // folder; paths of the root and of the list of revocation
	key, sign       string // paths of the organisation's key and certificate
}

// authority makes it with OpenSSL and its GOST engine.
func (d *demo) authority(ctx context.Context) (*authority, error) {
	a := &authority{dir: filepath.Join(d.dir, "ca")}
	for name, path := range map[string]*string{"ca.pem": &a.root, "ca.crl": &a.list, "sign.key": &a.key, "sign.pem": &a.sign} {
		*path = a.path(name)
	}
	if err := os.Mkdir(a.dir, 0o700); err != nil {
		return nil, err
	}
	if _, err := exec.CommandContext(ctx, "openssl", "engine", "gost").Output(); err != nil {
		return nil, fmt.Errorf("демонстрации нужен OpenSSL с модулем GOST, поставьте их командой «make needs» (пакеты openssl и libengine-gost-openssl): %w", err)
	}
	for name, text := range map[string]string{"openssl.cnf": openSSLConf, "index.txt": "", "crlnumber": "01\n"} {
		if err := os.WriteFile(a.path(name), []byte(text), 0o600); err != nil {
			return nil, err
		}
	}
	for _, args := range [][]string{
		{"genpkey", "-algorithm", "gost2012_256", "-pkeyopt", "paramset:A", "-out", "ca.key"},
		{
			"req", "-new", "-x509", "-md_gost12_256", "-days", "30", "-key", "ca.key", "-config", "openssl.cnf", "-extensions", "root",
			"-subj", "/C=RU/O=Пробный УЦ/CN=Пробный УЦ", "-utf8", "-out", "ca.pem",
		},
		{"genpkey", "-algorithm", "gost2012_256", "-pkeyopt", "paramset:A", "-out", "sign.key"},
		{"req", "-new", "-md_gost12_256", "-key", "sign.key", "-config", "openssl.cnf", "-out", "sign.csr"},
		{
			"x509", "-req", "-in", "sign.csr", "-CA", "ca.pem", "-CAkey", "ca.key", "-set_serial", "4097", "-md_gost12_256", "-days", "30",
			"-extfile", "openssl.cnf", "-extensions", "user", "-out", "sign.pem",
		},
		{"ca", "-gencrl", "-config", "openssl.cnf", "-cert", "ca.pem", "-keyfile", "ca.key", "-out", "ca.crl"},
	} {
		if err := a.openssl(ctx, args...); err != nil {
			return nil, err
		}
	}
	return a, nil
}

func (a *authority) path(name string) string { return filepath.Join(a.dir, name) }

func (a *authority) openssl(ctx context.Context, args ...string) error {
	cmd := exec.CommandContext(ctx, "openssl", args...)
	cmd.Dir, cmd.Env = a.dir, append(os.Environ(), "OPENSSL_CONF=openssl.cnf")
	if out, err := cmd.CombinedOutput(); err != nil {
		return fmt.Errorf("openssl %s: %w: %s", args[0], err, out)
	}
	return nil
}

// openSSLConf loads the engine, and says who is certified to what.
const openSSLConf = `openssl_conf = init
oid_section = oids
[oids]
INNLE = 1.2.643.100.4
[init]
engines = engs
[engs]
gost = gost_eng
[gost_eng]
engine_id = gost
default_algorithms = ALL
[req]
distinguished_name = dn
prompt = no
utf8 = yes
string_mask = utf8only
[dn]
C = RU
O = УК «Демо»
title = Директор
SN = Демин
GN = Дмитрий Демьянович
CN = Демин Дмитрий Демьянович
OGRN = 1027700132195
SNILS = 11223344595
INN = 770000000012
INNLE = 7700000001
[ca]
default_ca = c
[root]
basicConstraints = critical,CA:TRUE
keyUsage = critical,keyCertSign,cRLSign
subjectKeyIdentifier = hash
[c]
database = index.txt
crlnumber = crlnumber
default_md = md_gost12_256
default_crl_days = 30
[user]
basicConstraints = CA:FALSE
keyUsage = critical,digitalSignature,nonRepudiation
extendedKeyUsage = clientAuth,emailProtection
authorityKeyIdentifier = keyid
`
