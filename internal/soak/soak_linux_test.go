package soak

import (
	"math/rand/v2"
	"slices"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/pcparchive/pcparchive/internal/exporterfleet"
)

// TestSoak records many targets, of which some hang. It prints the costs each tenth of the
// run, and compares what the archives hold with what the targets sent.
func TestSoak(t *testing.T) {
	program := build(t)
	f := fleet(t, *targets)
	r := start(t, program, f.Config("node", 0, *targets))
	m := meter{t: t, r: r, fleet: f}
	m.run(nil)
	r.stop()
	compare(t, r, f)
}

// TestComingAndGoing replaces all of 50 targets every two seconds.
func TestComingAndGoing(t *testing.T) {
	program := build(t)
	const alive = 50
	f := fleet(t, *targets)
	f.SetAlive(0, alive)
	r := start(t, program, "- job_name: node\n  http_sd_configs: [{url: '"+f.SDURL()+"', refresh_interval: 1s}]\n")
	first, next := 0, time.Now()
	m := meter{t: t, r: r, fleet: f}
	m.run(func() {
		if time.Now().After(next) && first+2*alive <= *targets {
			first, next = first+alive, time.Now().Add(2*time.Second)
			f.SetAlive(first, alive)
		}
	})
	t.Logf("%d targets came and went", first)
	r.stop()
	compare(t, r, f)
}

func fleet(t *testing.T, n int) *exporterfleet.Fleet {
	f, err := exporterfleet.Start(exporterfleet.Options{
		Targets: n, Series: *series, Churn: *churn, Own: *own, Keep: true,
		Behave: func(target int) exporterfleet.Behaviour {
			if *hanging > 0 && target%int(100 / *hanging) == 1 {
				return exporterfleet.Hang
			}
			return exporterfleet.Good
		},
	})
	require.NoError(t, err)
	t.Cleanup(func() { require.NoError(t, f.Close()) })
	return f
}

// meter prints the costs of a recorder.
type meter struct {
	t       *testing.T
	r       *recorder
	fleet   *exporterfleet.Fleet
	slowest time.Duration // delay in the current row
	checked int           // delays in the current row
}

// run prints a row each tenth of the run. each is called about every 100 ms.
func (m *meter) run(each func()) {
	total := time.Duration(*minutes * float64(time.Minute))
	began := time.Now()
	pages, cpu := int64(0), time.Duration(0)
	m.t.Logf("%8s %10s %8s %14s %10s %12s %10s %10s %10s", "seconds", "scrapes", "CPU s", "CPU s/million", "MiB", "bytes/series", "delay", "meta MB", "data MB")
	for row := 1; row <= 10; row++ {
		m.until(began.Add(total*time.Duration(row)/10), each)
		nowPages, nowCPU := m.fleet.Total(), m.r.cpu()
		require.NotZero(m.t, nowCPU, "the recorder ended: %s", m.r.output)
		samples := float64((nowPages-pages)*int64(*series)) / 1e6
		memory := m.r.memory()
		meta, data := m.r.sizes()
		m.t.Logf("%8.0f %10d %8.1f %14.2f %10.0f %12.0f %10s %10.1f %10.1f", time.Since(began).Seconds(), nowPages, nowCPU.Seconds(),
			(nowCPU-cpu).Seconds()/samples, float64(memory)/(1<<20), float64(memory)/float64(*targets**series),
			m.slowest.Round(time.Millisecond), float64(meta)/1e6, float64(data)/1e6)
		pages, cpu, m.slowest, m.checked = nowPages, nowCPU, 0, 0
	}
}

// until waits and looks at the delays of random targets meanwhile.
func (m *meter) until(end time.Time, each func()) {
	for time.Now().Before(end) {
		time.Sleep(100 * time.Millisecond)
		if each != nil {
			each()
		}
		for range 3 {
			if d, ok := m.r.delay(m.fleet, rand.IntN(*targets)); ok {
				m.slowest = max(m.slowest, d)
				m.checked++
			}
		}
	}
}

// compare compares what the archives hold with what the targets sent.
func compare(t *testing.T, r *recorder, f *exporterfleet.Fleet) {
	recorded, err := exporterfleet.Recorded(r.dir)
	require.NoError(t, err)
	sent, have, late, lost, twice := 0, 0, 0, 0, 0
	for i := range *targets {
		answers := f.Answers(i)
		times := map[int64]int{}
		failed := func(a exporterfleet.Answer) bool { // the page came after the scrape's timeout
			return slices.ContainsFunc(recorded[f.Group(i).Labels["instance"]], func(rec exporterfleet.Record) bool {
				return rec.Scrape == 0 && a.Asked.Sub(rec.Time).Abs() < *interval
			})
		}
		for _, rec := range recorded[f.Group(i).Labels["instance"]] {
			if rec.Scrape == 0 {
				continue
			}
			times[rec.Scrape]++
			assert.Equal(t, *series, rec.Values, "values of a record")
			have++
		}
		for _, answer := range answers {
			sent++
			switch {
			case times[answer.Scrape] == 0 && failed(answer):
				late++
			case times[answer.Scrape] == 0:
				if lost++; lost <= 10 {
					t.Logf("target %d: scrape %d of %d is lost, asked for at %s, sent until %s", i, answer.Scrape, len(answers), answer.Asked, answer.Done)
				}
			case times[answer.Scrape] > 1:
				twice++
			}
		}
	}
	t.Logf("%d pages were sent, %d are recorded; %d came too late, %d lost, %d twice", sent, have, late, lost, twice)
	assert.Zero(t, lost, "lost scrapes")
	assert.Zero(t, twice, "scrapes recorded twice")
}
