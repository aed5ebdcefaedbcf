package routing

import (
	"errors"
	"regexp"
	"regexp/syntax"
	"slices"
)

// pattern is a regular expression that finds in folded texts what the written
// one finds, without regard to case, in those as they were.
type pattern struct {
	*regexp.Regexp
	// needs are literals that any text it finds something in has: one of each
	// list.
	needs [][]literal
}

// newPattern folds the literals of an expression: without a flag that ignores
// case the regexp package looks for them as fast as for any other text.
func newPattern(text string) (pattern, error) {
	tree, err := syntax.Parse(text, syntax.Perl|syntax.FoldCase)
	if err != nil {
		return pattern{}, err
	}
	foldTree(tree)
	re, err := regexp.Compile(tree.String())
	return pattern{re, needs(tree)}, err
}

func foldTree(tree *syntax.Regexp) {
	switch tree.Op {
	case syntax.OpLiteral:
		tree.Flags &^= syntax.FoldCase
		for i, r := range tree.Rune {
			tree.Rune[i] = foldRune(r)
		}
	case syntax.OpCharClass:
		foldClass(tree)
	}
	for _, sub := range tree.Sub {
		foldTree(sub)
	}
}

// foldClass lets a class that has ё have е. Both cases of its letters are in it
// already.
func foldClass(tree *syntax.Regexp) {
	for i := 0; i < len(tree.Rune); i += 2 {
		if tree.Rune[i] <= 'ё' && 'ё' <= tree.Rune[i+1] {
			tree.Rune = append(tree.Rune, 'е', 'е')
			return
		}
	}
}

// needs finds the literals of a folded expression that a sieve can tell of.
func needs(tree *syntax.Regexp) [][]literal {
	switch tree.Op {
	case syntax.OpLiteral:
		if l := newLiteral(string(tree.Rune)); len(l.hashes) > 0 {
			return [][]literal{{l}}
		}
	case syntax.OpConcat:
		var out [][]literal
		for _, sub := range tree.Sub {
			out = append(out, needs(sub)...)
		}
		return out
	case syntax.OpCapture, syntax.OpPlus:
		return needs(tree.Sub[0])
	case syntax.OpRepeat:
		if tree.Min > 0 {
			return needs(tree.Sub[0])
		}
	case syntax.OpAlternate:
		return needsOne(tree.Sub)
	}
	return nil
}

// needsOne is one list: a text has what one of the branches needs.
func needsOne(branches []*syntax.Regexp) [][]literal {
	var out []literal
	for _, branch := range branches {
		all := needs(branch)
		if len(all) == 0 {
			return nil
		}
		out = append(out, slices.MinFunc(all, func(a, b []literal) int { return len(a) - len(b) })...)
	}
	return [][]literal{out}
}

// inOne tells whether the pattern finds something in one of the texts of the
// sieve.
func (p *pattern) inOne(texts []string, s *sieve) bool {
	for _, one := range p.needs {
		if !slices.ContainsFunc(one, func(l literal) bool { return s.maybe(&l) }) {
			return false
		}
	}
	return slices.ContainsFunc(texts, p.MatchString)
}

func patternFault(err error) string {
	if e, ok := errors.AsType[*syntax.Error](err); ok {
		if text, known := patternFaults[e.Code]; known {
			return text
		}
		return e.Code.String()
	}
	return err.Error()
}

var patternFaults = map[syntax.ErrorCode]string{
	syntax.ErrInvalidCharClass:      "неверный класс знаков",
	syntax.ErrInvalidCharRange:      "неверный диапазон знаков",
	syntax.ErrInvalidEscape:         "неверная последовательность с обратной чертой",
	syntax.ErrInvalidNamedCapture:   "неверное имя группы",
	syntax.ErrInvalidPerlOp:         "такая запись (?…) не поддерживается",
	syntax.ErrInvalidRepeatOp:       "неверный повтор",
	syntax.ErrInvalidRepeatSize:     "слишком большой повтор",
	syntax.ErrInvalidUTF8:           "неверные знаки",
	syntax.ErrMissingBracket:        "нет закрывающей ]",
	syntax.ErrMissingParen:          "нет закрывающей )",
	syntax.ErrMissingRepeatArgument: "нечего повторять перед знаком повтора",
	syntax.ErrTrailingBackslash:     "обратная черта в конце",
	syntax.ErrUnexpectedParen:       "лишняя )",
	syntax.ErrNestingDepth:          "слишком глубокая вложенность",
	syntax.ErrLarge:                 "слишком большое выражение",
}
