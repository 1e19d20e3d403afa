package record_test

import (
	"context"
	"errors"
	"io"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/pcparchive/pcparchive/archive"
	"github.com/pcparchive/pcparchive/record"
	"github.com/pcparchive/pcparchive/record/registry"
)

// A second recorder of the folder is refused, and the first one goes on.
func TestTwoRecorders(t *testing.T) {
	e := serve(t, "x 1\n")
	s := configure(t, global+"scrape_configs:\n"+job("a", e.address()))
	s.start(nil)
	_, err := record.New(context.Background(), record.Options{Dir: s.dir, Loader: record.PrometheusFile{Name: s.config}})
	var held *archive.InUseError
	require.ErrorAs(t, err, &held)
	assert.Equal(t, os.Getpid(), held.PID)
	s.wait(3)
}

// What a kill left is cut or removed at the next start, also in archives whose targets do
// not come back.
func TestRepairsAfterKill(t *testing.T) {
	e, other := serve(t, "x 1\n"), serve(t, "x 2\n")
	s := configure(t, global+"scrape_configs:\n"+job("a", e.address())+job("b", other.address()))
	s.start(nil)
	s.wait(8)
	s.stop()
	bases := s.checked()
	require.Len(t, bases, 2)
	for _, base := range bases { // a record, an entry and a label that are incomplete
		appendTo(t, base+".0", "\x00\x00\x10\x00abcd")
		appendTo(t, base+".meta", "\x00\x00\x00\x40\x00")
		appendTo(t, base+".index", "\x00\x00\x00")
	}
	dir := filepath.Dir(bases[0])
	born := filepath.Join(dir, "c.20261129.16.05")
	require.NoError(t, os.WriteFile(born+".0", []byte("\x00\x00\x00\x84"), 0o644))
	require.NoError(t, os.WriteFile(filepath.Join(dir, ".pcparchive-a.new-meta"), []byte("x"), 0o644))

	s.write(global + "scrape_configs:\n" + job("a", e.address()))
	s.start(nil)
	s.wait(3)
	require.Eventually(t, func() bool { return !exists(born + ".0") }, patience, 5*time.Millisecond)
	require.Eventually(t, func() bool { return strings.Count(s.log.String(), "was repaired") >= 6 }, patience, 5*time.Millisecond, "%s", s.log)
	s.stop()
	assert.Equal(t, bases, s.checked())
	assert.NoFileExists(t, filepath.Join(dir, ".pcparchive-a.new-meta"))
	assert.Contains(t, s.log.String(), "cut at offset")
}

func exists(name string) bool {
	_, err := os.Lstat(name)
	return !errors.Is(err, os.ErrNotExist)
}

func appendTo(t *testing.T, name, text string) {
	t.Helper()
	f, err := os.OpenFile(name, os.O_APPEND|os.O_WRONLY, 0)
	require.NoError(t, err)
	_, err = f.WriteString(text)
	require.NoError(t, errors.Join(err, f.Close()))
}

// A reload adds and removes jobs, a job that stays misses no scrape, and a bad file changes
// nothing.
func TestReload(t *testing.T) {
	stays, goes, comes := serve(t, "x 1\n"), serve(t, "x 2\n"), serve(t, "x 3\n")
	s := configure(t, global+"scrape_configs:\n"+job("stays", stays.address())+job("goes", goes.address()))
	s.start(nil)
	s.wait(6)
	s.write(global + "scrape_configs:\n- {job_name: stays, wrong_key: secret-word}\n")
	require.Eventually(t, func() bool { return strings.Contains(s.log.String(), "old one stays in force") }, patience, 5*time.Millisecond)
	assert.NotContains(t, s.log.String(), "secret-word")
	before := goes.scrapes.Load()
	require.Eventually(t, func() bool { return goes.scrapes.Load() > before+2 }, patience, 5*time.Millisecond)

	s.write(global + "scrape_configs:\n" + job("stays", stays.address()) + job("comes", comes.address()))
	require.NoError(t, s.rec.Reload(context.Background()))
	require.Eventually(t, func() bool { return comes.scrapes.Load() > 3 }, patience, 5*time.Millisecond, "%s", s.log)
	require.Eventually(t, func() bool { return s.rec.Stats().Targets == 2 }, patience, 5*time.Millisecond, "the archive of the target that went is closed")
	s.stop()
	assert.Len(t, s.checked(), 3)
	values, marks, _ := read(t, s.find("stays"), "openmetrics.stays.x")
	assert.Zero(t, marks)
	assert.GreaterOrEqual(t, len(values[""])+2, int(stays.scrapes.Load()))
	done, failed, good, _ := s.rec.Reloaded()
	assert.Equal(t, []any{true, true, true}, []any{done >= 1, failed >= 1, good})
}

