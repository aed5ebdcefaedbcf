// Package routing decides what the rules make of a document. It is pure: the
// same facts and the same rules give the same decision, and nothing is read,
// kept or done here. Package execution gathers the facts and does what was
// decided.
//
// Rules are tried from top to bottom. A rule fills what is empty: once a line,
// an operator, a reason or a term is there, by the document itself or by a rule
// above, no rule below changes it. A rule sees what the rules above have set.
//
// A rule that fails must not keep the document back: its failure is part of the
// decision, and the rules below are tried as if it were switched off.
//
// # Expressions
//
// An expression is a condition in the language of github.com/expr-lang/expr.
// It knows:
//
//	channel organization direction kind subject text language source line
//	reason reason_group address                            texts
//	sender.name sender.addresses sender.domains sender.known
//	recipients marks tags accounts                         lists of texts
//	files: name, type, size                                list
//	fields["name"]                                         text, empty if there is none
//	appeals                                                list of how many days ago
//	open_appeals hour weekday (1 is Monday) day month      numbers
//	working                                                true or false
//
// and the functions all any none one count len lower upper trim hasPrefix
// hasSuffix indexOf abs int float string. Texts are as they were written. What
// could take long is refused when the rule is saved: functions of its own, let,
// ranges, predicates within predicates, and patterns that are not written out.
// What remains is counted while it runs; see Budget.
package routing

// Limits of a rule set. They bound what a document can cost.
const (
	MaxRules      = 500
	MaxNodes      = 100 // conditions in a rule
	MaxDepth      = 10  // of conditions in each other
	MaxValues     = 200 // of a comparison
	MaxPatterns   = 20  // regular expressions in a rule
	MaxActions    = 20
	MaxExpression = 2000 // characters
	MaxExprNodes  = 200
	// Budget is how many nodes an expression may evaluate in its loops; a pattern
	// counts for patternWeight of them.
	Budget = 50_000

	patternWeight = 100
	textLimit     = 32 << 10 // bytes of a text that are looked at
	memoryBudget  = 10_000   // values an expression may allocate
)
