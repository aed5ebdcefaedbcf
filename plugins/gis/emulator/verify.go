package emulator

import (
	"encoding/base64"
	"errors"
	"fmt"
	"strings"

	"github.com/beevik/etree"
	dsig "github.com/russellhaering/goxmldsig"
)

const typeProps = "http://uri.etsi.org/01903#SignedProperties"

// verify checks both references and the value of an XAdES-BES signature.
func (w *World) verify(el, sig *etree.Element) error {
	info := sig.FindElement("./SignedInfo")
	props := sig.FindElement("./Object/QualifyingProperties/SignedProperties")
	if info == nil || props == nil {
		return errors.New("no SignedInfo or no SignedProperties")
	}
	refs := info.FindElements("./Reference")
	if len(refs) != 2 {
		return fmt.Errorf("%d references", len(refs))
	}
	bare := el.Copy()
	bare.RemoveChildAt(bare.FindElement("./Signature").Index())
	for i, to := range []*etree.Element{bare, props} {
		if got, want := refs[i].SelectAttrValue("URI", ""), "#"+to.SelectAttrValue("Id", ""); got != want {
			return fmt.Errorf("reference to %s, not to %s", got, want)
		}
		if err := w.digest(refs[i], scoped(to, el)); err != nil {
			return err
		}
	}
	if refs[1].SelectAttrValue("Type", "") != typeProps {
		return errors.New("the second reference is not to the properties")
	}
	return w.value(sig, scoped(info, el))
}

func (w *World) digest(ref, to *etree.Element) error {
	raw, err := canonical(to)
	if err != nil {
		return err
	}
	method := ref.FindElement("./DigestMethod").SelectAttrValue("Algorithm", "")
	sum, err := w.o.Digest(method, raw)
	if err != nil {
		return err
	}
	if text(ref, "DigestValue") != base64.StdEncoding.EncodeToString(sum) {
		return errors.New("wrong digest of " + to.Tag)
	}
	return nil
}

func (w *World) value(sig, info *etree.Element) error {
	raw, err := canonical(info)
	if err != nil {
		return err
	}
	value, err := base64.StdEncoding.DecodeString(text(sig, "SignatureValue"))
	if err != nil {
		return err
	}
	cert, err := base64.StdEncoding.DecodeString(text(sig, "KeyInfo/X509Data/X509Certificate"))
	if err != nil {
		return err
	}
	if strings.TrimSpace(sig.FindElement("./SignedInfo/CanonicalizationMethod").SelectAttrValue("Algorithm", "")) != "http://www.w3.org/2001/10/xml-exc-c14n#" {
		return errors.New("another canonicalisation")
	}
	return w.o.Verify(sig.FindElement("./SignedInfo/SignatureMethod").SelectAttrValue("Algorithm", ""), cert, raw, value)
}

// scoped is a copy of the element that declares every prefix in force at it;
// those it does not use leave no trace in the exclusive form.
func scoped(el, root *etree.Element) *etree.Element {
	out := el.Copy()
	for at := el; at != nil; at = at.Parent() {
		declare(out, at)
	}
	for at := root; at != nil; at = at.Parent() {
		declare(out, at)
	}
	return out
}

func declare(out, from *etree.Element) {
	for _, a := range from.Attr {
		if a.Space == "xmlns" && out.SelectAttr("xmlns:"+a.Key) == nil {
			out.CreateAttr("xmlns:"+a.Key, a.Value)
		}
	}
}

func canonical(el *etree.Element) ([]byte, error) {
	return dsig.MakeC14N10ExclusiveCanonicalizerWithPrefixList("").Canonicalize(el)
}
