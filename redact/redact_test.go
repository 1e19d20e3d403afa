package redact_test

import (
	"bytes"
	"context"
	"io"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strconv"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/pcparchive/pcparchive/archive"
	"github.com/pcparchive/pcparchive/internal/archtest"
	"github.com/pcparchive/pcparchive/internal/oracle"
	"github.com/pcparchive/pcparchive/labelset"
	"github.com/pcparchive/pcparchive/meta"
	"github.com/pcparchive/pcparchive/pcp"
	"github.com/pcparchive/pcparchive/redact"
	"github.com/pcparchive/pcparchive/rewrite"
)

var testKey = []byte("0123456789abcdef-key")

func rules(t testing.TB, files ...string) *redact.Rules {
	t.Helper()
	r, err := redact.LoadRules(files...)
	require.NoError(t, err)
	return r
}

// run redacts one archive and returns the base of the output.
func run(t testing.TB, in string, o redact.Options) (string, *redact.Report) {
	t.Helper()
	if o.Rules == nil {
		o.Rules = rules(t)
	}
	out := filepath.Join(t.TempDir(), "out")
	report, err := redact.Run(t.Context(), []redact.Input{{Base: in}}, out, o)
	require.NoError(t, err)
	return out, report
}

// contents returns the decompressed contents of all files of an archive.
func contents(t testing.TB, base string) (all []byte) {
	t.Helper()
	_, members, err := archive.Members(base)
	require.NoError(t, err)
	for _, m := range members {
		f, err := archive.OpenMember(m, nil)
		require.NoError(t, err)
		b, err := io.ReadAll(f.From(0))
		require.NoError(t, err)
		require.NoError(t, f.Close())
		all = append(all, b...)
	}
	return all
}

// TestNoOriginalRemains searches every original in all bytes of the output, by a search
// that shares nothing with that of the package.
func TestNoOriginalRemains(t *testing.T) {
	archtest.ForEachVersion(t, func(t *testing.T, v pcp.Version) {
		in := stage(t, "rec", v)
		before := contents(t, in)
		for _, how := range []archive.Compression{archive.CompressNone, archive.CompressZstd, archive.CompressGzip} {
			out, report := run(t, in, redact.Options{Key: testKey, Copy: rewrite.Options{Compress: how}})
			after := contents(t, out)
			for _, original := range slices.Concat(originals, disguised) {
				require.True(t, bytes.Contains(before, []byte(original)), original)
				assert.False(t, bytes.Contains(after, []byte(original)), original)
			}
			mapped := 0
			for m := range report.Mapping() {
				if slices.Contains(originals, m.Original) {
					mapped++
				}
				assert.NotEqual(t, m.Original, m.Pseudonym)
			}
			assert.GreaterOrEqual(t, mapped, len(originals)-2) // the token and a part of a URL are parts of originals
		}
	})
}

