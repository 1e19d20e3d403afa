package columns

import (
	"bytes"
	"context"
	"encoding/binary"
	"fmt"
	"hash/maphash"
	"math"
	"path/filepath"
	"testing"

	"github.com/prometheus/prometheus/tsdb/chunkenc"
	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/pcparchive/pcparchive/archive"
	"github.com/pcparchive/pcparchive/convert/flatten"
	"github.com/pcparchive/pcparchive/convert/prom"
	"github.com/pcparchive/pcparchive/history"
	"github.com/pcparchive/pcparchive/internal/archtest"
	"github.com/pcparchive/pcparchive/pcp"
)

// randomArchive writes and opens an archive.
func randomArchive(t testing.TB, seed uint64) *archive.Reader {
	t.Helper()
	base := filepath.Join(t.TempDir(), "rec")
	archtest.Random(t, base, seed, archtest.RandomOptions{Gaps: true})
	r, err := archive.Open(base, nil)
	require.NoError(t, err)
	return r
}

// entryOf reads an archive and returns its entry, and the bytes of it.
func entryOf(t testing.TB, r *archive.Reader, o Options) (*Entry, []byte) {
	t.Helper()
	b, err := Read(context.Background(), r, o)
	require.NoError(t, err)
	defer b.Close()
	var content bytes.Buffer
	require.NoError(t, b.write(&content, "", nil))
	en, err := b.Entry()
	require.NoError(t, err)
	return en, content.Bytes()
}

// always is a span that has every time.
var always = Span{math.MinInt64, math.MaxInt64}

// contentOf returns every sample of the metrics that an entry has, as text.
func contentOf(t testing.TB, en *Entry) map[string]string {
	t.Helper()
	all := map[string]string{}
	for i := range en.Names.All {
		if en.Has(i) != Kept {
			continue
		}
		found, err := en.Series(i, always, nil)
		require.NoError(t, err)
		for _, s := range found {
			key := fmt.Sprint(en.Names.All[i].Text, s.Labels)
			require.NotContains(t, all, key)
			text := fmt.Sprint(s.Sem, s.Live)
			var it chunkenc.Iterator
			for _, c := range s.Chunks {
				x, err := chunkenc.FromData(chunkenc.EncXOR, c.Data)
				require.NoError(t, err)
				last := int64(0)
				for it = x.Iterator(it); it.Next() == chunkenc.ValFloat; {
					at, v := it.At()
					text += fmt.Sprintf(" %d=%x", at, math.Float64bits(v))
					last = at
				}
				require.Equal(t, c.Last, last)
			}
			all[key] = text
		}
	}
	return all
}

// TestEntryHasAllSamples compares entries with what a Flattener makes of the archive.
func TestEntryHasAllSamples(t *testing.T) {
	compared := 0
	for seed := range uint64(60) {
		r := randomArchive(t, seed)
		en, _ := entryOf(t, r, Options{})
		require.Empty(t, en.Unfit)
		want := map[string]string{}
		var marks []pcp.Timestamp
		flat := flatten.New(prom.SinkFunc(func(p *prom.Series, batch []prom.Sample) error {
			for _, x := range batch {
				key := fmt.Sprint(p.Name, p.Labels)
				want[key] += fmt.Sprintf(" %d=%x", x.T, math.Float64bits(x.V))
			}
			return nil
		}), flatten.Options{TargetLabels: true, Host: r.Header().Host})
		var last pcp.Timestamp
		for step, err := range r.Steps(history.Query{All: true}) {
			require.NoError(t, err)
			if last.IsZero() {
				require.Equal(t, step.Stamp, en.First)
			}
			if last = step.Stamp; step.Mark {
				marks = append(marks, last)
			}
			require.NoError(t, flat.Put(step))
		}
		require.Equal(t, last, en.Last)
		require.Equal(t, marks, en.Marks)
		for o := range flat.Origins() {
			key := fmt.Sprint(o.Series.Name, o.Series.Labels)
			want[key] = fmt.Sprint(o.Series.Sem, o.Live) + want[key]
		}
		for key, samples := range contentOf(t, en) {
			require.Equal(t, want[key], samples, "seed %d: %s", seed, key)
			compared++
		}
	}
	assert.Greater(t, compared, 200)
}

