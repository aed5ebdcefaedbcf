package catalog

import (
	"cmp"
	"strconv"
	"strings"
)

// CompareVersions orders semantic versions by the rules of semver.org, item 11:
// numbers by value, a pre-release before its release. What follows a plus is
// compared as text last, so that the order is total.
func CompareVersions(a, b string) int {
	a, buildA, _ := strings.Cut(a, "+")
	b, buildB, _ := strings.Cut(b, "+")
	a, preA, _ := strings.Cut(a, "-")
	b, preB, _ := strings.Cut(b, "-")
	return cmp.Or(
		compareParts(a, b),
		comparePre(preA, preB),
		strings.Compare(buildA, buildB),
	)
}

func comparePre(a, b string) int {
	switch {
	case a == b:
		return 0
	case a == "":
		return 1
	case b == "":
		return -1
	}
	return compareParts(a, b)
}

func compareParts(a, b string) int {
	as, bs := strings.Split(a, "."), strings.Split(b, ".")
	for i := range min(len(as), len(bs)) {
		if by := comparePart(as[i], bs[i]); by != 0 {
			return by
		}
	}
	return cmp.Compare(len(as), len(bs))
}

func comparePart(a, b string) int {
	x, errX := strconv.ParseUint(a, 10, 64)
	y, errY := strconv.ParseUint(b, 10, 64)
	switch {
	case errX == nil && errY == nil:
		return cmp.Compare(x, y)
	case errX == nil:
		return -1 // numbers come before words
	case errY == nil:
		return 1
	}
	return strings.Compare(a, b)
}
