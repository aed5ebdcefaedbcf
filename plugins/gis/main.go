// Command gis connects an organisation to GIS ZhKKh: residents' appeals become
// documents; performers, answers and closings go back. README.md tells what it
// needs.
package main

import (
	"context"

	"github.com/uzel-hub/uzel/plugins/gis/internal/appeals"
	"github.com/uzel-hub/uzel/sdk"
)

func main() { sdk.Serve(connector(systemClock())) }

// connector describes the connector to the hub.
func connector(c clock) sdk.Connector[settings] {
	return sdk.Connector[settings]{
		Name:       "gis",
		Title:      "ГИС ЖКХ",
		Summary:    "Обращения граждан из ГИС ЖКХ регистрируются как входящие; исполнитель, ответ и закрытие передаются в ГИС ЖКХ.",
		Version:    "1.0.0",
		Type:       (*account)(nil),
		Purposes:   []sdk.Purpose{sdk.PurposeAnswer, sdk.PurposePerformer, sdk.PurposeStatus},
		Kinds:      []sdk.Kind{sdk.KindAppeal, sdk.KindLetter},
		Operations: operations(),
		Calls:      []string{serviceCertificates, serviceHash, serviceSign, serviceDocument},
		Limits: sdk.Limits{
			TextRunes:   appeals.MaxAnswer,
			FileTypes:   fileTypes(),
			Concurrency: 4,
			// A delivery made twice is recognised by reading the appeal back: see send.go.
			Idempotent: true,
		},
		New: func(_ context.Context, set settings, env sdk.Env) (sdk.Channel, error) {
			return newAccount(set, env, c)
		},
	}
}

// fileTypes are the extensions the file store was seen to take.
func fileTypes() []string {
	return []string{
		"pdf", "doc", "docx", "rtf", "xls", "xlsx", "jpg", "jpeg", "png", "tif", "tiff", "zip", "xml", "crt", "cer", "txt", "bmp", "gif",
		"rar", "csv", "odp", "odf", "ods", "odt", "sxc", "sxw", "sig", "p7s",
	}
}
