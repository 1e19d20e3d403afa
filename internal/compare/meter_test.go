package compare

import (
	"regexp"
	"time"

	"github.com/pcparchive/pcparchive/internal/exporterfleet"
	"github.com/pcparchive/pcparchive/internal/oracle"
)

// valuesCounted finds the number of values in the output of info.
var valuesCounted = regexp.MustCompile(`"values": (\d+)`)

// meter measures the processor time that processes take for the pages of a fleet.
type meter struct {
	fleet *exporterfleet.Fleet
	pids  []int
	pages int64
	cpu   time.Duration
}

func newMeter(f *exporterfleet.Fleet, pids ...int) *meter {
	m := &meter{fleet: f, pids: pids}
	m.pages, m.cpu = m.now()
	return m
}

func (m *meter) now() (pages int64, cpu time.Duration) {
	for _, pid := range m.pids {
		cpu += oracle.ProcessorTime(pid)
	}
	return m.fleet.Total(), cpu
}

// stop ends the measurement.
func (m *meter) stop() {
	pages, cpu := m.now()
	m.pages, m.cpu = pages-m.pages, cpu-m.cpu
}

// perPage returns the milliseconds of processor time for a page.
func (m *meter) perPage() float64 { return m.cpu.Seconds() * 1000 / float64(m.pages) }
