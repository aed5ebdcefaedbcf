package transfer

import "strings"

// Flowed undoes format=flowed (RFC 3676): a line that ends in a space goes on
// in the next one of the same quoting depth; a space that was stuffed before
// the line goes. With delSp the space that marks the soft break goes too.
func Flowed(text string, delSp bool) string {
	var out strings.Builder
	depth, open := 0, false
	for i, line := range strings.Split(text, "\n") {
		d, body := unquote(line)
		joined := open && d == depth && body != "-- "
		if i > 0 && !joined {
			out.WriteByte('\n')
		}
		if !joined {
			writeQuote(&out, d)
		}
		depth, open = d, strings.HasSuffix(body, " ") && body != "-- "
		if open && delSp {
			body = body[:len(body)-1]
		}
		out.WriteString(body)
	}
	return out.String()
}

func unquote(line string) (depth int, body string) {
	for depth < len(line) && line[depth] == '>' {
		depth++
	}
	return depth, strings.TrimPrefix(line[depth:], " ")
}

func writeQuote(out *strings.Builder, depth int) {
	if depth == 0 {
		return
	}
	out.WriteString(strings.Repeat(">", depth))
	out.WriteByte(' ')
}
