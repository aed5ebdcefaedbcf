package main

import (
	"bytes"
	"context"
	"encoding/base64"
	"encoding/hex"
	"io"
	"time"

	"github.com/uzel-hub/uzel/plugins/eds/internal/pki"
	"github.com/uzel-hub/uzel/sdk"
)

func (o *office) hash(ctx context.Context, call sdk.OperationCall) (sdk.Result, error) {
	var in hashInput
	if err := call.Input.Decode(&in); err != nil {
		return sdk.Result{}, err
	}
	digest := pki.DigestByName(in.Algorithm)
	if digest == nil {
		c, err := o.credential(ctx, "")
		if err != nil {
			return sdk.Result{}, err
		}
		digest = c.Digest()
	}
	files, err := inputs(in.Data, call.Files)
	if err != nil {
		return sdk.Result{}, err
	}
	out := hashOutput{Algorithm: digest.Name, DigestMethod: digest.URI}
	for _, f := range files {
		sum, size, err := sumOf(f, digest)
		if err != nil {
			return sdk.Result{}, err
		}
		out.Digests = append(out.Digests, digestEntry{
			Name: f.Name, Size: int(size), Hex: hex.EncodeToString(sum), Base64: base64.StdEncoding.EncodeToString(sum),
		})
	}
	return result(out)
}

// inputs are the bytes of data as a file without a name, or the files.
func inputs(data string, files []sdk.File) ([]sdk.File, error) {
	if (data == "") == (len(files) == 0) {
		return nil, badInput(codeData, "data", "нужны либо данные, либо файлы")
	}
	if data == "" {
		return files, nil
	}
	raw, err := base64.StdEncoding.DecodeString(data)
	if err != nil {
		return nil, badInput(codeData, "data", "данные не в base64")
	}
	return []sdk.File{sdk.Bytes("", raw)}, nil
}

func sumOf(f sdk.File, d *pki.Digest) (sum []byte, size int64, err error) {
	r, err := f.Open()
	if err != nil {
		return nil, 0, err
	}
	defer r.Close() //nolint:errcheck // only read
	h := d.New()
	if size, err = io.Copy(h, r); err != nil {
		return nil, 0, err
	}
	return h.Sum(nil), size, nil
}

// maxInMemory bounds what is signed or verified with the document inside: the
// whole of it is held.
const maxInMemory = 64 << 20

// readAll reads a file that has to be held whole.
func readAll(f sdk.File) ([]byte, error) {
	r, err := f.Open()
	if err != nil {
		return nil, err
	}
	defer r.Close() //nolint:errcheck // only read
	var b bytes.Buffer
	if _, err := io.Copy(&b, io.LimitReader(r, maxInMemory+1)); err != nil {
		return nil, err
	}
	if b.Len() > maxInMemory {
		return nil, badInput(codeData, "files", "файл больше 64 МБ: подпишите его отдельной подписью")
	}
	return b.Bytes(), nil
}

func result(out any, files ...sdk.File) (sdk.Result, error) {
	v, err := sdk.ValuesOf(out)
	return sdk.Result{Output: v, Files: files}, err
}

func (o *office) certificates(ctx context.Context) (sdk.Result, error) {
	all, err := o.credentials(ctx)
	if err != nil {
		return sdk.Result{}, err
	}
	var out certificatesOutput
	for i, c := range all {
		e := o.entry(c)
		e.Default = i == 0
		out.Certificates = append(out.Certificates, e)
	}
	return result(out)
}

func (o *office) entry(c credential) certificateEntry {
	_, raw := o.backEnd.(valueSigner)
	e := certificateEntry{
		Thumbprint: c.Thumbprint(), Raw: raw, DER: base64.StdEncoding.EncodeToString(c.Raw),
		Algorithm: c.Algorithm(), Digest: c.Digest().Name, Serial: c.SerialHex(), IssuerName: c.Issuer.String(),
		NotBefore: c.NotBefore.UTC().Format(time.RFC3339), NotAfter: c.NotAfter.UTC().Format(time.RFC3339),
		Holder: pki.HolderOf(c.Subject),
	}
	for _, issuer := range c.Chain {
		e.Chain = append(e.Chain, base64.StdEncoding.EncodeToString(issuer.Raw))
	}
	return e
}
