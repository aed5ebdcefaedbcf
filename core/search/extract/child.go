package extract

import (
	"bufio"
	"encoding/binary"
	"encoding/json"
	"errors"
	"fmt"
	"io"
)

// Between the hub and its child run frames: four bytes of length, big endian,
// and so many bytes. A request is two frames: what the file is (JSON) and its
// bytes. The answer is two frames: why it could not be read, empty if it could,
// and the text.

// request tells the child what comes.
type request struct {
	Name  string `json:"name"`
	Media string `json:"media"`
	Limit int    `json:"limit"`
}

// maxFrame bounds a frame; a longer one is a defect or a lie.
const maxFrame = 256 << 20

// notRead is the answer for ErrKind.
const notRead = "kind"

// Serve is the whole of the child: it reads files from in and writes their text
// to out until in ends. It first has the system bound its own memory.
func Serve(in io.Reader, out io.Writer) error {
	if err := boundMemory(); err != nil {
		return fmt.Errorf("bound memory: %w", err)
	}
	r, w := bufio.NewReader(in), bufio.NewWriter(out)
	for {
		err := serveOne(r, w)
		if errors.Is(err, io.EOF) {
			return nil
		}
		if err != nil {
			return err
		}
	}
}

func serveOne(r io.Reader, w *bufio.Writer) error {
	head, err := readFrame(r)
	if err != nil {
		return err
	}
	var what request
	if err := json.Unmarshal(head, &what); err != nil {
		return fmt.Errorf("read request: %w", err)
	}
	content, err := readFrame(r)
	if err != nil {
		return err
	}
	text, fault := Text(what.Name, what.Media, content, what.Limit)
	if err := errors.Join(writeFrame(w, reason(fault)), writeFrame(w, []byte(text))); err != nil {
		return err
	}
	return w.Flush()
}

// reason crosses the process line; the text of an error may quote the file and
// does not.
func reason(err error) []byte {
	switch {
	case err == nil:
		return nil
	case errors.Is(err, ErrKind):
		return []byte(notRead)
	}
	return []byte("damaged")
}

func readFrame(r io.Reader) ([]byte, error) {
	var length [4]byte
	if _, err := io.ReadFull(r, length[:]); err != nil {
		return nil, err
	}
	n := binary.BigEndian.Uint32(length[:])
	if n > maxFrame {
		return nil, fmt.Errorf("frame of %d bytes", n)
	}
	out := make([]byte, n)
	_, err := io.ReadFull(r, out)
	return out, err
}

func writeFrame(w io.Writer, data []byte) error {
	length := binary.BigEndian.AppendUint32(nil, uint32(len(data))) //nolint:gosec // files are bounded far below
	if _, err := w.Write(length); err != nil {
		return err
	}
	_, err := w.Write(data)
	return err
}
