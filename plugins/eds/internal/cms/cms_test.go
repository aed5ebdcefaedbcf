package cms_test

import (
	"bytes"
	"testing"
	"time"

	"github.com/uzel-hub/uzel/plugins/eds/edstest"
	"github.com/uzel-hub/uzel/plugins/eds/internal/cms"
	"github.com/uzel-hub/uzel/plugins/eds/internal/pki"
)

// TestWhatIsBuiltIsReadBack makes a signature with a value of no meaning and
// reads every part of it.
func TestWhatIsBuiltIsReadBack(t *testing.T) {
	ca := edstest.New(t, edstest.GOST(256, "A"))
	chain, err := pki.ParseCertificates(append(edstest.Read(t, ca.Issue("user").Certificate), edstest.Read(t, ca.Root)...))
	if err != nil {
		t.Fatal(err)
	}
	at := time.Date(2055, 1, 2, 3, 4, 5, 0, time.UTC) // beyond UTCTime
	d := cms.Draft{Certificate: chain[0], Chain: chain[1:], Sum: []byte("sum"), Content: []byte("document"), At: at}
	over, err := d.ToSign()
	if err != nil {
		t.Fatal(err)
	}
	raw, err := d.Finish([]byte("value"))
	if err != nil {
		t.Fatal(err)
	}
	got, err := cms.Parse(raw)
	if err != nil || len(got.Signers) != 1 {
		t.Fatalf("%+v, %v", got, err)
	}
	s := got.Signers[0]
	id, _, ok := s.CertificateID()
	if !bytes.Equal(s.ToVerify(), over) || string(s.Signature) != "value" || string(s.MessageDigest()) != "sum" || !s.SigningTime().Equal(at) {
		t.Errorf("%+v", s)
	}
	if !ok || !bytes.Equal(id.Hash, pki.GOST256.Sum(chain[0].Raw)) || string(got.Content) != "document" || len(got.Certificates) != 2 {
		t.Errorf("%+v %+v", id, got)
	}
}

func TestWhatIsNoSignatureIsRefused(t *testing.T) {
	for name, raw := range map[string][]byte{
		"nothing": nil, "text": []byte("Здравствуйте"), "base64 of nothing": []byte("MAA="),
		"endless depth": bytes.Repeat([]byte{0x30, 0x80}, 1000), "length beyond the end": {0x30, 0x84, 0x7F, 0xFF, 0xFF, 0xFF, 0},
	} {
		if _, err := cms.Parse(raw); err == nil {
			t.Errorf("%s is taken", name)
		}
	}
}

// FuzzParse begins with a signature of each shape (testdata/fuzz); what is taken
// must bear being looked at from all sides.
func FuzzParse(f *testing.F) {
	f.Fuzz(func(t *testing.T, raw []byte) {
		if d, err := cms.Parse(raw); err == nil {
			for _, s := range d.Signers {
				s.CertificateID()
				s.MessageDigest()
				s.ContentType()
				s.SigningTime()
				s.Timestamp()
				s.ToVerify()
			}
		}
		if st, err := cms.ParseStamp(raw); err == nil && st.SignedData == nil {
			t.Error("a stamp without its signature")
		}
	})
}
