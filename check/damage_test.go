package check_test

import (
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/pcparchive/pcparchive/archive"
	"github.com/pcparchive/pcparchive/check"
	"github.com/pcparchive/pcparchive/finding"
	"github.com/pcparchive/pcparchive/internal/archtest"
	"github.com/pcparchive/pcparchive/internal/oracle"
	"github.com/pcparchive/pcparchive/meta"
	"github.com/pcparchive/pcparchive/pcp"
)

// skeleton renders what of an archive's records the format lets a reader
// verify: how they are built and what refers to what. Left out is what any
// value would do for: numbers and texts, the widths of names, flags of labels,
// and times, of which only the order can be wrong.
func skeleton(t *testing.T, base string) string {
	t.Helper()
	var b strings.Builder
	r, err := archive.Open(base, nil)
	if err != nil {
		return "cannot open: " + err.Error()
	}
	for _, role := range []archive.Role{archive.RoleMeta, archive.RoleData} {
		for rec, err := range r.Records(role) {
			if err != nil {
				return b.String() + err.Error()
			}
			fmt.Fprintf(&b, "%T@%d ", rec.Record, rec.Pos.Offset)
			switch rec := rec.Record.(type) {
			case *meta.Desc:
				fmt.Fprintln(&b, rec.PMID, rec.InDom, rec.Type.Size(), len(rec.Names))
			case *meta.InDom:
				fmt.Fprint(&b, rec.ID)
				for _, e := range rec.Instances {
					fmt.Fprint(&b, " ", e.ID)
				}
			case *meta.InDomDelta:
				fmt.Fprint(&b, rec.ID)
				for _, e := range rec.Changes {
					fmt.Fprint(&b, " ", e.ID, e.Remove)
				}
			case *meta.Labels:
				fmt.Fprint(&b, rec.Level, rec.Ident)
				for _, s := range rec.Sets {
					fmt.Fprint(&b, " ", s.Inst, s.Set.Len(), s.Err)
				}
			case *meta.Text:
				fmt.Fprint(&b, rec.Ident)
			case *archive.Result:
				for _, s := range rec.Sets {
					fmt.Fprint(&b, " ", s.PMID, s.Format, len(s.Values))
					for _, v := range s.Values {
						fmt.Fprint(&b, " ", v.Inst, v.Type, len(v.Data))
					}
				}
			}
			b.WriteByte('\n')
		}
	}
	return b.String()
}

// TestEveryByte damages a small archive at every position in turn: a byte is
// changed or missing. There must be a finding, or what is read must be built as
// before.
func TestEveryByte(t *testing.T) {
	damages := []struct {
		name string
		do   func(b []byte, i int) []byte
	}{
		{"inverted", func(b []byte, i int) []byte { b[i] ^= 0xff; return b }},
		{"lowest bit", func(b []byte, i int) []byte { b[i] ^= 1; return b }},
		{"missing", func(b []byte, i int) []byte { return slices.Delete(b, i, i+1) }},
	}
	archtest.ForEachVersion(t, func(t *testing.T, v pcp.Version) {
		for _, damage := range damages {
			t.Run(damage.name, func(t *testing.T) {
				t.Parallel()
				base := archtest.Sample(t, v)
				want := skeleton(t, base)
				usual := len(slices.Collect(check.Archive(t.Context(), base, nil)))
				silent := 0
				for _, suffix := range []string{".meta", ".index", ".0"} {
					sound, err := os.ReadFile(base + suffix)
					require.NoError(t, err)
					for i := range sound {
						if padding(sound, i, v) || leftOut(i) {
							continue
						}
						require.NoError(t, os.WriteFile(base+suffix, damage.do(slices.Clone(sound), i), 0o644))
						found := slices.Collect(check.Archive(t.Context(), base, nil))
						if len(found) > usual {
							continue
						}
						silent++
						if got := skeleton(t, base); got != want {
							t.Errorf("%s: byte %d: nothing was found\n%s", suffix, i, oracle.FirstDifference(want, got))
						}
					}
					require.NoError(t, os.WriteFile(base+suffix, sound, 0o644))
				}
				t.Logf("%d positions cannot be told from sound ones", silent)
			})
		}
	})
}