// TestStructure checks what must stay: PIDs, names of interfaces, numbers, names of labels.
func TestStructure(t *testing.T) {
	in := stage(t, "rec", pcp.V3)
	out, _ := run(t, in, redact.Options{Key: testKey})
	r, err := archive.Open(out, nil)
	require.NoError(t, err)
	assert.Regexp(t, `^host-[a-z0-9]{10}\.[a-z0-9]{10}\.example$`, r.Header().Host)
	procs, _ := r.Meta().InDomAt(processes, started)
	assert.Regexp(t, `^000001 process-[a-z0-9]{10}$`, procs.Instances[0].Name)
	assert.Regexp(t, `^001234 process-[a-z0-9]{10}$`, procs.Instances[1].Name)
	nics, _ := r.Meta().InDomAt(network, started)
	assert.Equal(t, "lo", nics.Instances[0].Name)
	assert.Equal(t, "eth0", nics.Instances[1].Name)
	assert.Regexp(t, `^br-host-[a-z0-9]{10}$`, nics.Instances[2].Name)

	values := map[string][]string{}
	for rec, err := range r.Records(archive.RoleData) {
		require.NoError(t, err)
		for _, set := range rec.Record.(*archive.Result).Sets {
			d, _ := r.Meta().Desc(set.PMID)
			for _, v := range set.Values {
				if v.Type == pcp.TypeString {
					values[d.Name()] = append(values[d.Name()], v.Text())
				}
			}
		}
	}
	process := regexp.MustCompile(`process-\w+`).FindString(procs.Instances[1].Name)
	assert.Equal(t, process, values["proc.psinfo.cmd"][1], "the process has one pseudonym everywhere")
	assert.Regexp(t, "^"+process+" args-[a-z0-9]{10}$", values["proc.psinfo.psargs"][1])
	host := regexp.MustCompile(`host-[a-z0-9]+`).FindString(r.Header().Host)
	assert.Equal(t, host, values["kernel.uname.nodename"][0], "the short name fits the whole one")
	assert.Regexp(t, `^(192\.0\.2|198\.51\.100|203\.0\.113)\.\d+$`, values["network.interface.inet_addr"][0])
	assert.Regexp(t, `^2001:db8:[0-9a-f:]+$`, values["network.interface.inet_addr"][1])
	assert.Regexp(t, `^00:00:5e:00:53:[0-9a-f]{2}$`, values["network.interface.hw_addr"][0])
	assert.Equal(t, "00:00:00:00:00:00", values["network.interface.hw_addr"][1])
	assert.Regexp(t, `^user-\w+@host-\w+\.\w+\.example wrote /home/user-\w+/process-\w+\.log, 127\.0\.0\.1 answered$`, values["app.message"][0])
	labels, _ := r.Meta().LabelsAt(labelset.Context, meta.ContextIdent, started)
	set, _ := labels.Find(pcp.InstNull)
	assert.Equal(t, host, regexp.MustCompile(`host-[a-z0-9]+`).FindString(set.Text("hostname")))
	assert.Regexp(t, `^[0-9a-f]{32}$`, set.Text("machineid"))
	assert.Equal(t, "1000", set.Text("uid"))
	assert.Equal(t, "0", set.Text("latitude"))
	item, _ := r.Meta().LabelsAt(labelset.Item, uint32(message.PMID), started)
	set, _ = item.Find(pcp.InstNull)
	assert.Regexp(t, `^https://secret-\w+@host-\w+\.\w+\.example:9100/metrics$`, set.Text("url"))
	assert.Regexp(t, `^user-\w+$`, set.Text("nested.user"))
}

// sameNumbers compares everything in two archives that is no text.
func sameNumbers(t *testing.T, in, out string) {
	a, err := archive.Open(in, nil)
	require.NoError(t, err)
	b, err := archive.Open(out, nil)
	require.NoError(t, err)
	assert.Equal(t, a.Meta().Counts(), b.Meta().Counts())
	numbers := func(r *archive.Reader, yield func(pcp.Timestamp, archive.ValueSet) bool) {
		for rec, err := range r.Records(archive.RoleData) {
			if err != nil {
				continue
			}
			res, ok := rec.Record.(*archive.Result)
			if !ok {
				yield(rec.Record.(*archive.Mark).Stamp, archive.ValueSet{})
				continue
			}
			for _, set := range res.Sets {
				kept := set
				kept.Values = slices.Clone(set.Values)
				for i := range kept.Values {
					kept.Values[i].Data = nil
				}
				if !yield(res.Stamp, kept) {
					return
				}
			}
		}
	}
	type stamped struct {
		at  pcp.Timestamp
		set archive.ValueSet
	}
	want := make(chan stamped, 1024)
	go func() {
		defer close(want)
		numbers(a, func(at pcp.Timestamp, set archive.ValueSet) bool {
			want <- stamped{at, set}
			return true
		})
	}()
	n := 0
	numbers(b, func(at pcp.Timestamp, set archive.ValueSet) bool {
		n++
		return assert.Equal(t, <-want, stamped{at, set})
	})
	_, more := <-want
	assert.False(t, more)
	assert.NotZero(t, n)
}

func TestNumbersStay(t *testing.T) {
	in := stage(t, "rec", pcp.V3)
	out, _ := run(t, in, redact.Options{})
	sameNumbers(t, in, out)
}

// TestSameKeySamePseudonyms redacts two archives with one key, and with two.
func TestSameKeySamePseudonyms(t *testing.T) {
	mapping := func(in string, key []byte) map[string]string {
		_, report := run(t, in, redact.Options{Key: key})
		all := map[string]string{}
		for m := range report.Mapping() {
			all[m.Original] = m.Pseudonym
		}
		return all
	}
	first, second := stage(t, "one", pcp.V3), stage(t, "two", pcp.V2)
	a, b, random := mapping(first, testKey), mapping(second, testKey), mapping(first, nil)
	require.NotEmpty(t, a)
	assert.Equal(t, a, b)
	assert.NotEqual(t, a["alice"], random["alice"])
}

