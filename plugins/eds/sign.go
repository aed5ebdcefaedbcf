package main

import (
	"bytes"
	"context"
	"crypto/ecdsa"
	"encoding/asn1"
	"encoding/base64"
	"encoding/hex"
	"encoding/json"
	"math/big"
	"time"

	"github.com/uzel-hub/uzel/plugins/eds/internal/cms"
	"github.com/uzel-hub/uzel/sdk"
)

func (o *office) sign(ctx context.Context, call sdk.OperationCall) (sdk.Result, error) {
	if call.Token != "" {
		return o.resume(ctx, call.Token)
	}
	var in signInput
	if err := call.Input.Decode(&in); err != nil {
		return sdk.Result{}, err
	}
	c, err := o.credential(ctx, in.Certificate)
	switch {
	case err != nil:
		return sdk.Result{}, err
	case in.Format == formatRaw:
		return o.signRaw(ctx, c, in, call.Files)
	case len(call.Files) == 0 || in.Data != "":
		return sdk.Result{}, badInput(codeData, "files", "для CAdES нужны файлы, а не данные")
	}
	return o.signDocuments(ctx, c, call.Files, in.Attached)
}

// ---- without an envelope

func (o *office) signRaw(ctx context.Context, c credential, in signInput, files []sdk.File) (sdk.Result, error) {
	signer, ok := o.backEnd.(valueSigner)
	if !ok {
		return sdk.Result{}, refusal(codeNoRaw, "средство подписи не умеет подписывать без оболочки CMS")
	}
	given, err := inputs(in.Data, files)
	if err != nil {
		return sdk.Result{}, err
	}
	if len(given) != 1 {
		return sdk.Result{}, badInput(codeData, "files", "без оболочки подписывается один файл")
	}
	data, err := readAll(given[0])
	if err != nil {
		return sdk.Result{}, err
	}
	value, err := o.value(ctx, signer, c, data)
	if err != nil {
		return sdk.Result{}, err
	}
	if value, err = forXML(c, value); err != nil {
		return sdk.Result{}, err
	}
	out := o.signOutput(c, formatRaw)
	out.Signature = base64.StdEncoding.EncodeToString(value)
	return result(out)
}

// value signs and sees that the signature holds before anybody gets it.
func (o *office) value(ctx context.Context, signer valueSigner, c credential, data []byte) ([]byte, error) {
	value, err := signer.SignValue(ctx, c, data)
	if err != nil {
		return nil, err
	}
	if err := c.Verify(c.Digest(), c.Digest().Sum(data), value); err != nil {
		return nil, misconfigured(codeKey, "", "средство подписи подписало не тем ключом", err)
	}
	return value, nil
}

// forXML turns a signature of CMS into the form of XMLDSig, where ECDSA is r ‖ s.
func forXML(c credential, value []byte) ([]byte, error) {
	key, ok := c.PublicKey.(*ecdsa.PublicKey)
	if !ok {
		return value, nil
	}
	var pair struct{ R, S *big.Int }
	if _, err := asn1.Unmarshal(value, &pair); err != nil {
		return nil, later("подпись не читается", err)
	}
	size := (key.Curve.Params().N.BitLen() + 7) / 8
	return append(pair.R.FillBytes(make([]byte, size)), pair.S.FillBytes(make([]byte, size))...), nil
}

func (o *office) signOutput(c credential, format string) signOutput {
	return signOutput{
		Format: format, Algorithm: c.Algorithm(), Digest: c.Digest().Name, SignatureMethod: c.SignatureURI(), DigestMethod: c.Digest().URI,
		Certificate: o.entry(c),
	}
}

// ---- CAdES

// order is a set of documents to be signed; while a person has yet to confirm it
// travels in the token, so that the connector keeps nothing.
type order struct {
	Certificate string   `json:"c"`
	Names       []string `json:"n"`
	Sums        [][]byte `json:"s"`
	Token       string   `json:"t,omitempty"` // the back end's own
}

