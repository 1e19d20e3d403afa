// Package archtest holds what the tests of several packages share: the vectors
// of the format, and an archive with every kind of record in it.
package archtest

import (
	"encoding/hex"
	"strings"
	"testing"

	"github.com/pcparchive/pcparchive/pcp"
)

// Versions lists the format versions that are written and read.
var Versions = []pcp.Version{pcp.V2, pcp.V3}

// ForEachVersion runs a test for each version.
func ForEachVersion(t *testing.T, f func(t *testing.T, v pcp.Version)) {
	t.Helper()
	for _, v := range Versions {
		t.Run(v.String(), func(t *testing.T) { f(t, v) })
	}
}

// Bytes reads hexadecimal digits, which white space may separate, and text in
// double quotes, in which \0 is a NUL and no other escape exists.
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
