package store

import "github.com/uzel-hub/uzel/core"

// Routing rules, and what they made of documents. A version of the rule set and
// a decision are written once; what the sets tell is their history.
var (
	RuleSets  = Define[core.RuleSet]("rule_sets").WithoutHistory()
	RuleHeads = Define[core.RuleHead]("rule_heads").WithoutHistory()
	Decisions = Define[core.Decision]("decisions").WithoutHistory()
	Turns     = Define[core.Turn]("turns").WithoutHistory()
)

// documentOperatorOpen finds the appeals an operator has to work on.
func documentOperatorOpen(d *core.Document) []string {
	if d.Appeal == nil || d.Appeal.State.Ended() {
		return nil
	}
	return some(string(d.Appeal.Operator))
}

// documentSenderOpen finds a sender's appeals that have not ended.
func documentSenderOpen(d *core.Document) []string {
	if d.Appeal == nil || d.Appeal.State.Ended() {
		return nil
	}
	return addressKeys(d.Sender.Addresses)
}
