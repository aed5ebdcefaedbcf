// Package edstest makes certification authorities, certificates, revocation
// lists and time stamps with OpenSSL and its GOST engine, for tests of the
// signature connector and of what calls it. It serves tests only.
package edstest

import (
	"bytes"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
)

// Kind is a sort of keys.
type Kind struct {
	Name      string
	algorithm string
	option    string
	digest    string
}

// GOST is a kind of GOST R 34.10-2012 keys: bits 256 or 512, the parameter set as
// the engine calls it (A, TCA …).
func GOST(bits int, set string) Kind {
	return Kind{
		fmt.Sprintf("gost%d-%s", bits, set), fmt.Sprintf("gost2012_%d", bits), "paramset:" + set, fmt.Sprintf("-md_gost12_%d", bits),
	}
}

// RSA is a kind of keys of 2048 bits.
func RSA() Kind { return Kind{"rsa", "RSA", "rsa_keygen_bits:2048", "-sha256"} }

// ECDSA is a kind of keys on the curve (P-256, P-384).
func ECDSA(curve string) Kind {
	return Kind{"ecdsa-" + curve, "EC", "ec_paramgen_curve:" + curve, "-sha256"}
}

// PKI is a certification authority in a folder of the test.
type PKI struct {
	t      testing.TB
	dir    string
	kind   Kind
	serial int
	Root   string // path of its certificate
}

// Holder is a certificate with its key.
type Holder struct {
	Certificate, Key string // paths of PEM
	Serial           int
}

// Read is a file of the authority, by its path.
func Read(t testing.TB, path string) []byte {
	t.Helper()
	raw, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	return raw
}

// New makes an authority with keys of the kind.
func New(t testing.TB, kind Kind) *PKI {
	t.Helper()
	p := &PKI{t: t, dir: t.TempDir(), kind: kind, serial: 0x1000}
	p.Write("engine.cnf", engineConf)
	p.Write("pki.cnf", pkiConf)
	p.Root = p.Path("ca.pem")
	p.key("ca.key")
	p.OpenSSL("req", "-new", "-x509", kind.digest, "-days", "3650", "-key", p.Path("ca.key"), "-config", p.Path("pki.cnf"),
		"-extensions", "ca", "-subj", "/C=RU/O=Test CA/CN=Test CA "+kind.Name, "-out", p.Root)
	return p
}

// Path is where a file of the authority lies.
func (p *PKI) Path(name string) string { return filepath.Join(p.dir, name) }

// Write puts a file beside the authority's and returns its path.
func (p *PKI) Write(name, text string) string {
	p.t.Helper()
	if err := os.WriteFile(p.Path(name), []byte(text), 0o600); err != nil {
		p.t.Fatal(err)
	}
	return p.Path(name)
}

// OpenSSL runs the tool with the engine loaded for this run only.
func (p *PKI) OpenSSL(args ...string) []byte {
	p.t.Helper()
	out, err := p.Try("openssl", args...)
	if err != nil {
		p.t.Fatalf("openssl %s (libengine-gost-openssl is needed): %v\n%s", strings.Join(args, " "), err, out)
	}
	return out
}

// Try runs a tool in the folder and returns what it says.
func (p *PKI) Try(tool string, args ...string) ([]byte, error) {
	cmd := exec.CommandContext(p.t.Context(), tool, args...)
	cmd.Dir = p.dir
	cmd.Env = append(os.Environ(), "OPENSSL_CONF="+p.Path("engine.cnf"))
	var out bytes.Buffer
	cmd.Stdout, cmd.Stderr = &out, &out
	err := cmd.Run()
	return out.Bytes(), err
}

func (p *PKI) key(name string) {
	p.t.Helper()
	p.OpenSSL("genpkey", "-algorithm", p.kind.algorithm, "-pkeyopt", p.kind.option, "-out", p.Path(name))
}

// Issue gives a certificate to a person who signs for an organisation.
func (p *PKI) Issue(name string) Holder { return p.issue(name, "user") }

// IssueFor gives a certificate with the extensions of the section: user, plain
// (no signs of a qualified one), tsa, server (not for signing), sub (another
// authority).
func (p *PKI) IssueFor(name, section string) Holder { return p.issue(name, section) }

