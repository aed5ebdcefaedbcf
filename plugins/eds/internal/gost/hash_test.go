package gost_test

import (
	"bytes"
	"encoding/hex"
	"os/exec"
	"testing"

	"github.com/uzel-hub/uzel/plugins/eds/internal/gost"
)

// TestHashKnowsTheAnswers uses the sums that OpenSSL's engine prints, in the byte
// order of files.
func TestHashKnowsTheAnswers(t *testing.T) {
	for _, c := range []struct{ text, sum256, sum512 string }{
		{
			"", "3f539a213e97c802cc229d474c6aa32a825a360b2a933a949fd925208d9ce1bb",
			"8e945da209aa869f0455928529bcae4679e9873ab707b55315f56ceb98bef0a7362f715528356ee83cda5f2aac4c6ad2ba3a715c1bcd81cb8e9f90bf4c1c1a8a",
		},
		{
			"abc", "4e2919cf137ed41ec4fb6270c61826cc4fffb660341e0af3688cd0626d23b481",
			"28156e28317da7c98f4fe2bed6b542d0dab85bb224445fcedaf75d46e26d7eb8d5997f3e0915dd6b7f0aab08d9c8beb0d8c64bae2ab8b3c8c6bc53b3bf0db728",
		},
	} {
		short, long := gost.New256(), gost.New512()
		short.Write([]byte(c.text)) //nolint:errcheck // a hash takes everything
		long.Write([]byte(c.text))  //nolint:errcheck // a hash takes everything
		if got := hex.EncodeToString(short.Sum(nil)); got != c.sum256 {
			t.Errorf("256 of %q: %s", c.text, got)
		}
		if got := hex.EncodeToString(long.Sum(nil)); got != c.sum512 {
			t.Errorf("512 of %q: %s", c.text, got)
		}
	}
}

// TestHashAgreesWithOpenSSL compares messages around the bounds of blocks, with
// all bits set so that sums carry over.
func TestHashAgreesWithOpenSSL(t *testing.T) {
	for _, n := range []int{1, 63, 64, 65, 127, 128, 1000} {
		text := bytes.Repeat([]byte{0xFF}, n)
		h := gost.New512()
		for i := range text {
			h.Write(text[i : i+1]) //nolint:errcheck // a hash takes everything
		}
		cmd := exec.CommandContext(t.Context(), "openssl", "dgst", "-engine", "gost", "-md_gost12_512", "-binary")
		cmd.Stdin = bytes.NewReader(text)
		want, err := cmd.Output()
		if err != nil {
			t.Fatalf("openssl with its GOST engine is needed: %v", err)
		}
		if !bytes.Equal(h.Sum(nil), want) {
			t.Errorf("%d bytes: %x, OpenSSL says %x", n, h.Sum(nil), want)
		}
	}
}
