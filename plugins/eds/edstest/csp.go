package edstest

import (
	"fmt"
	"os"
	"path/filepath"
	"testing"
)

// CSP is a folder of programs that take the switches of CryptoPro's and sign with
// OpenSSL: what the connector needs to be tested without a licence. The store has
// the certificates of the holders; signing wants the PIN, if it is not empty.
func CSP(t testing.TB, p *PKI, pin string, holders ...Holder) string {
	t.Helper()
	dir := t.TempDir()
	store := ""
	for i, h := range holders {
		p.OpenSSL("x509", "-in", h.Certificate, "-outform", "DER", "-out", filepath.Join(dir, fmt.Sprintf("%d.cer", i)))
		store += fmt.Sprintf("%d\t%s\t%s\n", i, h.Certificate, h.Key)
	}
	write := func(name, text string) {
		if err := os.WriteFile(filepath.Join(dir, name), []byte(text), 0o700); err != nil { //nolint:gosec // programs are run
			t.Fatal(err)
		}
	}
	write("store", store)
	head := fmt.Sprintf(cspHead, p.Path("engine.cnf"), dir, pin)
	write("certmgr", head+cspCertmgr)
	write("cryptcp", head+cspCryptcp)
	write("csptest", head+cspCsptest)
	return dir
}

const cspHead = `#!/bin/bash
export OPENSSL_CONF='%s'
here='%s' pin='%s'
print_of() { sha1sum "$here/$1.cer" | cut -c1-40; }
find_key() { # thumbprint: sets cert and key
  while IFS=$'\t' read -r n c k; do
    if [ "$(print_of "$n")" = "$1" ]; then cert=$c key=$k; return 0; fi
  done <"$here/store"
  echo '[ErrorCode: 0x80090016]'; exit 1
}
need_pin() {
  [ -z "$pin" ] || [ "$1" = "$pin" ] || { echo '[ErrorCode: 0x8010006b]'; exit 1; }
}
`

const cspCertmgr = `
if [ "$1" = -list ]; then
  echo 'Certmgr 1.1 (c) "Crypto-Pro"'
  echo '============================================================================='
  i=1
  while IFS=$'\t' read -r n c k; do
    echo "$((i++))-------"
    echo "Issuer              : CN=Test"
    echo "SHA1 Thumbprint     : $(print_of "$n")"
    echo "PrivateKey Link     : Yes"
  done <"$here/store"
  echo '============================================================================='
  echo '[ErrorCode: 0x00000000]'
  exit 0
fi
while [ $# -gt 0 ]; do
  case $1 in
    -thumbprint) thumbprint=$2; shift ;;
    -dest) dest=$2; shift ;;
  esac
  shift
done
while IFS=$'\t' read -r n c k; do
  [ "$(print_of "$n")" = "$thumbprint" ] && cp "$here/$n.cer" "$dest" && echo '[ErrorCode: 0x00000000]' && exit 0
done <"$here/store"
echo '[ErrorCode: 0x8010002c]'; exit 1
`

const cspCryptcp = `
attached=-nodetach
while [ $# -gt 2 ]; do
  case $1 in
    -thumbprint) thumbprint=$2; shift ;;
    -pin) given=$2; shift ;;
    -detached) attached= ;;
  esac
  shift
done
find_key "$thumbprint"
need_pin "$given"
openssl cms -sign -binary -cades $attached -in "$1" -signer "$cert" -inkey "$key" -outform DER -out "$2" ||
  { echo '[ErrorCode: 0x20000065]'; exit 1; }
echo '[ErrorCode: 0x00000000]'
`

const cspCsptest = `
while [ $# -gt 0 ]; do
  case $1 in
    -my) thumbprint=$2; shift ;;
    -in) in=$2; shift ;;
    -out) out=$2; shift ;;
    -password) given=$2; shift ;;
  esac
  shift
done
find_key "$thumbprint"
need_pin "$given"
openssl cms -sign -binary -noattr -in "$in" -signer "$cert" -inkey "$key" -outform DER -out "$out" ||
  { echo '[ErrorCode: 0x80090020]'; exit 1; }
echo '[ErrorCode: 0x00000000]'
`
