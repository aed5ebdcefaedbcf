package main

import "github.com/uzel-hub/uzel/sdk"

// The codes of the connector's errors; README.md lists them.
const (
	codeNotFound  = "eds.certificate_not_found"
	codeData      = "eds.data"
	codeNoRaw     = "eds.raw_unsupported"
	codeExpired   = "eds.cert_expired"
	codeKey       = "eds.key"
	codeTool      = "eds.tool"
	codeBackEnd   = "eds.back_end"
	codeNoKeys    = "eds.verify_only"
	sourcePlugin  = "plugin"
	sourceOutside = "remote"
)

func badInput(code, field, text string) error {
	return &sdk.Error{Kind: "invalid", Code: code, Field: field, Text: text, Source: sourcePlugin}
}

func refusal(code, text string) error {
	return &sdk.Error{Kind: "rejected", Code: code, Text: text, Source: sourcePlugin}
}

// misconfigured is a setting that is wrong. What programs print may tell of keys
// and people: err stays in the chain and is not part of the text.
func misconfigured(code, field, text string, err error) error {
	return &sdk.Error{Kind: "config", Code: code, Field: field, Text: text, Source: sourceOutside, Err: err}
}

func later(text string, err error) error {
	return &sdk.Error{Kind: "unavailable", Code: codeBackEnd, Text: text, Source: sourceOutside, Err: err}
}
