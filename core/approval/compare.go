package approval

import (
	"reflect"
	"slices"
	"strings"

	"github.com/uzel-hub/uzel/core"
)

// Comparison is what changed from one text to another.
type Comparison struct {
	From   int      `json:"from"`
	To     int      `json:"to"`
	Fields []string `json:"fields"` // of subject, text, to, files: those that differ
	Lines  []Line   `json:"lines"`  // of the text
}

// Line is a run of lines of a comparison.
type Line struct {
	Op   LineOp `json:"op"`
	Text string `json:"text"`
}

// LineOp is what became of a run of lines.
type LineOp string

// What becomes of lines.
const (
	LineSame    LineOp = "same"
	LineRemoved LineOp = "removed"
	LineAdded   LineOp = "added"
)

// Compare tells what changed from a to b.
func Compare(a, b *core.DraftVersion) Comparison {
	c := Comparison{From: a.Number, To: b.Number, Fields: []string{}}
	for _, f := range []struct {
		name    string
		differs bool
	}{
		{"subject", a.Subject != b.Subject},
		{"text", a.Text != b.Text},
		{"to", len(a.To)+len(b.To) > 0 && !reflect.DeepEqual(a.To, b.To)},
		{"files", !slices.EqualFunc(a.Files, b.Files, func(x, y core.Attachment) bool { return x.Hash == y.Hash && x.Name == y.Name })},
	} {
		if f.differs {
			c.Fields = append(c.Fields, f.name)
		}
	}
	c.Lines = diff(lines(a.Text), lines(b.Text))
	return c
}

func lines(text string) []string {
	if text == "" {
		return nil
	}
	return strings.Split(text, "\n")
}

// maxCells bounds the table of diff: 16 MB. Texts that differ in more places
// are shown as one that was replaced.
const maxCells = 4 << 20

// diff turns a into b by the fewest lines removed and added.
func diff(a, b []string) []Line {
	var out runs
	head := common(a, b)
	out.add(LineSame, a[:head]...)
	a, b = a[head:], b[head:]
	tail := commonTail(a, b)
	ending := a[len(a)-tail:]
	a, b = a[:len(a)-tail], b[:len(b)-tail]
	if len(a)*len(b) > maxCells {
		out.add(LineRemoved, a...)
		out.add(LineAdded, b...)
	} else {
		out.middle(a, b)
	}
	out.add(LineSame, ending...)
	return out.lines()
}

func common(a, b []string) (n int) {
	for n < len(a) && n < len(b) && a[n] == b[n] {
		n++
	}
	return n
}

func commonTail(a, b []string) (n int) {
	for n < len(a) && n < len(b) && a[len(a)-1-n] == b[len(b)-1-n] {
		n++
	}
	return n
}

// subsequences has at [i*(len(b)+1)+j] how many lines a[i:] and b[j:] have in
// common, in order.
func subsequences(a, b []string) []int32 {
	width := len(b) + 1
	longest := make([]int32, (len(a)+1)*width)
	for i := len(a) - 1; i >= 0; i-- {
		for j := len(b) - 1; j >= 0; j-- {
			if a[i] == b[j] {
				longest[i*width+j] = longest[(i+1)*width+j+1] + 1
			} else {
				longest[i*width+j] = max(longest[(i+1)*width+j], longest[i*width+j+1])
			}
		}
	}
	return longest
}

// runs gathers lines of one kind that follow each other.
type runs []lineRun

type lineRun struct {
	op   LineOp
	text []string
}

func (r *runs) add(op LineOp, text ...string) {
	if len(text) == 0 {
		return
	}
	if last := len(*r) - 1; last < 0 || (*r)[last].op != op {
		*r = append(*r, lineRun{op: op})
	}
	now := &(*r)[len(*r)-1]
	now.text = append(now.text, text...)
}

// middle walks along a longest common subsequence.
func (r *runs) middle(a, b []string) {
	longest := subsequences(a, b)
	width := len(b) + 1
	i, j := 0, 0
	for i < len(a) || j < len(b) {
		switch {
		case i < len(a) && j < len(b) && a[i] == b[j]:
			r.add(LineSame, a[i])
			i, j = i+1, j+1
		case j == len(b) || i < len(a) && longest[(i+1)*width+j] >= longest[i*width+j+1]:
			r.add(LineRemoved, a[i])
			i++
		default:
			r.add(LineAdded, b[j])
			j++
		}
	}
}

func (r *runs) lines() []Line {
	out := make([]Line, 0, len(*r))
	for _, run := range *r {
		out = append(out, Line{run.op, strings.Join(run.text, "\n")})
	}
	return out
}
