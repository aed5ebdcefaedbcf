package emulator

import (
	"bytes"
	"fmt"
	"os/exec"
)

// validate holds a message to an XSD with libxml2's program.
func validate(schema string, raw []byte) error {
	cmd := exec.Command("xmllint", "--noout", "--nonet", "--schema", schema, "-")
	cmd.Stdin = bytes.NewReader(raw)
	if out, err := cmd.CombinedOutput(); err != nil {
		return fmt.Errorf("xmllint: %w: %s", err, out)
	}
	return nil
}
