// Package xades signs a business element of GIS ZhKKh: XAdES-BES (ETSI TS 101
// 903), enveloped, over exclusive C14N. The bytes are hashed and signed by
// somebody else: the keys are not here.
package xades

import (
	"context"
	"crypto/x509"
	"encoding/base64"
	"fmt"
	"time"

	"github.com/beevik/etree"
	dsig "github.com/russellhaering/goxmldsig"
)

// The identifiers of the signature.
const (
	NSDSig  = "http://www.w3.org/2000/09/xmldsig#"
	NSXAdES = "http://uri.etsi.org/01903/v1.3.2#"

	excC14N   = "http://www.w3.org/2001/10/xml-exc-c14n#"
	enveloped = "http://www.w3.org/2000/09/xmldsig#enveloped-signature"
	typeProps = "http://uri.etsi.org/01903#SignedProperties"
	urnGOST   = "urn:ietf:params:xml:ns:cpxmlsec:algorithms:"
)

// Key is what a signature is made with: the certificate and the names of its
// algorithm (gost2012-256, gost2012-512, rsa, ecdsa) and digest (gost256,
// gost512, sha256, sha384, sha512).
type Key struct {
	DER               []byte
	Algorithm, Digest string
}

// Signer holds the key.
type Signer interface {
	// Key names the key that Sign will use.
	Key(ctx context.Context) (Key, error)
	// Digest hashes with the key's digest. The bytes are in the order that tools
	// print.
	Digest(ctx context.Context, k Key, data []byte) ([]byte, error)
	// Sign hashes and signs; the value is as XMLDSig has it.
	Sign(ctx context.Context, k Key, data []byte) ([]byte, error)
}

// methods are the URIs of an algorithm and its digest.
func (k Key) methods() (signature, digest string, err error) {
	switch k.Algorithm + " " + k.Digest {
	case "gost2012-256 gost256":
		return urnGOST + "gostr34102012-gostr34112012-256", urnGOST + "gostr34112012-256", nil
	case "gost2012-512 gost512":
		return urnGOST + "gostr34102012-gostr34112012-512", urnGOST + "gostr34112012-512", nil
	case "rsa sha256", "ecdsa sha256":
		return "http://www.w3.org/2001/04/xmldsig-more#" + k.Algorithm + "-sha256", "http://www.w3.org/2001/04/xmlenc#sha256", nil
	case "rsa sha384", "ecdsa sha384":
		return "http://www.w3.org/2001/04/xmldsig-more#" + k.Algorithm + "-sha384", "http://www.w3.org/2001/04/xmldsig-more#sha384", nil
	case "rsa sha512", "ecdsa sha512":
		return "http://www.w3.org/2001/04/xmldsig-more#" + k.Algorithm + "-sha512", "http://www.w3.org/2001/04/xmlenc#sha512", nil
	}
	return "", "", fmt.Errorf("no XML signature with key %s and digest %s", k.Algorithm, k.Digest)
}

// maker makes one signature.
type maker struct {
	Signer
	key               Key
	cert              *x509.Certificate
	signature, digest string // URIs
	id                string
}

// Sign puts the signature into el as its first child. el has the attribute Id
// and declares the prefixes it uses. id is the Id of the signature, unique.
func Sign(ctx context.Context, el *etree.Element, s Signer, id string, now time.Time) error {
	m := &maker{Signer: s, id: id}
	var err error
	if m.key, err = s.Key(ctx); err != nil {
		return err
	}
	if m.signature, m.digest, err = m.key.methods(); err != nil {
		return err
	}
	if m.cert, err = x509.ParseCertificate(m.key.DER); err != nil {
		return fmt.Errorf("read certificate: %w", err)
	}
	sig, err := m.make(ctx, el, now)
	if err != nil {
		return err
	}
	el.InsertChildAt(0, sig)
	return nil
}

