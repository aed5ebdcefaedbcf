// Command email connects a mailbox: letters become documents, answers go back
// into their threads. README.md tells what it needs.
package main

import "github.com/uzel-hub/uzel/sdk"

func main() { sdk.Serve(connector()) }

// connector describes the e-mail connector to the hub.
func connector() sdk.Connector[settings] {
	return sdk.Connector[settings]{
		Name:     "email",
		Title:    "Электронная почта",
		Summary:  "Почтовый ящик: письма (IMAP) регистрируются как входящие документы, ответы уходят отправителю (SMTP) в ту же переписку.",
		Version:  "1.0.0",
		Type:     (*mailbox)(nil),
		Purposes: []sdk.Purpose{sdk.PurposeAnswer, sdk.PurposeDocument, sdk.PurposeForward, sdk.PurposeNotice},
		Kinds:    []sdk.Kind{sdk.KindLetter, sdk.KindStatus},
		Limits: sdk.Limits{
			MessageBytes:  maxSendMB << 20,
			MayWriteFirst: true,
			KnowsRead:     true,
			Concurrency:   2,
		},
		New: newMailbox,
	}
}
