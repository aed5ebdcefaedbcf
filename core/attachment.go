package core

// FileRole tells what a file is for its message or document.
type FileRole string

const (
	FileAttachment FileRole = "attachment" // an ordinary file (Файлы)
	FileInline     FileRole = "inline"     // an image the HTML text refers to by content id
	FileOriginal   FileRole = "original"   // the raw letter, XML or body as it came
	FileHTML       FileRole = "html"       // the original HTML text before sanitising
	FileSignature  FileRole = "signature"  // a detached signature of another file
)

// Attachment is a file by reference: its bytes are in core/blob.
type Attachment struct {
	Hash      string   `json:"hash"` // lower-case hex SHA-256
	Size      int64    `json:"size"` // bytes
	Name      string   `json:"name"` // safe base name, not empty
	MediaType string   `json:"media_type"`
	Role      FileRole `json:"role"`
	ContentID string   `json:"content_id,omitempty"`
	// Signs is the name of the file a signature belongs to.
	Signs string `json:"signs,omitempty"`
	// Note says what is special about the file (cut, left at the server …).
	Note string `json:"note,omitempty"`
}
