package store

import "github.com/uzel-hub/uzel/core"

// SignatureWaiting is the value of the index "waiting" of signatures.
const SignatureWaiting = "waiting"

func signatureWaiting(s *core.Signature) []string {
	if s.Waiting() {
		return []string{SignatureWaiting}
	}
	return nil
}