func (p *PKI) issue(name, section string) Holder {
	p.t.Helper()
	p.serial++
	h := Holder{Certificate: p.Path(name + ".pem"), Key: p.Path(name + ".key"), Serial: p.serial}
	p.key(name + ".key")
	request := []string{"req", "-new", p.kind.digest, "-key", h.Key, "-config", p.Path("pki.cnf"), "-out", p.Path(name + ".csr")}
	if section != "user" && section != "plain" {
		request = append(request, "-subj", "/C=RU/CN=Test "+name)
	}
	p.OpenSSL(request...)
	p.OpenSSL("x509", "-req", "-in", p.Path(name+".csr"), "-CA", p.Root, "-CAkey", p.Path("ca.key"), "-set_serial", fmt.Sprint(h.Serial),
		p.kind.digest, "-days", "450", "-extfile", p.Path("pki.cnf"), "-extensions", section, "-out", h.Certificate)
	return h
}

// CRL is a fresh list of the authority that revokes the given certificates, in
// PEM.
func (p *PKI) CRL(revoked ...Holder) []byte {
	p.t.Helper()
	index := "V\t400101000000Z\t\t0F\tunknown\t/CN=nobody\n"
	for _, h := range revoked {
		index += fmt.Sprintf("R\t400101000000Z\t200101000000Z,keyCompromise\t%04X\tunknown\t/CN=%d\n", h.Serial, h.Serial)
	}
	p.Write("index.txt", index)
	p.Write("index.txt.attr", "unique_subject = no\n")
	p.Write("crlnumber", "01\n")
	p.Write("crl.cnf", "[ca]\ndefault_ca = c\n[c]\ndatabase = index.txt\ncrlnumber = crlnumber\ndefault_md = "+
		strings.TrimPrefix(p.kind.digest, "-")+"\ndefault_crl_days = 7\n")
	p.OpenSSL("ca", "-gencrl", "-config", p.Path("crl.cnf"), "-cert", p.Root, "-keyfile", p.Path("ca.key"), "-out", p.Path("ca.crl"))
	return Read(p.t, p.Path("ca.crl"))
}

// Stamp is a time stamp token of the service h over the bytes, DER.
func (p *PKI) Stamp(h Holder, over []byte) []byte {
	p.t.Helper()
	p.Write("tsaserial", "01\n")
	p.Write("tsa.cnf", "[tsa]\ndefault_tsa = t\n[t]\nserial = tsaserial\ndefault_policy = 1.2.3.4\nsigner_digest = "+
		strings.TrimPrefix(p.kind.digest, "-")+"\ndigests = md_gost12_256, md_gost12_512, sha256\n")
	p.OpenSSL("ts", "-query", "-data", p.Write("stamped.bin", string(over)), p.kind.digest, "-cert", "-out", p.Path("q.tsq"))
	p.OpenSSL("ts", "-reply", "-queryfile", p.Path("q.tsq"), "-signer", h.Certificate, "-inkey", h.Key, "-config", p.Path("tsa.cnf"),
		"-token_out", "-out", p.Path("t.tst"))
	return Read(p.t, p.Path("t.tst"))
}

// Sign makes a detached CAdES signature of the text in DER; more are further
// arguments of openssl cms.
func (p *PKI) Sign(h Holder, text string, more ...string) []byte {
	p.t.Helper()
	args := []string{
		"cms", "-sign", "-binary", "-cades", "-in", p.Write("signed.txt", text), "-signer", h.Certificate, "-inkey", h.Key,
		"-md", strings.TrimPrefix(p.kind.digest, "-"), "-outform", "DER", "-out", p.Path("signed.p7s"),
	}
	p.OpenSSL(append(args, more...)...)
	return Read(p.t, p.Path("signed.p7s"))
}

// SignBare makes a detached CMS without signed attributes: the signature is over
// the text itself.
func (p *PKI) SignBare(h Holder, text string) []byte {
	p.t.Helper()
	p.OpenSSL("cms", "-sign", "-binary", "-noattr", "-in", p.Write("signed.txt", text), "-signer", h.Certificate, "-inkey", h.Key,
		"-md", strings.TrimPrefix(p.kind.digest, "-"), "-outform", "DER", "-out", p.Path("signed.p7s"))
	return Read(p.t, p.Path("signed.p7s"))
}

// SignGnuTLS makes a detached CMS signature of the text in DER with GnuTLS, which
// knows the kinds that VerifyGnuTLS does; more are further arguments of certtool.
func (p *PKI) SignGnuTLS(h Holder, text string, more ...string) []byte {
	p.t.Helper()
	args := []string{
		"--p7-detached-sign", "--load-certificate", h.Certificate, "--load-privkey", h.Key, "--infile", p.Write("signed.txt", text),
		"--outder", "--outfile", p.Path("signed.p7s"),
	}
	if out, err := p.Try("certtool", append(args, more...)...); err != nil {
		p.t.Fatalf("certtool --p7-detached-sign (gnutls-bin is needed): %v: %s", err, out)
	}
	return Read(p.t, p.Path("signed.p7s"))
}

