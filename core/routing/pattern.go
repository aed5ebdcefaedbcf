package routing

import (
	"errors"
	"regexp"
	"regexp/syntax"
)

// pattern compiles a regular expression that finds in folded texts what the
// written one finds, without regard to case, in those as they were. Its literals
// are folded, too: without a flag that ignores case the regexp package looks for
// them as fast as for any other text.
func pattern(text string) (*regexp.Regexp, error) {
	tree, err := syntax.Parse(text, syntax.Perl|syntax.FoldCase)
	if err != nil {
		return nil, err
	}
	foldTree(tree)
	return regexp.Compile(tree.String())
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

func patternFault(err error) string {
	if e, ok := errors.AsType[*syntax.Error](err); ok {
		return e.Code.String()
	}
	return err.Error()
}
