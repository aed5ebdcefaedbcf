package store

import (
	"fmt"
	"math"
	"reflect"

	"github.com/fxamacker/cbor/v2"
)

// Records are kept as CBOR (RFC 8949) under the names of their JSON tags: a
// quarter of encoding/json's CPU on the path of each message, bytes stay bytes,
// and a field may be added or dropped without touching what is stored.
//
// What was written must always be readable again: the decoder therefore takes
// text that is not UTF-8, as outside systems send it, and lists of any length.
var (
	encMode = must(cbor.EncOptions{Time: cbor.TimeRFC3339Nano}.EncMode())
	decMode = must(cbor.DecOptions{
		UTF8:             cbor.UTF8DecodeInvalid,
		MaxArrayElements: math.MaxInt32,
		MaxMapPairs:      math.MaxInt32,
		MaxNestedLevels:  1000,
		DefaultMapType:   reflect.TypeFor[map[string]any](), // as encoding/json, which must show it
	}.DecMode())
)

func must[T any](v T, err error) T {
	if err != nil {
		panic(err)
	}
	return v
}

// Encode writes v the way the store keeps it.
func Encode(v any) ([]byte, error) {
	raw, err := encMode.Marshal(v)
	if err != nil {
		return nil, fmt.Errorf("encode %T: %w", v, err)
	}
	return raw, nil
}

// Decode reads into v what Encode wrote. v shares no memory with raw.
func Decode(raw []byte, v any) error {
	if err := decMode.Unmarshal(raw, v); err != nil {
		return fmt.Errorf("decode %T: %w", v, err)
	}
	return nil
}
