package pmseries

import (
	"bufio"
	"context"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/pcparchive/pcparchive/internal/oracle"
	"github.com/pcparchive/pcparchive/labelset"
	"github.com/pcparchive/pcparchive/store"
)

var instanceLine = regexp.MustCompile(`^ +inst \[(\d+) or "(.*)"\] series ([0-9a-f]{40})$`)

// identities are what pminfo -s prints of a metric.
type identities struct {
	source, series string
	instances      map[string]string // by name
}

// askIdentities returns what pminfo -s prints of an archive.
func askIdentities(t *testing.T, base string) map[string]*identities {
	out := oracle.Exec(t, "pminfo", "-s", "-f", "-a", base)
	all := map[string]*identities{}
	var current *identities
	lines := bufio.NewScanner(strings.NewReader(out.Stdout))
	lines.Buffer(nil, 1<<20)
	for lines.Scan() {
		line := lines.Text()
		found := instanceLine.FindStringSubmatch(line)
		switch {
		case line != "" && line[0] != ' ':
			current = &identities{instances: map[string]string{}}
			all[strings.TrimSpace(line)] = current
		case current == nil:
		case strings.HasPrefix(line, "    Source: "):
			current.source = strings.TrimSpace(line[12:])
		case strings.HasPrefix(line, "    Series: "):
			current.series = strings.TrimSpace(line[12:])
		case found != nil:
			current.instances[found[2]] = found[3]
		}
	}
	return all
}

// viewOf opens archives and returns a View of them.
func viewOf(t testing.TB, paths ...string) *View {
	hosts, err := store.Open(paths, nil)
	require.NoError(t, err)
	return NewIndex(IndexOptions{}).View(hosts.Sets())
}

func TestIdentitiesOfReference(t *testing.T) {
	metrics, instances := 0, 0
	for _, base := range oracle.Archives(t, "archives", true) {
		t.Run(filepath.Base(base), func(t *testing.T) {
			hosts, err := store.Open([]string{base}, nil)
			if err != nil {
				t.Skip(err)
			}
			v := NewIndex(IndexOptions{}).View(hosts.Sets())
			tables, err := v.load(context.Background())
			require.NoError(t, err)
			r := hosts.Sets()[0].Last()
			has := func(levels ...labelset.Level) bool { return slices.ContainsFunc(levels, r.Meta().HasLabels) }
			if has(labelset.Cluster, labelset.Item) {
				return // pminfo 6.0.3 does not find the labels of clusters in archives
			}
			for name, want := range askIdentities(t, base) {
				if want.series == "" || len(tables.byName[name]) == 0 { // derived, or without a descriptor
					continue
				}
				known := map[string]string{}
				for _, m := range tables.byName[name] {
					known[m.ID.String()] = m.Source.String()
				}
				metrics++
				assert.Equal(t, want.source, known[want.series], name)
				if has(labelset.Domain, labelset.InDom, labelset.Instances) {
					continue // pminfo 6.0.3 merges these otherwise than pmseries and pmproxy
				}
				found, err := v.instancesOf(context.Background(), tables.byName[name])
				require.NoError(t, err)
				ids := map[string]bool{}
				for _, d := range found {
					ids[d.ID.String()] = true
				}
				for inst, id := range want.instances {
					instances++
					assert.True(t, ids[id], "%s[%s]: %s", name, inst, id)
				}
			}
		})
	}
	t.Logf("compared %d metrics and %d instances", metrics, instances)
}
