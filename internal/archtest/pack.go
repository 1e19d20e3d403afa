package archtest

import (
	"bytes"
	"testing"

	"github.com/pcparchive/pcparchive/internal/oracle"
)

// Pack sends data through a program. The test is skipped where it is absent.
func Pack(t testing.TB, data []byte, program string, args ...string) []byte {
	t.Helper()
	cmd := oracle.Command(t, program, args...)
	var out, errs bytes.Buffer
	cmd.Stdin, cmd.Stdout, cmd.Stderr = bytes.NewReader(data), &out, &errs
	if err := cmd.Run(); err != nil {
		t.Fatalf("%s %q: %v\n%s", program, args, err, &errs)
	}
	return out.Bytes()
}
