package store

import "github.com/uzel-hub/uzel/core"

// Signatures are those of documents and drafts. Their course is told by the
// events; the history would only repeat the names of signers.
var Signatures = Define("signatures",
	Index[core.Signature]{Name: "document", Keys: func(s *core.Signature) []string { return some(string(s.Document)) }},
	Index[core.Signature]{Name: "draft", Keys: func(s *core.Signature) []string { return some(string(s.Draft)) }},
	// waiting is small whatever the age of the hub: what is still to be done.
	Index[core.Signature]{Name: "waiting", Keys: signatureWaiting},
).WithoutHistory()
