package routing

import (
	"errors"
	"fmt"
	"slices"

	"github.com/expr-lang/expr"
	"github.com/expr-lang/expr/ast"
	"github.com/expr-lang/expr/file"
	"github.com/expr-lang/expr/vm"

	"github.com/uzel-hub/uzel/core"
)

// env is a document as expressions see it; doc.go tells what is what.
type env struct {
	Channel      string            `expr:"channel"`
	Organization string            `expr:"organization"`
	Direction    string            `expr:"direction"`
	Kind         string            `expr:"kind"`
	Subject      string            `expr:"subject"`
	Text         string            `expr:"text"`
	Language     string            `expr:"language"`
	Source       string            `expr:"source"`
	Line         string            `expr:"line"`
	Reason       string            `expr:"reason"`
	ReasonGroup  string            `expr:"reason_group"`
	Address      string            `expr:"address"`
	Sender       envSender         `expr:"sender"`
	Recipients   []string          `expr:"recipients"`
	Marks        []string          `expr:"marks"`
	Tags         []string          `expr:"tags"`
	Accounts     []string          `expr:"accounts"`
	Files        []envFile         `expr:"files"`
	Fields       map[string]string `expr:"fields"`
	AppealsDay   int               `expr:"appeals_day"`
	AppealsWeek  int               `expr:"appeals_week"`
	AppealsMonth int               `expr:"appeals_month"`
	OpenAppeals  int               `expr:"open_appeals"`
	Hour         int               `expr:"hour"`
	Weekday      int               `expr:"weekday"`
	Day          int               `expr:"day"`
	Month        int               `expr:"month"`
	Working      bool              `expr:"working"`

	// Spend is put into every loop by the compiler; a rule cannot name it.
	Spend func(nodes int) (bool, error) `expr:"spend"`
}

type envSender struct {
	Name      string   `expr:"name"`
	Addresses []string `expr:"addresses"`
	Domains   []string `expr:"domains"`
	Known     bool     `expr:"known"`
}

type envFile struct {
	Name string `expr:"name"`
	Type string `expr:"type"`
	Size int    `expr:"size"`
}

// environment is made once for a document, and what rules set is brought up to
// date after they have; see forget.
func (s *sight) environment() *env {
	if s.env == nil {
		s.env = s.newEnv()
		s.refresh()
	}
	s.budget = Budget
	return s.env
}

func (s *sight) refresh() {
	e := s.env
	e.Line, e.Reason, e.ReasonGroup = string(s.line), string(s.reason), string(s.group)
	e.Tags = s.raw(core.FieldTag)
}

func (s *sight) newEnv() *env {
	d, at := s.Document, s.At.In(core.OfficeZone)
	e := &env{
		Channel: string(d.Channel), Organization: string(d.Organization), Direction: string(d.Direction), Kind: string(d.Kind),
		Subject: cut(d.Subject, textLimit), Text: cut(d.Text, textLimit), Source: string(s.source()),
		Address:    first(s.address()),
		Sender:     envSender{d.Sender.Name, addresses(d.Sender), domains(d.Sender), d.Sender.Party != ""},
		Recipients: recipients(d), Marks: s.raw(core.FieldMark), Accounts: s.accounts(), Fields: d.Fields,
		AppealsDay: s.Appeals[1], AppealsWeek: s.Appeals[7], AppealsMonth: s.Appeals[30],
		OpenAppeals: s.OpenAppeals, Working: s.Working,
		Hour: at.Hour(), Weekday: (int(at.Weekday())+6)%7 + 1, Day: at.Day(), Month: int(at.Month()),
		Spend: s.spend,
	}
	if s.set.asks.language {
		e.Language = first(s.raw(core.FieldLanguage))
	}
	for _, f := range attached(d) {
		e.Files = append(e.Files, envFile{f.Name, f.MediaType, int(f.Size)})
	}
	return e
}

func first(texts []string) string {
	if len(texts) == 0 {
		return ""
	}
	return texts[0]
}

var errBudget = errors.New("budget spent")

// spend counts the work of one round of a loop.
func (s *sight) spend(nodes int) (bool, error) {
	if s.budget -= nodes; s.budget < 0 {
		return false, errBudget
	}
	return true, nil
}

// functions are the only ones an expression may call.
var functions = []string{
	"len", "lower", "upper", "trim", "hasPrefix", "hasSuffix", "indexOf", "abs", "int", "float", "string",
}

// loops are those with a predicate.
var loops = []string{"all", "any", "none", "one", "count"}