func (m *maker) make(ctx context.Context, el *etree.Element, now time.Time) (*etree.Element, error) {
	props, err := m.properties(ctx, now)
	if err != nil {
		return nil, err
	}
	sig := etree.NewElement("ds:Signature")
	sig.CreateAttr("xmlns:ds", NSDSig)
	sig.CreateAttr("Id", m.id)
	info, err := m.info(ctx, el, props)
	if err != nil {
		return nil, err
	}
	sig.AddChild(info)
	signed, err := Canonical(info)
	if err != nil {
		return nil, err
	}
	value, err := m.Sign(ctx, m.key, signed)
	if err != nil {
		return nil, err
	}
	v := sig.CreateElement("ds:SignatureValue")
	v.CreateAttr("Id", m.id+"-sigvalue")
	v.SetText(base64.StdEncoding.EncodeToString(value))
	sig.CreateElement("ds:KeyInfo").CreateElement("ds:X509Data").CreateElement("ds:X509Certificate").
		SetText(base64.StdEncoding.EncodeToString(m.key.DER))
	qualifying := sig.CreateElement("ds:Object").CreateElement("xades:QualifyingProperties")
	qualifying.CreateAttr("xmlns:xades", NSXAdES)
	qualifying.CreateAttr("Target", "#"+m.id)
	qualifying.AddChild(props)
	return sig, nil
}

// Canonical is the exclusive canonical form of el without comments. Prefixes
// must be declared in el, but for ds and xades.
func Canonical(el *etree.Element) ([]byte, error) {
	el = el.Copy()
	for prefix, uri := range map[string]string{"ds": NSDSig, "xades": NSXAdES} {
		if el.SelectAttr("xmlns:"+prefix) == nil {
			el.CreateAttr("xmlns:"+prefix, uri)
		}
	}
	raw, err := dsig.MakeC14N10ExclusiveCanonicalizerWithPrefixList("").Canonicalize(el)
	if err != nil {
		return nil, fmt.Errorf("canonicalise: %w", err)
	}
	return raw, nil
}

// info is SignedInfo over the element and the properties.
func (m *maker) info(ctx context.Context, el, props *etree.Element) (*etree.Element, error) {
	info := etree.NewElement("ds:SignedInfo")
	info.CreateElement("ds:CanonicalizationMethod").CreateAttr("Algorithm", excC14N)
	info.CreateElement("ds:SignatureMethod").CreateAttr("Algorithm", m.signature)
	err := m.reference(ctx, info, el, "#"+el.SelectAttrValue("Id", ""), "", enveloped, excC14N)
	if err != nil {
		return nil, err
	}
	return info, m.reference(ctx, info, props, "#"+m.propsID(), typeProps, excC14N)
}

func (m *maker) propsID() string { return m.id + "-signedprops" }

func (m *maker) reference(ctx context.Context, info, to *etree.Element, uri, kind string, transforms ...string) error {
	raw, err := Canonical(to)
	if err != nil {
		return err
	}
	sum, err := m.Digest(ctx, m.key, raw)
	if err != nil {
		return err
	}
	ref := info.CreateElement("ds:Reference")
	if kind != "" {
		ref.CreateAttr("Type", kind)
	}
	ref.CreateAttr("URI", uri)
	list := ref.CreateElement("ds:Transforms")
	for _, t := range transforms {
		list.CreateElement("ds:Transform").CreateAttr("Algorithm", t)
	}
	m.digestValue(ref, sum)
	return nil
}

func (m *maker) digestValue(at *etree.Element, sum []byte) {
	at.CreateElement("ds:DigestMethod").CreateAttr("Algorithm", m.digest)
	at.CreateElement("ds:DigestValue").SetText(base64.StdEncoding.EncodeToString(sum))
}

// properties say when and with which certificate the signature was made.
func (m *maker) properties(ctx context.Context, now time.Time) (*etree.Element, error) {
	sum, err := m.Digest(ctx, m.key, m.key.DER)
	if err != nil {
		return nil, err
	}
	issuer, err := IssuerName(m.cert.RawIssuer)
	if err != nil {
		return nil, err
	}
	props := etree.NewElement("xades:SignedProperties")
	props.CreateAttr("Id", m.propsID())
	own := props.CreateElement("xades:SignedSignatureProperties")
	own.CreateElement("xades:SigningTime").SetText(now.Format("2006-01-02T15:04:05-07:00"))
	cert := own.CreateElement("xades:SigningCertificate").CreateElement("xades:Cert")
	m.digestValue(cert.CreateElement("xades:CertDigest"), sum)
	serial := cert.CreateElement("xades:IssuerSerial")
	serial.CreateElement("ds:X509IssuerName").SetText(issuer)
	serial.CreateElement("ds:X509SerialNumber").SetText(m.cert.SerialNumber.String())
	return props, nil
}
