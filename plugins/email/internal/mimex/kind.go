package mimex

import (
	"bytes"
	"net/http"
	"path"
	"strings"
)

const octets = "application/octet-stream"

// detect names the type of a file by its first bytes. Where they tell only a
// family (zip, OLE, text) the extension chooses within it; where they tell
// nothing the declared type stands, unless it is one the bytes would show.
func detect(head []byte, name, declared string) string {
	ext := strings.ToLower(path.Ext(name))
	if t := byMagic(head, ext); t != "" {
		return t
	}
	t, _, _ := strings.Cut(http.DetectContentType(head), ";")
	switch t {
	case "application/zip":
		return zipKind(head, ext)
	case "text/plain":
		return textKind(head, ext, declared)
	case octets:
		return unknownKind(ext, declared)
	case "text/xml":
		return "application/xml"
	}
	return t
}

// byMagic knows what the sniffer of the standard library does not.
func byMagic(head []byte, ext string) string {
	for _, m := range []struct{ prefix, media string }{
		{"{\\rtf", "application/rtf"},
		{"II*\x00", "image/tiff"},
		{"MM\x00*", "image/tiff"},
		{"7z\xBC\xAF\x27\x1C", "application/x-7z-compressed"},
		{"AT&TFORM", "image/vnd.djvu"},
		{"AC10", "image/vnd.dwg"},
		{"MZ", "application/x-msdownload"},
		{"\x7FELF", "application/x-executable"},
		{"\x78\x9F\x3E\x22", "application/ms-tnef"},
		{"BEGIN:VCALENDAR", "text/calendar"},
		{"BEGIN:VCARD", "text/vcard"},
		{"-----BEGIN PGP SIGNATURE", "application/pgp-signature"},
		{"-----BEGIN PGP MESSAGE", "application/pgp-encrypted"},
	} {
		if bytes.HasPrefix(head, []byte(m.prefix)) {
			return m.media
		}
	}
	switch {
	case bytes.HasPrefix(head, []byte("\xD0\xCF\x11\xE0\xA1\xB1\x1A\xE1")):
		return oleKind(ext)
	case signedData(head):
		return signedKind(ext)
	}
	return ""
}

// signedKind tells a signed document by its name: the bytes of a detached
// signature begin alike.
func signedKind(ext string) string {
	if ext == ".p7m" {
		return "application/pkcs7-mime"
	}
	return "application/pkcs7-signature"
}

// signedData finds the object id of CMS SignedData at the beginning of DER.
func signedData(head []byte) bool {
	return len(head) > 0 && head[0] == 0x30 && bytes.Contains(head[:min(len(head), 24)], []byte("\x06\x09\x2A\x86\x48\x86\xF7\x0D\x01\x07\x02"))
}

func oleKind(ext string) string {
	switch ext {
	case ".doc", ".dot":
		return "application/msword"
	case ".xls", ".xlt":
		return "application/vnd.ms-excel"
	case ".ppt", ".pps":
		return "application/vnd.ms-powerpoint"
	case ".msg":
		return "application/vnd.ms-outlook"
	}
	return "application/x-ole-storage"
}

const openXML = "application/vnd.openxmlformats-officedocument."

// zipKind looks at the names of the first entries.
func zipKind(head []byte, ext string) string {
	if i := bytes.Index(head, []byte("mimetypeapplication/vnd.oasis.opendocument.")); i >= 0 {
		kind := head[i+len("mimetype"):]
		if end := bytes.IndexAny(kind, "P\x00"); end > 0 { // the next entry begins with "PK"
			return string(kind[:end])
		}
	}
	office := bytes.Contains(head, []byte("[Content_Types].xml")) || bytes.Contains(head, []byte("_rels/")) || bytes.Contains(head, []byte("docProps/"))
	switch {
	case bytes.Contains(head, []byte("word/")) || office && ext == ".docx":
		return openXML + "wordprocessingml.document"
	case bytes.Contains(head, []byte("xl/")) || office && ext == ".xlsx":
		return openXML + "spreadsheetml.sheet"
	case bytes.Contains(head, []byte("ppt/")) || office && ext == ".pptx":
		return openXML + "presentationml.presentation"
	}
	return "application/zip"
}

func textKind(head []byte, ext, declared string) string {
	switch ext {
	case ".csv":
		return "text/csv"
	case ".json":
		return "application/json"
	case ".xml":
		return "application/xml"
	case ".eml":
		return "message/rfc822"
	case ".htm", ".html":
		return "text/html"
	}
	if len(head) > 0 && strings.HasPrefix(declared, "text/") && declared != "text/html" {
		return declared
	}
	return "text/plain"
}

// unknownKind trusts the sender in what bytes do not show.
func unknownKind(ext, declared string) string {
	switch ext {
	case ".p7s", ".sig", ".sgn", ".p7m":
		return signedKind(ext)
	}
	kind, _, _ := strings.Cut(declared, "/")
	switch {
	case declared == "", kind == "text", kind == "image", kind == "multipart", kind == "message", shows(declared):
		return octets
	}
	return declared
}

// shows lists the types that are seen in the bytes: without them the
// declaration is wrong.
func shows(media string) bool {
	switch media {
	case "application/pdf", "application/zip", "application/rtf", "application/msword", "application/x-7z-compressed",
		"application/vnd.ms-excel", "application/vnd.ms-powerpoint", "application/xml", "application/json":
		return true
	}
	return strings.HasPrefix(media, openXML)
}

// extension is the usual one of a type, for files that came without a name.
func extension(media string) string {
	switch media {
	case "application/pdf":
		return ".pdf"
	case "image/jpeg":
		return ".jpg"
	case "image/png", "image/gif", "image/tiff", "image/webp", "image/bmp":
		return "." + strings.TrimPrefix(media, "image/")
	case "text/plain":
		return ".txt"
	case "text/html":
		return ".html"
	case "text/calendar":
		return ".ics"
	case "text/vcard":
		return ".vcf"
	case "text/csv":
		return ".csv"
	case "message/rfc822":
		return ".eml"
	case "application/zip":
		return ".zip"
	case "application/rtf":
		return ".rtf"
	case "application/xml":
		return ".xml"
	case "application/pkcs7-signature":
		return ".p7s"
	case "application/pgp-signature", "application/pgp-encrypted":
		return ".asc"
	case "application/msword":
		return ".doc"
	case "application/vnd.ms-excel":
		return ".xls"
	case openXML + "wordprocessingml.document":
		return ".docx"
	case openXML + "spreadsheetml.sheet":
		return ".xlsx"
	}
	return ".bin"
}
