package approval_test

import (
	"slices"
	"strings"
	"testing"

	"pgregory.net/rapid"

	"github.com/uzel-hub/uzel/core"
	"github.com/uzel-hub/uzel/core/approval"
)

func compare(a, b string) []approval.Line {
	return approval.Compare(&core.DraftVersion{Number: 1, Text: a}, &core.DraftVersion{Number: 2, Text: b}).Lines
}

func TestComparisonShowsWhatChanged(t *testing.T) {
	same, removed, added := approval.LineSame, approval.LineRemoved, approval.LineAdded
	for name, c := range map[string]struct {
		a, b string
		want []approval.Line
	}{
		"nothing":      {"", "", []approval.Line{}},
		"the same":     {"а\nб", "а\nб", []approval.Line{{Op: same, Text: "а\nб"}}},
		"first text":   {"", "а", []approval.Line{{Op: added, Text: "а"}}},
		"all gone":     {"а", "", []approval.Line{{Op: removed, Text: "а"}}},
		"in between":   {"а\nв", "а\nб\nв", []approval.Line{{Op: same, Text: "а"}, {Op: added, Text: "б"}, {Op: same, Text: "в"}}},
		"another line": {"а\nб\nв", "а\nх\nв", []approval.Line{{Op: same, Text: "а"}, {Op: removed, Text: "б"}, {Op: added, Text: "х"}, {Op: same, Text: "в"}}},
	} {
		if got := compare(c.a, c.b); !slices.Equal(got, c.want) {
			t.Errorf("%s: %+v", name, got)
		}
	}
}

// TestComparisonLosesNothing: both texts can be read out of it.
func TestComparisonLosesNothing(t *testing.T) {
	text := rapid.Custom(func(rt *rapid.T) string {
		return strings.Join(rapid.SliceOfN(rapid.SampledFrom([]string{"а", "б", "", "в"}), 0, 12).Draw(rt, "lines"), "\n")
	})
	rapid.Check(t, func(rt *rapid.T) {
		a, b := text.Draw(rt, "a"), text.Draw(rt, "b")
		var before, after []string
		for _, l := range compare(a, b) {
			if l.Op != approval.LineAdded {
				before = append(before, l.Text)
			}
			if l.Op != approval.LineRemoved {
				after = append(after, l.Text)
			}
		}
		if strings.Join(before, "\n") != a || strings.Join(after, "\n") != b {
			rt.Fatalf("%q and %q out of a comparison of %q and %q", before, after, a, b)
		}
	})
}

func TestComparisonOfHugeTextsIsBounded(t *testing.T) {
	a, b := strings.Repeat("а\nб\n", 200_000), strings.Repeat("в\nг\n", 200_000)
	got := compare(a, b)
	// The last, empty line is common.
	if len(got) != 3 || got[0].Op != approval.LineRemoved || got[1].Op != approval.LineAdded {
		t.Fatalf("%d runs", len(got))
	}
}
