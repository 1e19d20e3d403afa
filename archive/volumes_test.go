package archive_test

import (
	"bytes"
	"encoding/binary"
	"os"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/pcparchive/pcparchive/archive"
	"github.com/pcparchive/pcparchive/history"
	"github.com/pcparchive/pcparchive/internal/archtest"
	"github.com/pcparchive/pcparchive/internal/oracle"
	"github.com/pcparchive/pcparchive/pcp"
)

// TestVolumes reads an archive that lacks a volume and has an empty one.
func TestVolumes(t *testing.T) {
	base := longArchive(t, pcp.V3, 4)
	raw, err := os.ReadFile(base + ".0")
	require.NoError(t, err)
	require.NoError(t, os.Remove(base+".0"))
	require.NoError(t, os.Remove(base+".index"))
	head, size := raw[:808], (len(raw)-808)/4
	volume := func(suffix string, n uint32, records []byte) {
		file := append([]byte(nil), head...)
		binary.BigEndian.PutUint32(file[24:], n)
		require.NoError(t, os.WriteFile(base+suffix, append(file, records...), 0o644))
	}
	volume(".2", 2, raw[808:808+size])
	volume(".5", 5, nil)
	volume(".10", 10, raw[808+size:])
	r, err := archive.Open(base, nil)
	require.NoError(t, err)
	assert.Equal(t, span(1, 4), seconds(t, r, history.Query{}))
	assert.Len(t, r.Members(), 4)
	assert.Equal(t, base, r.Base())

	assert.Empty(t, r.Warnings())
}

// TestVolumesPassedOver damages volumes. PCP skips a damaged volume unless it
// is the first.
func TestVolumesPassedOver(t *testing.T) {
	archtest.ForEachVersion(t, func(t *testing.T, v pcp.Version) {
		for _, tt := range []struct {
			name    string
			damage  func(label []byte) []byte
			warning string // "" for none
			read    bool   // the volume is good
		}{
			{"nothing", func([]byte) []byte { return nil }, "offset 0: label record: empty file: no data", false},
			{"5 bytes", func(b []byte) []byte { return b[:5] }, "offset 0: label record: empty file: no data", false},
			{"part of a label", func(b []byte) []byte { return b[:50] }, "record is too short; the last 50 bytes of the file left out", false},
			{"label alone", func(b []byte) []byte { return b }, "", false},
			{"other magic", func(b []byte) []byte { b[5]++; return b }, "magic number: 0x5006260" + string('0'+byte(v)) + ": not a PCP archive", false},
			{"other number", func(b []byte) []byte { b[map[pcp.Version]int{pcp.V2: 23, pcp.V3: 27}[v]] = 9; return b }, "volume: 9 instead of 1: records disagree", false},
			{"other length", func(b []byte) []byte { b[len(b)-1]++; return b }, "record length and its trailer differ", false},
			{"other process", func(b []byte) []byte { b[11]++; return b }, "", true},
		} {
			t.Run(tt.name, func(t *testing.T) {
				base, headers := threeVolumes(t, v)
				raw, err := os.ReadFile(base + ".1")
				require.NoError(t, err)
				label := tt.damage(bytes.Clone(raw[:headers]))
				if tt.read {
					label = append(label, raw[headers:]...)
				}
				require.NoError(t, os.WriteFile(base+".1", label, 0o644))

				r, err := archive.Open(base, nil)
				require.NoError(t, err)
				want := []int64{1, 2, -2, 5, 6}
				records := 4
				switch {
				case tt.read:
					want, records = span(1, 6), 6
				case tt.warning == "" || tt.name == "other number":
					want = []int64{1, 2, 5, 6}
				}
				assert.Equal(t, want, seconds(t, r, history.Query{}))
				assert.Equal(t, want, seconds(t, r, history.Query{}))
				n := 0
				for _, err := range r.Records(archive.RoleData) {
					var d *archive.Damage
					if err == nil {
						n++
					} else {
						require.ErrorAs(t, err, &d)
					}
				}
				assert.Equal(t, records, n)
				end, err := r.End()
				require.NoError(t, err)
				assert.Equal(t, at(6), end)
				if tt.warning == "" {
					assert.Empty(t, r.Warnings())
				} else if assert.Len(t, r.Warnings(), 1) {
					assert.ErrorContains(t, r.Warnings()[0], base+".1: ")
					assert.ErrorContains(t, r.Warnings()[0], tt.warning)
				}
				requireSameShapes(t, base, r)

				require.NoError(t, os.Remove(base+".0"))
				require.NoError(t, os.Remove(base+".index"))
				_, err = archive.Open(base, &archive.ReadOptions{Strict: true})
				requireLocated(t, err)
				assert.Contains(t, oracle.Exec(t, "pmdumplog", "-z", "-a", base).Stderr, "Cannot open archive")
				r, err = archive.Open(base, nil)
				require.NoError(t, err, "another label serves")
				assert.Equal(t, want[len(want)-records+2:], seconds(t, r, history.Query{}))
			})
		}
	})
}

// threeVolumes writes records 1 to 6 into volumes of two records and returns
// the length of a label.
func threeVolumes(t *testing.T, v pcp.Version) (base string, header int64) {
	a, base := create(t, v)
	require.NoError(t, a.Define(archtest.Count))
	for sec := range int64(6) {
		if sec == 2 || sec == 4 {
			require.NoError(t, a.Rotate())
		}
		require.NoError(t, a.Append(count(sec+1, uint32(sec))))
	}
	require.NoError(t, a.Close())
	return base, int64(len(archive.EncodeHeader(&archive.Header{Version: v}, 0)))
}

// requireSameShapes compares the records with those that PCP reads.
func requireSameShapes(t *testing.T, base string, r *archive.Reader) {
	t.Helper()
	want := parseDump(oracle.Run(t, "pmdumplog", "-z", "-a", base)).shapes
	got, err := shapes(r)
	require.NoError(t, err)
	require.Equal(t, want, got)
}
