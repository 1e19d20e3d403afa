package archtest

import (
	"time"

	"github.com/pcparchive/pcparchive/archive"
	"github.com/pcparchive/pcparchive/pcp"
)

// Reads writes an archive of the host db1 with a counter, disk.all.read. Its values, one for
// each interval, begin at start. The examples of packages that read archives begin with it.
func Reads(base string, start time.Time, interval time.Duration, values ...any) error {
	b, err := archive.NewBuilder(base, "db1", nil)
	if err != nil {
		return err
	}
	reads := b.Metric("disk.all.read", pcp.TypeU64, pcp.SemCounter, pcp.Units{DimCount: 1})
	for i, v := range values {
		reads.Set(v)
		if err := b.Record(start.Add(time.Duration(i) * interval)); err != nil {
			return err
		}
	}
	return b.Close()
}
