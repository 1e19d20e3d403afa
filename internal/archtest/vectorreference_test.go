package archtest

import (
	"bytes"
	"regexp"
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/pcparchive/pcparchive/archive"
	"github.com/pcparchive/pcparchive/dump"
	"github.com/pcparchive/pcparchive/internal/oracle"
)

// referenceError is what the reference says of damage without failing.
var referenceError = regexp.MustCompile(`Corrupted record|Error: `)

// TestVectorsReference asks the reference about the archive of each vector, and
// compares its listing with ours where both accept it.
func TestVectorsReference(t *testing.T) {
	oracle.Path(t, "pmdumplog")
	for _, name := range VectorNames(t) {
		vec := LoadVector(t, name)
		if vec.Expect["reference"] == "varies" {
			continue
		}
		for _, v := range vec.Versions() {
			t.Run(name+" in "+v.String(), func(t *testing.T) {
				p := vec.place(t, v)
				ref := oracle.Exec(t, "pmdumplog", "-z", "-a", p.base)
				said := "accepts"
				if ref.Exit != 0 || referenceError.MatchString(ref.Stderr) {
					said = "refuses"
				}
				require.Equal(t, vec.Expect["reference"], said, "exit status %d: %s", ref.Exit, ref.Stderr)
				if said == "refuses" || !vec.accepted() {
					return
				}
				r, err := archive.Open(p.base, nil)
				require.NoError(t, err)
				var b bytes.Buffer
				err = dump.Text(&b, r, &dump.Options{Sections: dump.All, Sizes: true, Compat: 6, Zone: r.Location()})
				require.True(t, err == nil || vec.warned(), "%v", err)
				_, listing, _ := strings.Cut(ref.Stdout, "\n\n") // the note on the time zone
				assert.Empty(t, oracle.FirstDifference(oracle.Canon(listing), oracle.Canon(b.String())))
			})
		}
	}
}
