package metricset_test

import (
	"os"
	"path/filepath"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/pcparchive/pcparchive/internal/oracle"
	"github.com/pcparchive/pcparchive/internal/storetest"
	"github.com/pcparchive/pcparchive/values/metricset"
)

// choosing are sets with each option that decides about metrics, instances and values.
const choosing = `
[options]
globals = no
[rank]
rank = 2
disk.dev.total = t
disk.dev.read_bytes = r,,KB
kernel.percpu.cpu.user = u
hinv.ncpu = n
kernel.all.load = l
[lowest]
rank = -2
kernel.all.load = l
disk.dev.total = t,,,raw
network.interface.in.bytes = in
[predicate]
rank = 2
predicate = disk.dev.total,network.interface.in.bytes
disk.dev.read_bytes = r
disk.dev.write_bytes = w,,KB
network.interface.out.bytes = out
kernel.percpu.cpu.sys = s
kernel.all.load = l
[predicate-limit]
predicate = disk.dev.total
limit_filter = 1
rank = 3
disk.dev.read_bytes = r
disk.dev.total = t
kernel.all.load = l
[predicate-alone]
predicate = disk.dev.total
disk.dev.read_bytes = r
network.interface.in.bytes = in
[processes]
rank = 3
predicate = proc.psinfo.vsize
proc.psinfo.rss = rss,,MB
proc.psinfo.utime = ut
[limit]
limit_filter = -1
kernel.all.load = l
disk.dev.total = t
disk.dev.read = r
[limit-force]
limit_filter_force = 1
kernel.all.load = l
disk.dev.total = t
[live]
live_filter = yes
rank = 2
disk.dev.total = t,'[sv]d[ab]|dm-[0-3]|nvme.*'
kernel.all.load = l,'1 minute|15 minute'
[invert]
live_filter = yes
invert_filter = yes
rank = 2
kernel.all.load = l,'1 minute|15 minute'
disk.dev.total = t,'.*[a-m]'
[flat]
omit_flat = yes
kernel.all.load = l
hinv.ncpu = n
disk.all = d
mem.util = m
network.interface.in = in
[below]
space_scale = MB
count_scale = count x 10^3
disk.all = d
network.interface.in = i
mem.util = m
[raw]
type_prefer = raw
disk.dev.read = r
disk.dev.write = w,,,default
[raw-all]
type = raw
disk.dev.read = r
disk.dev.write = w,,,default
[instances]
instances = 1 minute,sda,lo
kernel.all.load = l
disk.dev.read = r
network.interface.in.bytes = in
hinv.ncpu = n
[incompatible]
ignore_incompat = yes
kernel.all.load = l
disk.dev.read = r,,KB
mem.util.free = f,,MB
[digits]
precision = 1
precision_force = 4
kernel.all.load = l,,,,,2
disk.dev.read = r,,,,,0
[derived]
derived = two.load = disk.all.read + disk.all.write, three.load = kernel.all.cpu.user + kernel.all.cpu.sys
two.load = two
three.load = three
`

// TestOptionsOverCorpus compares options that choose metrics, instances and values with
// pmrep, over archives with many instances.
func TestOptionsOverCorpus(t *testing.T) {
	oracle.Path(t, "pmrep")
	path := filepath.Join(t.TempDir(), "pmrep.conf")
	require.NoError(t, os.WriteFile(path, []byte(choosing), 0o666))
	config, err := metricset.Load(path)
	require.NoError(t, err)
	compared := map[string]int{}
	for _, base := range oracle.Archives(t, "archives", false) {
		switch filepath.Base(base) {
		case "bozo-disk", "pcp-pidstat-process-states":
		case "20180416", "dm-io", "pcp-atop":
			if !*allSets {
				continue
			}
		default:
			continue
		}
		set := storetest.Open(t, base)
		end, err := set.End()
		require.NoError(t, err)
		step := max((end.Sub(set.Header().Start) / 20).Truncate(time.Second), time.Second)
		for _, name := range config.Names() {
			t.Run(filepath.Base(base)+"/"+name, func(t *testing.T) {
				compared[name] += compareSet(t, config, path, name, base, step)
			})
		}
	}
	for _, name := range config.Names() {
		assert.Greater(t, compared[name], 20, "values compared of the set %s", name)
	}
}