// A change that a reload has loaded is not loaded again when it is noticed. A bad file is
// tried once.
func TestReloadOnce(t *testing.T) {
	s := configure(t, global+"scrape_configs:\n"+job("a", "localhost:1"))
	require.NoError(t, os.MkdirAll(s.dir, 0o755))
	numbers, err := registry.Open(registry.Options{Dir: s.dir, NoSync: true})
	require.NoError(t, err)
	rec, err := record.New(t.Context(), record.Options{Dir: s.dir, Loader: record.PrometheusFile{Name: s.config}, Numbers: numbers, Log: textLog(s.log)})
	require.NoError(t, err)
	defer func() { require.NoError(t, errors.Join(rec.Close(), numbers.Close())) }()
	reloads := func(wantDone, wantFailed int) {
		t.Helper()
		done, failed, _, _ := rec.Reloaded()
		assert.Equal(t, []int{wantDone, wantFailed}, []int{done, failed})
		assert.Equal(t, wantDone, strings.Count(s.log.String(), "configuration loaded"))
	}
	require.NoError(t, rec.ReloadChanged(t.Context()))
	reloads(0, 0)
	s.write(global + "scrape_configs:\n" + job("another", "localhost:1"))
	require.NoError(t, rec.Reload(t.Context()))
	require.NoError(t, rec.ReloadChanged(t.Context()))
	reloads(1, 0)
	s.write(global + "scrape_configs:\n" + job("one_more", "localhost:1"))
	require.NoError(t, rec.ReloadChanged(t.Context()))
	require.NoError(t, rec.ReloadChanged(t.Context()))
	reloads(2, 0)
	require.NoError(t, rec.Reload(t.Context()), "a reload that is asked for is done")
	reloads(3, 0)
	s.write("wrong_key: 1\n")
	require.Error(t, rec.ReloadChanged(t.Context()))
	require.NoError(t, rec.ReloadChanged(t.Context()))
	reloads(3, 1)
}

// find returns the archive of a job.
func (s *session) find(job string) string {
	s.t.Helper()
	for _, base := range s.archives() {
		if strings.HasPrefix(filepath.Base(base), job+".") {
			return base
		}
	}
	require.Fail(s.t, "no archive of "+job)
	return ""
}

// Type, shape and help that change and change back are recorded as they are.
func TestPageThatChanges(t *testing.T) {
	pages := []string{"# HELP x one\n# TYPE x gauge\nx 1\n", "# TYPE x counter\nx 2\n", "x{k=\"a\"} 3\n", "# HELP x two\n# TYPE x gauge\nx 4\n"}
	e := serve(t, pages[0])
	s := configure(t, global+"scrape_configs:\n"+job("a", e.address()))
	s.start(nil)
	for range 2 {
		for i := range pages {
			e.body.Store(&pages[i])
			at := s.rec.Stats().Scrapes
			s.wait(at + 3)
		}
	}
	s.stop()
	all := s.checked()
	require.Len(t, all, 1, "%s", s.log)
	values, _, _ := read(t, all[0], "openmetrics.a.x")
	assert.Contains(t, values[""], 1.0)
	assert.Contains(t, values[""], 4.0)
	values, _, _ = read(t, all[0], "openmetrics.a.x_2")
	assert.Contains(t, values[""], 2.0)
	assert.Zero(t, s.rec.Stats().Lost)
}

// A target that hangs does not keep the records of others from the disk, in any layout.
func TestHangingTarget(t *testing.T) {
	for _, per := range record.Layouts {
		t.Run(string(per), func(t *testing.T) {
			t.Parallel()
			e := serve(t, "x 1\n")
			hang := make(chan struct{})
			slow := serve(t, "")
			slow.Config.Handler = http.HandlerFunc(func(_ http.ResponseWriter, r *http.Request) {
				select {
				case <-hang:
				case <-r.Context().Done():
				}
			})
			t.Cleanup(func() { close(hang) })
			s := configure(t, "global: {scrape_interval: 5s, scrape_timeout: 5s}\nscrape_configs:\n"+
				"- {job_name: slow, static_configs: [{targets: ['"+slow.address()+"']}]}\n"+
				"- {job_name: a, scrape_interval: 100ms, scrape_timeout: 100ms, static_configs: [{targets: ['"+e.address()+"']}]}\n")
			s.start(func(o *record.Options) { o.Per = per })
			s.wait(5)
			assert.NotEmpty(t, s.checked())
		})
	}
}

