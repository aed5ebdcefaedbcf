// Command eds connects the means of electronic signature: other connectors and
// the hub itself sign, hash and verify through it. README.md tells the contract.
package main

import "github.com/uzel-hub/uzel/sdk"

func main() { sdk.Serve(connector()) }

// connector describes the signature connector to the hub.
func connector() sdk.Connector[settings] {
	return sdk.Connector[settings]{
		Name:       "eds",
		Title:      "Электронная подпись",
		Summary:    "Подписывает документы (CAdES-BES, ГОСТ Р 34.10-2012, RSA, ECDSA) ключом организации и проверяет подписи; служит хабу и другим коннекторам.",
		Version:    "1.0.0",
		Type:       (*office)(nil),
		Operations: operations(),
		New:        newOffice,
	}
}