// expression compiles an expression into a node.
func (c *compiler) expression(path, text string, at place) node {
	if len([]rune(text)) > MaxExpression {
		c.fault(path, textTooLong)
		return nothing{}
	}
	guard := &guard{asks: &c.asks}
	options := []expr.Option{
		expr.Env(&env{}), expr.AsBool(), expr.MaxNodes(MaxExprNodes), expr.DisableAllBuiltins(), expr.Patch(guard), expr.Patch(meter{}),
	}
	for _, name := range slices.Concat(functions, loops) {
		options = append(options, expr.EnableBuiltin(name))
	}
	program, err := expr.Compile(text, options...)
	switch {
	case len(guard.faults) > 0:
		c.fault(path, guard.faults[0])
	case err != nil:
		c.fault(path, compileFault(err))
	default:
		return formula{program, at}
	}
	return nothing{}
}

// compileFault tells where and what; the expression is the administrator's own.
func compileFault(err error) string {
	if e, ok := errors.AsType[*file.Error](err); ok {
		return fmt.Sprintf("строка %d, знак %d: %s", max(e.Line, 1), e.Column+1, e.Message)
	}
	return "выражение не разобрано: " + err.Error()
}

// guard refuses what could take long or would not always give the same.
type guard struct {
	faults []string
	asks   *asks
}

// Visit implements ast.Visitor.
func (g *guard) Visit(n *ast.Node) {
	switch v := (*n).(type) {
	case *ast.CallNode:
		g.refuse("такой функции в выражениях нет")
	case *ast.BuiltinNode:
		if !slices.Contains(functions, v.Name) && !slices.Contains(loops, v.Name) {
			g.refuse("функции " + v.Name + " в выражениях нет")
		}
	case *ast.VariableDeclaratorNode, *ast.SequenceNode:
		g.refuse("let и ; в выражениях не разрешены")
	case *ast.PredicateNode:
		if contains(v.Node, func(n ast.Node) bool { _, inner := n.(*ast.PredicateNode); return inner }) {
			g.refuse("перебор внутри перебора не разрешён")
		}
	case *ast.IdentifierNode:
		if v.Value == "spend" {
			g.refuse("неизвестное имя spend")
		}
		g.asks.name(v.Value)
	case *ast.BinaryNode:
		g.binary(v)
	}
}

func (g *guard) binary(v *ast.BinaryNode) {
	_, written := v.Right.(*ast.StringNode)
	switch {
	case v.Operator == "..":
		g.refuse("диапазоны не разрешены")
	case v.Operator == "matches" && !written:
		g.refuse("выражение после matches должно быть записано в кавычках")
	}
}

func (g *guard) refuse(text string) { g.faults = append(g.faults, text) }

// contains looks for a node at or below root.
func contains(root ast.Node, is func(ast.Node) bool) bool {
	f := &finder{is: is}
	ast.Walk(&root, f)
	return f.n > 0
}

type finder struct {
	is func(ast.Node) bool
	n  int
}

// Visit implements ast.Visitor.
func (f *finder) Visit(n *ast.Node) {
	if f.is(*n) {
		f.n++
	}
}

// meter has each round of a loop counted before it is made.
type meter struct{}

// Visit implements ast.Visitor.
func (meter) Visit(n *ast.Node) {
	p, ok := (*n).(*ast.PredicateNode)
	if !ok || contains(p.Node, isSpend) {
		return
	}
	spend := &ast.CallNode{Callee: &ast.IdentifierNode{Value: "spend"}, Arguments: []ast.Node{&ast.IntegerNode{Value: weight(p.Node)}}}
	p.Node = &ast.BinaryNode{Operator: "&&", Left: spend, Right: p.Node}
}

func isSpend(n ast.Node) bool {
	id, ok := n.(*ast.IdentifierNode)
	return ok && id.Value == "spend"
}

// weight is what one evaluation of a node costs.
func weight(n ast.Node) int {
	all := &finder{is: func(ast.Node) bool { return true }}
	ast.Walk(&n, all)
	dear := &finder{is: func(n ast.Node) bool {
		b, ok := n.(*ast.BinaryNode)
		return ok && b.Operator == "matches"
	}}
	ast.Walk(&n, dear)
	return all.n + dear.n*patternWeight
}

// formula is a compiled expression.
type formula struct {
	program *vm.Program
	at      place
}

func (n formula) holds(s *sight) (bool, place, error) {
	s.machine.MemoryBudget = memoryBudget
	out, err := s.machine.Run(n.program, s.environment())
	if err != nil {
		return false, n.at, runFault(err)
	}
	ok, _ := out.(bool)
	return ok, n.at, nil
}

// runFault tells where; what was found there may be personal data.
func runFault(err error) error {
	if errors.Is(err, errBudget) {
		return errors.New("выражение вычисляется слишком долго")
	}
	if e, ok := errors.AsType[*file.Error](err); ok {
		return fmt.Errorf("выражение не вычислено: строка %d, знак %d", max(e.Line, 1), e.Column+1)
	}
	return errors.New("выражение не вычислено")
}