// A target that answers slowly, but in time, is recorded, and nobody waits for it.
func TestSlowTarget(t *testing.T) {
	for _, per := range record.Layouts {
		t.Run(string(per), func(t *testing.T) {
			t.Parallel()
			e := serve(t, "x 1\n")
			var answered atomic.Int64
			slow := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
				w.Header().Set("Content-Type", "text/plain; version=0.0.4")
				for _, part := range []string{"# TYPE y gauge\n", "y", " 1", "\n"} {
					_, _ = io.WriteString(w, part) // a client that left
					_ = http.NewResponseController(w).Flush()
					time.Sleep(400 * time.Millisecond)
				}
				answered.Add(1)
			}))
			t.Cleanup(slow.Close)
			s := configure(t, "global: {scrape_interval: 5s, scrape_timeout: 5s}\nscrape_configs:\n"+
				"- {job_name: slow, scrape_interval: 100s, scrape_timeout: 90s, static_configs: [{targets: ['"+slow.Listener.Addr().String()+"']}]}\n"+
				"- {job_name: a, scrape_interval: 100ms, scrape_timeout: 100ms, static_configs: [{targets: ['"+e.address()+"']}]}\n")
			s.start(func(o *record.Options) { o.Per = per })
			require.Eventually(t, func() bool { return answered.Load() > 0 }, patience, 5*time.Millisecond)
			s.wait(s.rec.Stats().Scrapes + 20)
			s.stop()
			found := false
			for _, base := range s.checked() {
				name := "openmetrics.slow.y"
				if per != record.PerTarget {
					name = "openmetrics.slow" + strings.NewReplacer(".", "_", ":", "_").Replace("_"+slow.Listener.Addr().String()) + ".y"
				}
				values, marks, _ := read(t, base, name)
				found = found || len(values[""]) > 0
				assert.Zero(t, marks)
			}
			assert.True(t, found)
		})
	}
}

// A target moves to another address and keeps its labels. All its scrapes are recorded for the
// same host, under the same names and numbers, and the archive that its old address had is
// closed.
func TestTargetThatMoves(t *testing.T) {
	before, after := serve(t, "x{k=\"1\"} 1\n"), serve(t, "x{k=\"1\"} 2\n")
	list := filepath.Join(t.TempDir(), "targets.json")
	at := func(e *endpoint) {
		text := `[{"targets": ["` + e.address() + `"], "labels": {"instance": "db1"}}]`
		require.NoError(t, os.WriteFile(list+".new", []byte(text), 0o644))
		require.NoError(t, os.Rename(list+".new", list))
	}
	at(before)
	s := configure(t, global+"scrape_configs:\n- {job_name: db, file_sd_configs: [{files: ['"+list+"'], refresh_interval: 100ms}]}\n")
	s.start(nil)
	s.wait(3)
	at(after)
	require.Eventually(t, func() bool { return after.scrapes.Load() > 5 && s.rec.Stats().Targets == 1 }, patience, 5*time.Millisecond, "%s", s.log)
	s.stop()
	all, numbers := map[float64]int{}, map[string]bool{}
	for _, base := range s.checked() {
		assert.Equal(t, "db1", filepath.Base(filepath.Dir(base)))
		values, _, pmid := read(t, base, "openmetrics.db.x")
		for inst, list := range values {
			numbers[pmid+" "+inst] = true
			for _, v := range list {
				all[v]++
			}
		}
	}
	assert.Len(t, numbers, 1, "%v", numbers)
	assert.GreaterOrEqual(t, int64(all[1]), before.scrapes.Load()-1)
	assert.GreaterOrEqual(t, int64(all[2]), after.scrapes.Load()-1)
	assert.Zero(t, s.rec.Stats().Lost)
}

// Targets of a job, or all, may share an archive. Their names do not depend on which came
// first.
func TestSharedArchives(t *testing.T) {
	a, b := serve(t, "x 1\n"), serve(t, "x 2\n")
	for per, want := range map[record.Per]int{record.PerJob: 2, record.PerAll: 1} {
		s := configure(t, global+"scrape_configs:\n"+job("a", a.address(), b.address())+job("b", b.address()))
		s.start(func(o *record.Options) { o.Per = per })
		s.wait(9)
		s.stop()
		all := s.checked()
		require.Len(t, all, want, "%s", s.log)
		name := strings.NewReplacer(".", "_", ":", "_").Replace(b.address())
		values, _, _ := read(t, all[0], "openmetrics.a_"+name+".x")
		require.NotEmpty(t, values[""], "%v", s.log)
		assert.Equal(t, 2.0, values[""][0])
	}
}

// Somebody removes the archive that is being written: a new one begins.
func TestFolderThatCannotBeWritten(t *testing.T) {
	file := filepath.Join(t.TempDir(), "file")
	require.NoError(t, os.WriteFile(file, nil, 0o644))
	_, err := record.New(context.Background(), record.Options{Dir: filepath.Join(file, "rec"), Loader: record.PrometheusFile{Name: file}})
	require.Error(t, err)
	assert.Contains(t, err.Error(), file)
}
