package main

import (
	"bytes"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/pcparchive/pcparchive/archive"
	"github.com/pcparchive/pcparchive/pcp"
)

// TestDamagedTimeAsDamagedRecord flips bits in the time of a record. Every command that reads
// values prints what it prints when the same record is lost for another reason, names the
// record once and ends with the status for lost data.
func TestDamagedTimeAsDamagedRecord(t *testing.T) {
	t.Chdir(t.TempDir())
	require.NoError(t, os.Mkdir("logs", 0o777))
	require.NoError(t, writeDay("logs/a", "tester", 0, pcp.TypeU64))
	require.NoError(t, writeDay("logs/c", "tester", 2, pcp.TypeU64))
	whole, err := os.ReadFile("logs/a.0")
	require.NoError(t, err)
	var places []archive.Located
	r, err := archive.Open("logs/a", nil)
	require.NoError(t, err)
	for rec, err := range r.Records(archive.RoleData) {
		require.NoError(t, err)
		places = append(places, rec)
	}
	verbs := slices.DeleteFunc(slices.Clone(folderVerbs), func(args []string) bool {
		return slices.Contains([]string{"info", "size", "list", "labels"}, args[0])
	})
	for _, of := range []int{1, len(places) / 2, len(places) - 2} {
		at := places[of].Pos.Offset
		write := func(offset int64, bits byte) {
			raw := bytes.Clone(whole)
			raw[at+offset] ^= bits
			require.NoError(t, os.WriteFile("logs/a.0", raw, 0o644))
		}
		write(16, 0x7f) // the number of metrics
		var lost []string
		for _, args := range verbs {
			_, out, _ := answer(t, args)
			lost = append(lost, out)
		}
		for name, flip := range map[string]struct {
			offset int64
			bits   byte
		}{"34 years ahead": {4, 0x80}, "a year": {4, 0x02}, "four minutes": {6, 0x01}, "beyond all times": {8, 0x40}} {
			write(flip.offset, flip.bits)
			for i, args := range verbs {
				status, out, errs := answer(t, args)
				if status == exitOK { // the query does not reach the record
					assert.Empty(t, errs, "%s: %v", name, args)
					continue
				}
				assert.Equal(t, exitSkipped, status, "%s: %v", name, args)
				assert.Equal(t, lost[i], out, "%s: record %d: %v", name, of, args)
				assert.Equal(t, 1, strings.Count(errs, filepath.Join("logs", "a.0")+": offset "), "%s: %v\n%s", name, args, errs)
			}
			for range 2 { // by columns, too
				_, out, errs := answer(t, []string{"query", "disk_all_read", "logs", "--step", "1s", "--cache", "cache" + name})
				_, want, _ := answer(t, []string{"query", "disk_all_read", "logs", "--step", "1s", "--cache", "off"})
				assert.Equal(t, want, out, name)
				assert.Contains(t, errs, "a.0: offset ", name)
			}
		}
	}
}
