package pki_test

import (
	"testing"
	"time"

	"github.com/uzel-hub/uzel/plugins/eds/edstest"
	"github.com/uzel-hub/uzel/plugins/eds/internal/pki"
)

func read(t testing.TB, path string) *pki.Certificate {
	t.Helper()
	all, err := pki.ParseCertificates(edstest.Read(t, path))
	if err != nil || len(all) != 1 {
		t.Fatalf("%d certificates, %v", len(all), err)
	}
	return all[0]
}

// TestChains has an authority below the root, and others that may not issue.
func TestChains(t *testing.T) {
	for _, kind := range []edstest.Kind{edstest.GOST(256, "A"), edstest.RSA(), edstest.ECDSA("P-256")} {
		ca, foreign := edstest.New(t, kind), edstest.New(t, kind)
		root, user := read(t, ca.Root), read(t, ca.Issue("user").Certificate)
		now := time.Now()
		for name, c := range map[string]struct {
			others, roots []*pki.Certificate
			at            time.Time
			want          error
		}{
			"to the root":             {nil, []*pki.Certificate{root}, now, nil},
			"no root":                 {[]*pki.Certificate{root}, nil, now, pki.ErrUntrusted},
			"of another key":          {nil, []*pki.Certificate{read(t, foreign.Root)}, now, pki.ErrUntrusted},
			"the root not in force":   {nil, []*pki.Certificate{root}, now.AddDate(20, 0, 0), pki.ErrBadChain},
			"itself trusted":          {nil, []*pki.Certificate{user}, now, nil},
			"a heap of the same name": {[]*pki.Certificate{root, root, root}, []*pki.Certificate{read(t, foreign.Root)}, now, pki.ErrUntrusted},
		} {
			chain, err := pki.Chain(user, c.others, c.roots, c.at)
			if err != c.want || (err == nil) != (len(chain) > 0) {
				t.Errorf("%s: %d certificates, %v, want %v", name, len(chain), err, c.want)
			}
		}
	}
}

func TestListsSpeakForTheirIssuerOnly(t *testing.T) {
	ca := edstest.New(t, edstest.GOST(512, "A"))
	bad, good := ca.Issue("bad"), ca.Issue("good")
	list, err := pki.ParseCRL(ca.CRL(bad), "тест")
	if err != nil {
		t.Fatal(err)
	}
	root, now := read(t, ca.Root), time.Now()
	if !list.Speaks(root, now, now) {
		t.Error("the issuer's own list does not speak")
	}
	if list.Speaks(read(t, edstest.New(t, edstest.GOST(512, "A")).Root), now, now) {
		t.Error("a list speaks for another authority of that name")
	}
	if list.Speaks(root, now.AddDate(0, 1, 0), now.AddDate(0, 1, 0)) || list.Speaks(root, now, now.AddDate(-1, 0, 0)) {
		t.Error("an old or a coming list speaks")
	}
	if e := list.Revoked(read(t, bad.Certificate)); e == nil || pki.ReasonWords(e.ReasonCode) != "компрометация ключа" {
		t.Errorf("revoked: %+v", e)
	}
	if list.Revoked(read(t, good.Certificate)) != nil {
		t.Error("a good one is revoked")
	}
}

func TestOldOrganisationsINNIsFound(t *testing.T) {
	c := read(t, edstest.New(t, edstest.RSA()).IssueFor("user", "plain").Certificate)
	if h := pki.HolderOf(c.Subject); h.INNLE != "7700000001" || h.INN != "770000000012" || c.Qualified() {
		t.Errorf("%+v, qualified %v", h, c.Qualified())
	}
	for i, a := range c.Subject.Names {
		switch a.Type.String() {
		case "1.2.643.3.131.1.1":
			c.Subject.Names[i].Value = "007700000001"
		case "1.2.643.100.4":
			c.Subject.Names[i].Value = ""
		}
	}
	if h := pki.HolderOf(c.Subject); h.INNLE != "7700000001" || h.INN != "" {
		t.Errorf("padded: %+v", h)
	}
}

func FuzzParseCertificates(f *testing.F) {
	root := read(f, "testdata/root.pem")
	f.Fuzz(func(t *testing.T, raw []byte) {
		all, err := pki.ParseCertificates(raw)
		if err != nil {
			return
		}
		for _, c := range all {
			pki.HolderOf(c.Subject)
			c.Qualified()
			c.SignTool()
			c.Words()
			c.Algorithm()
			if chain, err := pki.Chain(c, all, []*pki.Certificate{root}, time.Now()); err == nil && len(chain) == 0 {
				t.Error("a chain of nothing")
			}
		}
	})
}

func FuzzParseCRL(f *testing.F) {
	root := read(f, "testdata/root.pem")
	f.Fuzz(func(_ *testing.T, raw []byte) {
		if list, err := pki.ParseCRL(raw, ""); err == nil {
			list.Speaks(root, time.Now(), time.Now())
			list.Revoked(root)
		}
	})
}