// TestReferenceReads lets PCP's tools read a redacted archive.
func TestReferenceReads(t *testing.T) {
	check := oracle.Path(t, "pmlogcheck")
	require.NotEmpty(t, check)
	archtest.ForEachVersion(t, func(t *testing.T, v pcp.Version) {
		out, _ := run(t, stage(t, "rec", v), redact.Options{Key: testKey})
		res := oracle.Exec(t, "pmlogcheck", out)
		assert.Zero(t, res.Exit)
		assert.NotContains(t, res.Stderr+res.Stdout, out)
		assert.Contains(t, oracle.Run(t, "pminfo", "-f", "-a", out, "proc.psinfo.cmd"), "001234 process-")
		assert.Contains(t, oracle.Run(t, "pmdumplog", "-a", out), ".example")
	})
}

// TestCheckFails redacts an archive that holds all addresses of the range for
// documentation, so that every pseudonym is an original.
func TestCheckFails(t *testing.T) {
	var all bytes.Buffer
	for _, net := range []string{"192.0.2.", "198.51.100.", "203.0.113."} {
		for i := range 256 {
			all.WriteString(net + strconv.Itoa(i) + " ")
		}
	}
	base := filepath.Join(t.TempDir(), "rec")
	b, err := archive.Create(base, archive.Header{PID: 1, Host: "h", Zone: "UTC"}, nil)
	require.NoError(t, err)
	require.NoError(t, b.Define(message))
	res := stageResult(t, 0)
	for _, set := range res.Sets {
		if set.PMID == message.PMID {
			set.Values[0].Data = append(all.Bytes(), 0)
			res.Sets = []archive.ValueSet{set}
		}
	}
	require.NoError(t, b.Append(res))
	require.NoError(t, b.Close())
	dir := t.TempDir()
	_, err = redact.Run(t.Context(), []redact.Input{{Base: base}}, filepath.Join(dir, "out"), redact.Options{Rules: rules(t), Key: testKey})
	require.ErrorIs(t, err, redact.ErrRemains)
	left, err := os.ReadDir(dir)
	require.NoError(t, err)
	assert.Empty(t, left)
}

// TestFolder redacts a folder whose folders are named after hosts.
func TestFolder(t *testing.T) {
	one, two := stage(t, "rec", pcp.V3), stage(t, "rec", pcp.V2)
	out := filepath.Join(t.TempDir(), "all")
	in := []redact.Input{{Base: one, Name: "db7.corp.acme.test/20260101"}, {Base: two, Name: "web3.corp.acme.test/20260101"}}
	report, err := redact.Run(t.Context(), in, out, redact.Options{Rules: rules(t), Key: testKey})
	require.NoError(t, err)
	require.Len(t, report.Archives, 2)
	for _, a := range report.Archives {
		rel, err := filepath.Rel(out, a.Out)
		require.NoError(t, err)
		assert.Regexp(t, `^host-\w+\.\w+\.example/20260101$`, filepath.ToSlash(rel))
		_, err = archive.Open(a.Out, nil)
		assert.NoError(t, err)
	}
	_, err = redact.Run(t.Context(), in, out, redact.Options{Rules: rules(t)})
	assert.ErrorIs(t, err, os.ErrExist)
	cancelled, cancel := context.WithCancel(t.Context())
	cancel()
	_, err = redact.Run(cancelled, in, out+"2", redact.Options{Rules: rules(t)})
	assert.ErrorIs(t, err, context.Canceled)
	assert.NoDirExists(t, out+"2")
}

// TestCorpus redacts real archives and compares everything that is no text.
func TestCorpus(t *testing.T) {
	tried := 0
	for _, base := range oracle.Archives(t, "archives", true) {
		info, err := os.Stat(base + ".0")
		if err != nil || info.Size() > 300_000 || tried >= 25 {
			continue
		}
		if _, err := archive.Open(base, nil); err != nil {
			continue
		}
		tried++
		t.Run(filepath.Base(base), func(t *testing.T) {
			out, _ := run(t, base, redact.Options{Key: testKey, Also: []redact.Kind{"interface", "disk"}})
			sameNumbers(t, base, out)
		})
	}
	assert.NotZero(t, tried)
}
