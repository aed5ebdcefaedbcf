package toolout_test

import (
	"slices"
	"testing"

	"github.com/uzel-hub/uzel/plugins/eds/internal/toolout"
)

func TestCodes(t *testing.T) {
	for out, want := range map[string]struct {
		code uint32
		told bool
	}{
		"готово\n[ErrorCode: 0x00000000]\n":                  {0, true},
		"[ErrorCode: 0x8010006b]":                            {0x8010006b, true},
		"[ReturnCode: 0]":                                    {0, true},
		"[ErrorCode: 0x00000000]\n[ErrorCode: 0x80090016]\n": {0x80090016, true},
		"[ReturnCode: 9999999999]":                           {1, true},
		"молчание":                                           {0, false},
		"\xcf\xee\xe4\xef\xe8\xf1\xfc\r\n[ErrorCode: 0x0]":   {0, true},
	} {
		if code, told := toolout.Code([]byte(out)); code != want.code || told != want.told {
			t.Errorf("%q: %#x %v", out, code, told)
		}
	}
}

// list is what certmgr prints; the second entry in cp1251, the third without a
// key, the fourth the first again.
const list = "Certmgr 1.1\r\n=====\r\n" +
	"1-------\r\nSubject             : CN=a: SHA1 Thumbprint : ff\r\nSHA1 Thumbprint     : 0x00112233445566778899AABBCCDDEEFF00112233\r\nPrivateKey Link     : Yes\r\n" +
	"2-------\r\nSHA1 \xee\xf2\xef\xe5\xf7\xe0\xf2\xee\xea      : aa112233445566778899aabbccddeeff00112233\r\n" +
	"3-------\r\nSHA1 Thumbprint     : bb112233445566778899aabbccddeeff00112233\r\nPrivateKey Link     : No\r\n" +
	"4-------\r\nSHA1 Hash           : 00112233445566778899aabbccddeeff00112233\r\n=====\r\n[ErrorCode: 0x00000000]\r\n"

func TestThumbprints(t *testing.T) {
	want := []string{"00112233445566778899aabbccddeeff00112233", "aa112233445566778899aabbccddeeff00112233"}
	if got := toolout.Thumbprints([]byte(list)); !slices.Equal(got, want) {
		t.Errorf("%q", got)
	}
}

func FuzzOutput(f *testing.F) {
	f.Add([]byte(list))
	f.Fuzz(func(t *testing.T, out []byte) {
		toolout.Code(out)
		for _, p := range toolout.Thumbprints(out) {
			if len(p) != 40 {
				t.Errorf("%q is no thumbprint", p)
			}
		}
	})
}
