// Package archtest provides test data for several packages: the vectors of the
// format, crafted and random archives, and a sample archive with every kind of
// record.
package archtest

import (
	"encoding/hex"
	"strings"
	"testing"

	"github.com/pcparchive/pcparchive/pcp"
)

// Versions lists the supported format versions.
var Versions = []pcp.Version{pcp.V2, pcp.V3}

// ForEachVersion runs a test for each supported version.
func ForEachVersion(t *testing.T, f func(t *testing.T, v pcp.Version)) {
	t.Helper()
	for _, v := range Versions {
		t.Run(v.String(), func(t *testing.T) { f(t, v) })
	}
}

// Bytes converts text to bytes. The text consists of hexadecimal digits,
// optionally separated by white space, and of strings in double quotes, in
// which \0 is a NUL and no other escape exists.
func Bytes(t testing.TB, s string) []byte {
	t.Helper()
	var out []byte
	for i, part := range strings.Split(s, `"`) {
		if i%2 == 1 {
			out = append(out, strings.ReplaceAll(part, `\0`, "\x00")...)
			continue
		}
		b, err := hex.DecodeString(strings.Join(strings.Fields(part), ""))
		if err != nil {
			t.Fatalf("%q: %v", part, err)
		}
		out = append(out, b...)
	}
	return out
}