func (o *office) signDocuments(ctx context.Context, c credential, docs []sdk.File, attached bool) (sdk.Result, error) {
	ord := order{Certificate: c.Thumbprint()}
	for _, f := range docs {
		sum, _, err := sumOf(f, c.Digest())
		if err != nil {
			return sdk.Result{}, err
		}
		ord.Names, ord.Sums = append(ord.Names, f.Name), append(ord.Sums, sum)
	}
	if signer, ok := o.backEnd.(documentSigner); ok {
		s, err := signer.SignDocuments(ctx, c, docs, attached)
		if err != nil {
			return sdk.Result{}, err
		}
		return o.answer(c, ord, s)
	}
	s, err := o.wrap(ctx, c, ord, docs, attached)
	if err != nil {
		return sdk.Result{}, err
	}
	return o.answer(c, ord, s)
}

// wrap makes the CMS ourselves around values of the back end.
func (o *office) wrap(ctx context.Context, c credential, ord order, docs []sdk.File, attached bool) (s signing, err error) {
	signer, ok := o.backEnd.(valueSigner)
	if !ok {
		return s, misconfigured(codeTool, "back_end", "средство подписи не умеет подписывать", nil)
	}
	for i, f := range docs {
		d := &cms.Draft{Certificate: c.Certificate, Chain: c.Chain, Sum: ord.Sums[i], At: o.now()}
		if attached {
			if d.Content, err = readAll(f); err != nil {
				return s, err
			}
		}
		one, err := o.finish(ctx, signer, c, d)
		if err != nil {
			return s, err
		}
		s.CMS = append(s.CMS, one)
	}
	return s, nil
}

func (o *office) finish(ctx context.Context, signer valueSigner, c credential, d *cms.Draft) ([]byte, error) {
	data, err := d.ToSign()
	if err != nil {
		return nil, err
	}
	value, err := o.value(ctx, signer, c, data)
	if err != nil {
		return nil, err
	}
	return d.Finish(value)
}

// answer gives the signatures out, or the token of what is pending.
func (o *office) answer(c credential, ord order, s signing) (sdk.Result, error) {
	if s.Token != "" {
		ord.Token = s.Token
		raw, err := json.Marshal(ord)
		return sdk.Result{Pending: true, Token: base64.RawURLEncoding.EncodeToString(raw), AskAfter: max(s.AskAfter, time.Second)}, err
	}
	if len(s.CMS) != len(ord.Names) {
		return sdk.Result{}, later("средство подписи вернуло не все подписи", nil)
	}
	out := o.signOutput(c, formatCAdES)
	var files []sdk.File
	for i, name := range ord.Names {
		if !holds(c, s.CMS[i], ord.Sums[i]) {
			return sdk.Result{}, misconfigured(codeKey, "", "средство подписи вернуло подпись, которая не проходит проверку", nil)
		}
		f := sdk.Bytes(name+".sig", s.CMS[i])
		f.MediaType, f.Role, f.Signs = "application/pkcs7-signature", sdk.RoleSignature, name
		files = append(files, f)
		out.Signed = append(out.Signed, signedEntry{Document: name, Signature: f.Name, Digest: hex.EncodeToString(ord.Sums[i])})
	}
	return result(out, files...)
}

// holds tells whether the CMS is the credential's signature of the document with
// the sum.
func holds(c credential, raw, sum []byte) bool {
	d, err := cms.Parse(raw)
	if err != nil || len(d.Signers) != 1 {
		return false
	}
	s := d.Signers[0]
	if over := s.ToVerify(); over != nil {
		if !bytes.Equal(s.MessageDigest(), sum) {
			return false
		}
		sum = c.Digest().Sum(over)
	}
	return c.Verify(c.Digest(), sum, s.Signature) == nil
}

func (o *office) resume(ctx context.Context, token string) (sdk.Result, error) {
	var ord order
	raw, err := base64.RawURLEncoding.DecodeString(token)
	if err == nil {
		err = json.Unmarshal(raw, &ord)
	}
	signer, ok := o.backEnd.(documentSigner)
	if err != nil || ord.Token == "" || len(ord.Names) != len(ord.Sums) || !ok {
		return sdk.Result{}, badInput(codeData, "token", "неизвестный ключ ожидания")
	}
	c, err := o.credential(ctx, ord.Certificate)
	if err != nil {
		return sdk.Result{}, err
	}
	s, err := signer.Resume(ctx, ord.Token)
	if err != nil {
		return sdk.Result{}, err
	}
	return o.answer(c, ord, s)
}
