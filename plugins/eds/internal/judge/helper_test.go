package judge_test

import (
	"bytes"
	"encoding/asn1"
	"testing"

	"github.com/uzel-hub/uzel/plugins/eds/internal/cms"
)

// withStamp adds a time stamp token to the only signature of a file, as an
// unsigned attribute.
func withStamp(t *testing.T, sig []byte, stamp func(value []byte) []byte) []byte {
	t.Helper()
	d, err := cms.Parse(sig)
	if err != nil {
		t.Fatal(err)
	}
	value := d.Signers[0].Signature
	attribute := tlv(0xA1, tlv(0x30, bytes.Join([][]byte{
		encoded(t, asn1.ObjectIdentifier{1, 2, 840, 113549, 1, 9, 16, 2, 14}), tlv(0x31, stamp(value)),
	}, nil)))
	return grow(t, sig, attribute)
}

func encoded(t *testing.T, v any) []byte {
	t.Helper()
	out, err := asn1.Marshal(v)
	if err != nil {
		t.Fatal(err)
	}
	return out
}

func tlv(tag byte, content []byte) []byte {
	out, err := asn1.Marshal(asn1.RawValue{Class: int(tag >> 6), Tag: int(tag & 0x1F), IsCompound: tag&0x20 != 0, Bytes: content})
	if err != nil {
		panic(err)
	}
	return out
}

// grow appends to the last SignerInfo, which ends the file, and mends the lengths
// of all that holds it.
func grow(t *testing.T, der, more []byte) []byte {
	t.Helper()
	var v asn1.RawValue
	if rest, err := asn1.Unmarshal(der, &v); err != nil || len(rest) > 0 {
		t.Fatalf("not one value: %v", err)
	}
	if isSigner(v.Bytes) {
		return tlv(der[0], append(bytes.Clone(v.Bytes), more...))
	}
	head, last := split(t, v.Bytes)
	return tlv(der[0], append(bytes.Clone(head), grow(t, last, more)...))
}

// isSigner: a SignerInfo has a sequence after its version, SignedData a set.
func isSigner(b []byte) bool { return bytes.HasPrefix(b, []byte{0x02, 0x01, 0x01, 0x30}) }

func split(t *testing.T, content []byte) (head, last []byte) {
	t.Helper()
	rest := content
	for len(rest) > 0 {
		var v asn1.RawValue
		next, err := asn1.Unmarshal(rest, &v)
		if err != nil {
			t.Fatal(err)
		}
		if len(next) == 0 {
			return content[:len(content)-len(rest)], rest
		}
		rest = next
	}
	t.Fatal("empty value")
	return nil, nil
}
