package gost_test

import (
	"crypto/rand"
	"encoding/pem"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"testing"

	"github.com/uzel-hub/uzel/plugins/eds/internal/gost"
)

// openssl runs the tool with the engine loaded.
func openssl(t *testing.T, args ...string) []byte {
	t.Helper()
	conf := filepath.Join(t.TempDir(), "gost.cnf")
	text := "openssl_conf = i\n[i]\nengines = e\n[e]\ngost = g\n[g]\nengine_id = gost\ndefault_algorithms = ALL\n"
	if err := os.WriteFile(conf, []byte(text), 0o600); err != nil {
		t.Fatal(err)
	}
	cmd := exec.CommandContext(t.Context(), "openssl", args...)
	cmd.Env = append(os.Environ(), "OPENSSL_CONF="+conf)
	out, err := cmd.Output()
	if err != nil {
		t.Fatalf("openssl %v (its GOST engine is needed): %v", args, err)
	}
	return out
}

// TestSignaturesOfOpenSSLVerify goes through every parameter set in use, and sees
// that anything changed is refused.
func TestSignaturesOfOpenSSLVerify(t *testing.T) {
	for _, c := range [][2]string{
		{"gost2012_256", "A"},
		{"gost2012_256", "B"},
		{"gost2012_256", "C"},
		{"gost2012_256", "XA"},
		{"gost2012_256", "XB"},
		{"gost2012_256", "TCA"},
		{"gost2012_256", "TCB"},
		{"gost2012_256", "TCC"},
		{"gost2012_256", "TCD"},
		{"gost2012_512", "A"},
		{"gost2012_512", "B"},
		{"gost2012_512", "C"},
	} {
		t.Run(c[0]+"-"+c[1], func(t *testing.T) {
			key, sum, sig := signed(t, c[0], c[1])
			if err := key.Verify(sum, sig); err != nil {
				t.Fatal(err)
			}
			refused(t, key, sum, sig)
		})
	}
}

func signed(t *testing.T, algorithm, set string) (key *gost.PublicKey, sum, sig []byte) {
	t.Helper()
	path := filepath.Join(t.TempDir(), "key.pem")
	openssl(t, "genpkey", "-algorithm", algorithm, "-pkeyopt", "paramset:"+set, "-out", path)
	public, _ := pem.Decode(openssl(t, "pkey", "-in", path, "-pubout"))
	key, err := gost.ParsePublicKey(public.Bytes)
	if err != nil {
		t.Fatal(err)
	}
	document := rand.Text()
	file := filepath.Join(t.TempDir(), "document")
	if err := os.WriteFile(file, []byte(document), 0o600); err != nil {
		t.Fatal(err)
	}
	md := map[int]string{256: "-md_gost12_256", 512: "-md_gost12_512"}[key.Curve.Bits()]
	sig = openssl(t, "dgst", md, "-sign", path, file)
	h := key.New()
	h.Write([]byte(document)) //nolint:errcheck // a hash takes everything
	return key, h.Sum(nil), sig
}

func refused(t *testing.T, key *gost.PublicKey, sum, sig []byte) {
	t.Helper()
	half := len(sig) / 2
	flipped := slices.Clone(sum)
	flipped[0] ^= 1
	if key.Verify(flipped, sig) == nil {
		t.Error("another document verifies")
	}
	zero, order := make([]byte, half), key.Curve.Q.FillBytes(make([]byte, half))
	for name, bad := range map[string][]byte{
		"swapped": slices.Concat(sig[half:], sig[:half]), "short": sig[1:], "empty": nil,
		"s is 0": slices.Concat(zero, sig[half:]), "r is 0": slices.Concat(sig[:half], zero),
		"s is q": slices.Concat(order, sig[half:]), "r is q": slices.Concat(sig[:half], order),
	} {
		if key.Verify(sum, bad) == nil {
			t.Errorf("%s: verifies", name)
		}
	}
}

func TestKeysThatProveNothingAreRefused(t *testing.T) {
	path := filepath.Join(t.TempDir(), "key.pem")
	openssl(t, "genpkey", "-algorithm", "gost2012_256", "-pkeyopt", "paramset:0", "-out", path)
	test, _ := pem.Decode(openssl(t, "pkey", "-in", path, "-pubout"))
	if _, err := gost.ParsePublicKey(test.Bytes); err == nil {
		t.Error("a key on the test curve is taken")
	}
	openssl(t, "genpkey", "-algorithm", "gost2012_256", "-pkeyopt", "paramset:A", "-out", path)
	good, _ := pem.Decode(openssl(t, "pkey", "-in", path, "-pubout"))
	good.Bytes[len(good.Bytes)-1] ^= 1
	if _, err := gost.ParsePublicKey(good.Bytes); err == nil {
		t.Error("a point off the curve is taken")
	}
}

func FuzzParsePublicKey(f *testing.F) {
	f.Fuzz(func(t *testing.T, raw []byte) {
		if key, err := gost.ParsePublicKey(raw); err == nil {
			_ = key.Verify(make([]byte, key.Curve.Bits()/8), raw)
		}
	})
}