// TestPartialEntries reads metric by metric: the last entry has them all.
func TestPartialEntries(t *testing.T) {
	r := randomArchive(t, 3)
	whole, _ := entryOf(t, r, Options{})
	want := contentOf(t, whole)
	require.NotEmpty(t, want)
	var earlier *Entry
	for i := range whole.Names.All {
		b, err := Read(context.Background(), r, Options{Metrics: func(n *Name) bool { return n.Text == whole.Names.All[i].Text }})
		require.NoError(t, err)
		require.False(t, b.Head.Whole)
		var content bytes.Buffer
		require.NoError(t, b.write(&content, "", earlier))
		earlier, err = openEntry(bytes.NewReader(content.Bytes()), int64(content.Len()), func(string) (*Names, error) { return b.Names, nil })
		require.NoError(t, err)
		require.NoError(t, b.Close())
	}
	assert.Equal(t, want, contentOf(t, earlier))
}

// TestDamagedBits flips each bit of an entry. Reading all of it finds every one.
func TestDamagedBits(t *testing.T) {
	en, good := entryOf(t, randomArchive(t, 5), Options{})
	read := func(content []byte) error {
		found, err := openEntry(bytes.NewReader(content), int64(len(content)), func(string) (*Names, error) { return en.Names, nil })
		if err != nil {
			return err
		}
		for i := range found.Names.All {
			if found.Has(i) == Kept {
				if _, err := found.Series(i, always, nil); err != nil {
					return err
				}
			}
		}
		return nil
	}
	require.NoError(t, read(good))
	for bit := range len(good) * 8 {
		bad := bytes.Clone(good)
		bad[bit/8] ^= 1 << (bit % 8)
		require.Error(t, read(bad), "bit %d of %d", bit, len(good)*8)
	}
	for n := range good {
		require.Error(t, read(good[:n]), "the first %d bytes", n)
	}
}

// TestLimit ends reading at the limit and with the context.
func TestLimit(t *testing.T) {
	r := randomArchive(t, 3)
	_, err := Read(context.Background(), r, Options{Limit: 10})
	require.ErrorIs(t, err, ErrFull)
	ctx, cancel := context.WithCancel(context.Background())
	cancel()
	_, err = Read(ctx, r, Options{})
	require.ErrorIs(t, err, context.Canceled)
}

// TestNames writes names and reads them again.
func TestNames(t *testing.T) {
	for seed := range uint64(20) {
		n, at := namesOf(randomArchive(t, seed).Meta())
		got, err := decodeNames(n.encode())
		require.NoError(t, err)
		assert.Equal(t, n.All, got.All)
		for d, i := range at {
			assert.Equal(t, d.PMID, n.All[i].ID)
			first, end := n.Find(n.All[i].Text)
			assert.True(t, first <= i && i < end)
		}
	}
}

// FuzzEntry reads any bytes as an entry, with checksums that are right.
func FuzzEntry(f *testing.F) {
	en, content := entryOf(f, randomArchive(f, 5), Options{})
	at := binary.LittleEndian.Uint64(content[len(content)-footerSize:])
	f.Add(content[at:len(content)-footerSize], en.Names.encode())
	for _, b := range en.blocks.list {
		if b.state == Kept {
			f.Add(content[b.offset:b.offset+int64(b.head)], en.Names.encode()[1:])
		}
	}
	f.Add([]byte{}, []byte{})
	f.Fuzz(func(t *testing.T, content, names []byte) {
		n, err := decodeNames(names)
		if err != nil {
			n = en.Names
		}
		d := newDecoder(content)
		head, _, blocks, err := d.directory(int64(len(content)))
		if err == nil {
			var e encoder
			e.directory(&head, "", blocks)
			d = newDecoder(e.B)
			again, _, same, err := d.directory(int64(len(content)))
			require.NoError(t, err)
			require.Equal(t, head, again)
			require.Equal(t, blocks, same)
		}
		d = newDecoder(content)
		if all, err := d.seriesHead(1000); err == nil {
			for i := range all {
				require.NotEmpty(t, all[i].Chunks)
			}
		}
		for i := range n.All {
			first, end := n.Find(n.All[i].Text)
			require.True(t, first <= i && i < end)
		}
	})
}

// TestNamesMemo works out the names of archives that share them once.
func TestNamesMemo(t *testing.T) {
	m := &namesMemo{seed: maphash.MakeSeed()}
	for seed := range uint64(20) {
		r := randomArchive(t, seed)
		want, at := namesOf(r.Meta())
		for range 2 {
			got, place := m.namesOf(r.Meta())
			assert.Equal(t, want.All, got.All)
			assert.Equal(t, at, place)
		}
	}
}