// padding reports whether byte i is one of the many that fill a label up, of
// which a few will do.
func padding(b []byte, i int, v pcp.Version) bool {
	return i > 100 && i < int(archive.HeaderSize(v))-4 && b[i] == 0 && i%29 != 0
}

// leftOut reports whether short tests leave out a byte.
func leftOut(i int) bool { return testing.Short() && i%7 != 0 }

// TestGoesOnAfterDamage checks that damage in the middle of a file costs the
// records concerned alone.
func TestGoesOnAfterDamage(t *testing.T) {
	for _, tt := range []struct {
		name   string
		damage func(c *crafted, at int)
		lost   string
	}{
		{"length", func(c *crafted, at int) { c.Put(".0", at, 0x7fffffff) }, "72 bytes left out"},
		{"trailer", func(c *crafted, at int) { c.Put(".0", at+68, 0) }, "72 bytes left out"},
		{"a hundred bytes of text", func(c *crafted, at int) {
			c.Files[".0"] = slices.Insert(c.Files[".0"], at, []byte(strings.Repeat("rubbish...", 10))...)
		}, "100 bytes left out"},
		{"part of a record", func(c *crafted, at int) { c.Files[".0"] = slices.Delete(c.Files[".0"], at+10, at+21) }, "61 bytes left out"},
	} {
		t.Run(tt.name, func(t *testing.T) {
			c := craft(t, pcp.V3)
			good(c)
			c.Value(at(4), text.PMID, pcp.InstNull, 0) // the last record has a mistake of its own
			c.Files[".index"] = c.Files[".index"][:c.Layout.HeaderSize+32]
			tt.damage(c, c.Layout.HeaderSize+72)
			found := findings(c, nil)
			require.NotEmpty(t, found)
			assert.Contains(t, found[0].Message, tt.lost)
			assert.Equal(t, int64(c.Layout.HeaderSize+72), found[0].Offset)
			assert.Contains(t, codes(found), check.MetricUnknown)
		})
	}
}

// TestCraftedToBeSlow checks that the search for records after damage does not try every
// place after every other one, whatever the bytes look like: that would take days.
func TestCraftedToBeSlow(t *testing.T) {
	for _, word := range []uint32{8, 16, 20, 24, 1 << 16, 1 << 20, 0x7fffffff} {
		c := craft(t, pcp.V3)
		good(c)
		for _, suffix := range []string{".meta", ".0"} {
			c.Frame(suffix, nil)
			c.Put(suffix, len(c.Files[suffix])-8, 0)
			for range 1 << 20 {
				c.Files[suffix] = append(c.Files[suffix], byte(word>>24), byte(word>>16), byte(word>>8), byte(word))
			}
		}
		assert.NotEmpty(t, findings(c, nil), "word %#x", word)
	}
}

// TestTornEverywhere cuts every file at every length.
func TestTornEverywhere(t *testing.T) {
	archtest.ForEachVersion(t, func(t *testing.T, v pcp.Version) {
		base := archtest.Sample(t, v)
		head, entry := int(archive.HeaderSize(v)), int(archive.IndexEntrySize(v))
		for _, suffix := range []string{".meta", ".index", ".0"} {
			whole, err := os.ReadFile(base + suffix)
			require.NoError(t, err)
			for n := range whole {
				if padding(whole, n, v) || leftOut(n) {
					continue
				}
				require.NoError(t, os.WriteFile(base+suffix, whole[:n], 0o644))
				found := slices.Collect(check.Archive(t.Context(), base, &check.Options{Min: finding.Warning}))
				if suffix == ".index" && (n-head)%entry == 0 && n > head {
					continue // nothing tells that there were further entries
				}
				assert.NotEmpty(t, found, "%s cut to %d", filepath.Base(base)+suffix, n)
			}
			require.NoError(t, os.WriteFile(base+suffix, whole, 0o644))
		}
	})
}
