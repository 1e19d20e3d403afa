package csv_test

import (
	"context"
	"path/filepath"
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/pcparchive/pcparchive/archive"
	"github.com/pcparchive/pcparchive/convert"
	"github.com/pcparchive/pcparchive/convert/csv"
	"github.com/pcparchive/pcparchive/internal/oracle"
	"github.com/pcparchive/pcparchive/pcp"
)

func TestPCPReadsTheArchive(t *testing.T) {
	const table = "time,v,a.b[x y],a.b[z],note\n2026-01-02T01:00:00Z,1.5,2,3,on\n2026-01-02T01:00:10Z,,,,\n2026-01-02T01:00:20Z,2.5,,4,off\n"
	for _, version := range []pcp.Version{2, 3} {
		base := filepath.Join(t.TempDir(), "a")
		file, err := archive.Create(base, archive.Header{Host: "web1", Zone: "UTC"}, &archive.WriteOptions{Version: version})
		require.NoError(t, err)
		sink := convert.NewToArchive(file)
		require.NoError(t, convert.Copy(context.Background(), sink, csv.NewReader("t.csv", strings.NewReader(table), csv.Options{})))
		require.NoError(t, sink.Close())
		assert.Equal(t, oracle.Result{}, oracle.Exec(t, "pmlogcheck", base))
		dump := oracle.Exec(t, "pmdumplog", "-z", "-m", base)
		assert.Empty(t, dump.Stderr)
		for _, want := range []string{"(csv.v): value 1.5", `inst [0 or "x y"] value 2`, `inst [1 or "z"] value 4`, "<mark>", `(csv.note): value "off"`} {
			assert.Contains(t, dump.Stdout, want)
		}
	}
}