// Content asks OpenSSL for the document inside an attached CAdES signature that
// holds.
func (p *PKI) Content(sig []byte) (string, error) {
	p.t.Helper()
	out, err := p.Try("openssl", "cms", "-verify", "-cades", "-binary", "-inform", "DER", "-in", p.Write("check.p7s", string(sig)),
		"-CAfile", p.Root, "-purpose", "any", "-out", p.Path("inside.txt"))
	if err != nil {
		return "", fmt.Errorf("openssl cms -verify: %w: %s", err, out)
	}
	return string(Read(p.t, p.Path("inside.txt"))), nil
}

// Verify asks OpenSSL about a detached CAdES signature of the text; it returns
// what the tool says when it refuses.
func (p *PKI) Verify(sig []byte, text string, more ...string) error {
	p.t.Helper()
	args := []string{
		"cms", "-verify", "-cades", "-binary", "-inform", "DER", "-in", p.Write("check.p7s", string(sig)), "-content",
		p.Write("check.txt", text), "-CAfile", p.Root, "-purpose", "any", "-out", os.DevNull,
	}
	if out, err := p.Try("openssl", append(args, more...)...); err != nil {
		return fmt.Errorf("openssl cms -verify: %w: %s", err, out)
	}
	return nil
}

// VerifyGnuTLS asks GnuTLS the same; it knows neither the curves of Edwards
// origin nor the other parameter sets of 256 bits.
func (p *PKI) VerifyGnuTLS(sig []byte, text string) error {
	p.t.Helper()
	out, err := p.Try("certtool", "--p7-verify", "--inder", "--infile", p.Write("check.p7s", string(sig)),
		"--load-data", p.Write("check.txt", text), "--load-ca-certificate", p.Root)
	if err != nil {
		return fmt.Errorf("certtool --p7-verify (gnutls-bin is needed): %w: %s", err, out)
	}
	return nil
}

const engineConf = `openssl_conf = init
[init]
engines = engs
[engs]
gost = gost_eng
[gost_eng]
engine_id = gost
default_algorithms = ALL
`

const pkiConf = `oid_section = oids
[oids]
INNLE = 1.2.643.100.4
[req]
distinguished_name = dn
prompt = no
utf8 = yes
string_mask = utf8only
[dn]
C = RU
O = ТСЖ «Ромашка»
title = Председатель правления
SN = Иванов
GN = Иван Иванович
CN = Иванов Иван Иванович
OGRN = 1027700132195
SNILS = 11223344595
INN = 770000000012
INNLE = 7700000001
[ca]
basicConstraints = critical,CA:TRUE
keyUsage = critical,keyCertSign,cRLSign
subjectKeyIdentifier = hash
[sub]
basicConstraints = critical,CA:TRUE,pathlen:0
keyUsage = critical,keyCertSign,cRLSign
subjectKeyIdentifier = hash
authorityKeyIdentifier = keyid
[user]
basicConstraints = CA:FALSE
keyUsage = critical,digitalSignature,nonRepudiation
extendedKeyUsage = clientAuth,emailProtection
authorityKeyIdentifier = keyid
certificatePolicies = 1.2.643.100.113.1,1.2.643.100.113.2
1.2.643.100.111 = ASN1:FORMAT:UTF8,UTF8String:Тестовое СКЗИ
1.2.643.100.112 = ASN1:SEQUENCE:issuer_tool
[issuer_tool]
a = FORMAT:UTF8,UTF8String:Тестовое СКЗИ
b = FORMAT:UTF8,UTF8String:Тестовый УЦ
c = FORMAT:UTF8,UTF8String:Заключение 1
d = FORMAT:UTF8,UTF8String:Заключение 2
[plain]
basicConstraints = CA:FALSE
keyUsage = critical,digitalSignature
authorityKeyIdentifier = keyid
[server]
basicConstraints = CA:FALSE
keyUsage = critical,keyEncipherment
authorityKeyIdentifier = keyid
[tsa]
basicConstraints = CA:FALSE
keyUsage = critical,digitalSignature
extendedKeyUsage = critical,timeStamping
`
