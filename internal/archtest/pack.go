package archtest

import (
	"bytes"
	"crypto/sha256"
	"slices"
	"strings"
	"sync"
	"testing"

	"github.com/pcparchive/pcparchive/internal/oracle"
)

// packed caches the output of programs, because many tests compress the same
// data.
var packed sync.Map

// Pack returns the output of a program for the input data. It skips the test if
// the program is absent.
func Pack(t testing.TB, data []byte, program string, args ...string) []byte {
	t.Helper()
	cmd := oracle.Command(t, program, args...)
	key, small := "", len(data) > 0 && len(data) < 1<<20
	if small {
		sum := sha256.Sum256(data)
		key = program + "\x00" + strings.Join(args, "\x00") + "\x00" + string(sum[:])
		if out, ok := packed.Load(key); ok {
			return slices.Clone(out.([]byte))
		}
	}
	var out, errs bytes.Buffer
	cmd.Stdin, cmd.Stdout, cmd.Stderr = bytes.NewReader(data), &out, &errs
	if err := cmd.Run(); err != nil {
		t.Fatalf("%s %q: %v\n%s", program, args, err, &errs)
	}
	if small {
		packed.Store(key, slices.Clone(out.Bytes()))
	}
	return out.Bytes()
}
