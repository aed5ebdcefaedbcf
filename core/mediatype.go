package core

import (
	"net/http"
	"path"
	"slices"
	"strings"
)

// mediaByExtension has the types content does not tell: all of them look like ZIP,
// text or nothing at all.
var mediaByExtension = map[string]string{
	".csv":  "text/csv",
	".doc":  "application/msword",
	".docx": "application/vnd.openxmlformats-officedocument.wordprocessingml.document",
	".eml":  "message/rfc822",
	".json": "application/json",
	".odp":  "application/vnd.oasis.opendocument.presentation",
	".ods":  "application/vnd.oasis.opendocument.spreadsheet",
	".odt":  "application/vnd.oasis.opendocument.text",
	".p7s":  "application/pkcs7-signature",
	".ppt":  "application/vnd.ms-powerpoint",
	".pptx": "application/vnd.openxmlformats-officedocument.presentationml.presentation",
	".rtf":  "application/rtf",
	".sgn":  "application/pkcs7-signature",
	".sig":  "application/pkcs7-signature",
	".svg":  "image/svg+xml",
	".xls":  "application/vnd.ms-excel",
	".xlsx": "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet",
	".xml":  "application/xml",
}

// MediaType finds out what a file is: by the first bytes of its content (512 are
// enough), and by the name only where the content says little.
func MediaType(name string, head []byte) string {
	seen := http.DetectContentType(head)
	vague := []string{"application/octet-stream", "application/zip", "text/plain; charset=utf-8", "text/xml; charset=utf-8"}
	if byName := mediaByExtension[strings.ToLower(path.Ext(name))]; byName != "" && slices.Contains(vague, seen) {
		return byName
	}
	return seen
}
