package tsdbtest

import (
	"context"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"testing"

	"github.com/prometheus/prometheus/model/labels"
	"github.com/prometheus/prometheus/storage"
	promtsdb "github.com/prometheus/prometheus/tsdb"
	"github.com/stretchr/testify/require"

	"github.com/pcparchive/pcparchive/internal/blocktest"
)

// PromBlock writes a block with Prometheus and returns the block's folder.
func PromBlock(t testing.TB, dir string, fill func(storage.AppenderV2)) string {
	t.Helper()
	w, err := promtsdb.NewBlockWriter(Quiet, dir, 1000*blocktest.Hour)
	require.NoError(t, err)
	app := w.AppenderV2(t.Context())
	fill(app)
	require.NoError(t, app.Commit())
	id, err := w.Flush(context.Background())
	require.NoError(t, err)
	require.NoError(t, w.Close())
	return filepath.Join(dir, id.String())
}

// Put appends a number.
func Put(t testing.TB, app storage.AppenderV2, lset labels.Labels, at int64, v float64) {
	// Called a million times, which require's own bookkeeping is too slow for.
	if _, err := app.Append(0, lset, 0, at, v, nil, nil, storage.AppendV2Options{}); err != nil {
		t.Fatal(err)
	}
}

// KilledServer uses Prometheus' database in a folder. It returns a copy of the folder from
// before the database was closed, as a killed server leaves it.
func KilledServer(t *testing.T, change func(*promtsdb.Options), use func(*promtsdb.DB)) string {
	t.Helper()
	dir := t.TempDir()
	o := promtsdb.DefaultOptions()
	o.RetentionDuration = 0
	if change != nil {
		change(o)
	}
	db, err := promtsdb.Open(dir, Quiet, nil, o, nil)
	require.NoError(t, err)
	db.DisableCompactions()
	use(db)
	killed := filepath.Join(t.TempDir(), "data")
	require.NoError(t, os.CopyFS(killed, os.DirFS(dir)))
	require.NoError(t, db.Close())
	return killed
}

// FileStates returns the names, sizes and times of all files in a folder.
func FileStates(t testing.TB, dir string) map[string]string {
	t.Helper()
	all := map[string]string{}
	require.NoError(t, filepath.WalkDir(dir, func(path string, e fs.DirEntry, err error) error {
		if err != nil {
			return err
		}
		info, err := e.Info()
		all[path] = fmt.Sprint(info.Size(), info.ModTime())
		return err
	}))
	return all
}
