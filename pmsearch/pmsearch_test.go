package pmsearch

import (
	"context"
	"fmt"
	"strings"
	"sync"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
	"golang.org/x/sync/semaphore"

	"github.com/pcparchive/pcparchive/internal/seriestest"
	"github.com/pcparchive/pcparchive/pmseries"
	"github.com/pcparchive/pcparchive/store"
)

// twoHosts returns an index with a view of two hosts.
func twoHosts(t testing.TB, o Options) *View {
	dir := t.TempDir()
	seriestest.WriteHost(t, dir, "node88", 1)
	seriestest.WriteHost(t, dir, "node89", 2)
	hosts, err := store.Open([]string{dir}, nil)
	require.NoError(t, err)
	return NewIndex(o).View(pmseries.NewIndex(pmseries.IndexOptions{}).View(hosts.Sets()))
}

// names returns the names of results.
func names(r *Results) string {
	var all []string
	for _, d := range r.Found {
		all = append(all, d.Kind.String()+" "+d.Name)
	}
	return strings.Join(all, ", ")
}

func TestText(t *testing.T) {
	v := twoHosts(t, Options{})
	for _, c := range []struct {
		query Query
		want  string
	}{
		{Query{Text: "context"}, "metric kernel.all.pswitch"},
		{Query{Text: "switch processes"}, "metric kernel.all.pswitch"}, // the endings of words do not matter
		{Query{Text: "processes", Fields: Name}, ""},
		{Query{Text: "the disks"}, "metric disk.dev.read_bytes, indom 245.2"},
		{Query{Text: "disk", Kinds: []Kind{InDom}}, "indom 245.2"},
		{Query{Text: "kernel all load"}, "metric kernel.all.load"},
		{Query{Text: "kernel.all.load"}, "metric kernel.all.load"},
		{Query{Text: "read_bytes"}, "metric disk.dev.read_bytes"},
		{Query{Text: "bytes"}, "metric disk.dev.read_bytes"}, // a part of a word
		{Query{Text: "kern uname"}, "metric kernel.uname.release"},
		{Query{Text: "minute", Kinds: []Kind{Instance}}, "instance 1 minute, instance 5 minute, instance 15 minute"},
		{Query{Text: "minute", Kinds: []Kind{Instance}, Offset: 1, Limit: 1}, "instance 5 minute"},
		{Query{Text: "minute", Offset: 100}, ""},
		{Query{Text: "nosuchword"}, ""}, {Query{Text: "disk nosuchword"}, ""}, {Query{Text: "the of"}, ""}, {Query{}, ""},
	} {
		r, err := v.Text(context.Background(), c.query)
		require.NoError(t, err)
		assert.Equal(t, c.want, names(r), "%+v", c.query)
	}
	r, err := v.Text(context.Background(), Query{Text: "disk", Highlight: OneLine | Name, Limit: 1})
	require.NoError(t, err)
	assert.Equal(t, 2, r.Total)
	assert.Equal(t, []string{"<b>disk</b>.dev.read_bytes", "per-<b>disk</b> count of bytes read", "245.2"}, []string{r.Found[0].Name, r.Found[0].OneLine, r.Found[0].InDom})
}

func TestSuggest(t *testing.T) {
	v := twoHosts(t, Options{})
	for text, want := range map[string]string{
		"ker": "kernel.all.load kernel.all.pswitch kernel.uname.release", "kernel.all.l": "kernel.all.load", "kernal load": "kernel.all.load", // one letter is wrong
		"sd": "sda sdb", "15": "15 minute", "x": "", "": "", "nosuch": "",
	} {
		got, err := v.Suggest(context.Background(), text, 10)
		require.NoError(t, err)
		assert.Equal(t, want, strings.Join(got, " "), text)
	}
	got, err := v.Suggest(context.Background(), "kernel", 2)
	require.NoError(t, err)
	assert.Len(t, got, 2)
}

func TestInDom(t *testing.T) {
	v := twoHosts(t, Options{})
	r, err := v.InDom(context.Background(), Query{Text: "245.2"})
	require.NoError(t, err)
	assert.Equal(t, "indom 245.2, instance sda, instance sdb, metric disk.dev.read_bytes", names(r))
	assert.Equal(t, "Each disk that the kernel knows is an instance.", r.Found[0].Help)
	r, err = v.InDom(context.Background(), Query{Text: "245"})
	require.NoError(t, err)
	assert.Empty(t, r.Found)
}

// TestLimit leaves out instances, and says how many.
func TestLimit(t *testing.T) {
	v := twoHosts(t, Options{MaxDocs: 9})
	info, err := v.Info(context.Background())
	require.NoError(t, err)
	assert.Equal(t, 9, info.Docs, "six metrics, two domains and an instance")
	assert.Equal(t, 4, info.LeftOut)
	whole, err := twoHosts(t, Options{}).Info(context.Background())
	require.NoError(t, err)
	assert.Equal(t, 13, whole.Docs)
	assert.Zero(t, whole.LeftOut)
	assert.Positive(t, whole.Records)
	assert.GreaterOrEqual(t, whole.Terms, 20)
}

// TestShared asks from many goroutines. The index is made once.
func TestShared(t *testing.T) {
	v := twoHosts(t, Options{})
	var group sync.WaitGroup
	for range 20 {
		group.Go(func() {
			r, err := v.Text(context.Background(), Query{Text: "disk"})
			assert.NoError(t, err)
			assert.Equal(t, 2, r.Total)
		})
	}
	group.Wait()
	again := &View{x: v.x, archives: v.archives, making: semaphore.NewWeighted(1)} // as after a look for archives
	_, err := again.Info(context.Background())
	require.NoError(t, err)
	assert.Same(t, v.made, again.made)
	ctx, cancel := context.WithCancel(context.Background())
	cancel()
	_, err = twoHosts(t, Options{}).Text(ctx, Query{Text: "disk"})
	assert.ErrorIs(t, err, context.Canceled)
}

func TestStem(t *testing.T) {
	for word, want := range map[string]string{"disks": "disk", "queries": "query", "loss": "loss", "used": "used", "waiting": "wait", "cached": "cach", "caches": "cache", "bus": "bus"} {
		assert.Equal(t, want, stem(word), word)
	}
}

func FuzzSearch(f *testing.F) {
	v := twoHosts(f, Options{})
	for _, s := range []string{"disk read", "kernel.all.load", "read_bytes", "245.2", "<b>&\"", "ключ", "a_b_", "\xff\xfe"} {
		f.Add(s, 0, 10)
	}
	f.Fuzz(func(t *testing.T, s string, offset, limit int) {
		if offset < 0 || limit < 0 {
			return
		}
		q := Query{Text: s, Offset: offset, Limit: limit, Highlight: AllFields}
		r, err := v.Text(context.Background(), q)
		require.NoError(t, err)
		for _, d := range r.Found {
			for _, text := range []string{d.Name, d.OneLine, d.Help} {
				require.Equal(t, strings.Count(text, "<b>"), strings.Count(text, "</b>"))
			}
		}
		_, err = v.Suggest(context.Background(), s, limit)
		require.NoError(t, err)
		_, err = v.InDom(context.Background(), q)
		require.NoError(t, err)
		_ = fmt.Sprint(marked(s, map[string]bool{"disk": true}, Name))
	})
}
