package blob

import "bytes"

// Content is a file that lies in memory. A Store it is put into may take the bytes
// as they are in place of reading them, so they must not be changed before Put
// returns.
type Content struct {
	bytes.Reader
	all []byte
}

// NewContent makes a Content of all.
func NewContent(all []byte) *Content {
	c := &Content{all: all}
	c.Reset(all)
	return c
}

// Unread is what reading would still yield.
func (c *Content) Unread() []byte { return c.all[len(c.all)-c.Len():] }
