package archive_test

import (
	"context"
	"fmt"
	"io/fs"
	"os"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/pcparchive/pcparchive/archive"
	"github.com/pcparchive/pcparchive/internal/archtest"
	"github.com/pcparchive/pcparchive/internal/endctx"
	"github.com/pcparchive/pcparchive/labelset"
	"github.com/pcparchive/pcparchive/meta"
	"github.com/pcparchive/pcparchive/pcp"
)

// writeMuch writes one record with metadata of every kind about many metrics, and
// returns the first error and the number of calls that succeeded.
func writeMuch(a *archive.Appender) (done int, err error) {
	at := pcp.Timestamp{Sec: 1}
	res := &archive.Result{Stamp: at}
	for i := range 20 {
		d := &meta.Desc{
			PMID: pcp.PMID(1<<10 | i), Names: []string{fmt.Sprintf("m%d", i)}, Type: pcp.TypeU32, Sem: pcp.SemInstant,
			InDom: pcp.InDomID(1<<22 | i),
		}
		context, _ := labelset.New(labelset.Instances, labelset.String("a", "b"))
		for _, call := range []func() error{
			func() error { return a.Define(d) },
			func() error {
				return a.SetInDom(&meta.InDom{ID: d.InDom, Stamp: at, Instances: []meta.Instance{{ID: 1, Name: "one"}}})
			},
			func() error {
				return a.SetLabels(&meta.Labels{Stamp: at, Level: labelset.Instances, Ident: uint32(d.InDom), Sets: []labelset.Instance{{Inst: 1, Set: context}}})
			},
			func() error {
				return a.SetText(&meta.Text{Type: meta.TextPMID | meta.TextOneLine, Ident: uint32(d.PMID), Text: "text"})
			},
		} {
			if err := call(); err != nil {
				return done, err
			}
			done++
		}
		res.Sets = append(res.Sets, archive.ValueSet{PMID: d.PMID, Err: pcp.ErrnoAgain})
	}
	return done, a.Append(res)
}

// TestContextEndsEveryCall ends the context at each check of the writing of one large
// record: the call under way is the last, and Close leaves nothing.
func TestContextEndsEveryCall(t *testing.T) {
	all := endctx.At(1 << 30)
	a, err := archive.Create(t.TempDir()+"/rec", archtest.Header, &archive.WriteOptions{Context: all})
	require.NoError(t, err)
	calls, err := writeMuch(a)
	require.NoError(t, err)
	checks := all.Checks()
	require.Equal(t, calls+1, checks, "one check for each call")
	require.NoError(t, a.Close())
	for n := 1; n <= checks; n++ {
		dir := t.TempDir()
		a, err := archive.Create(dir+"/rec", archtest.Header, &archive.WriteOptions{Context: endctx.At(n)})
		require.NoError(t, err)
		done, err := writeMuch(a)
		require.ErrorIs(t, err, context.Canceled)
		require.Equal(t, n-1, done)
		require.NoError(t, a.Close(), "there is no record to complete")
		left, err := fs.Glob(os.DirFS(dir), "rec*")
		require.NoError(t, err)
		require.Empty(t, left)
	}
}
