package tsdb

import (
	"encoding/json"
	"errors"
	"fmt"
	"os"
	"path/filepath"

	"github.com/pcparchive/pcparchive/labelset"
	"github.com/pcparchive/pcparchive/pcp"
)

// SidecarName is the file in a block's folder that keeps what a block has no
// place for: types, help and units of families, and what PCP metrics the series
// were made of. Prometheus, Thanos and Mimir pass over it.
const SidecarName = "pcparchive.json"

const (
	sidecarFormat  = "pcparchive block metadata"
	sidecarVersion = 1
)

// sidecar is the contents of the file.
type sidecar struct {
	Format   string          `json:"format"`
	Version  int             `json:"version"`
	Families []sidecarFamily `json:"families"`
	Hosts    []sidecarHost   `json:"hosts,omitempty"`
}

// sidecarFamily is a family and the names of its samples in the block.
type sidecarFamily struct {
	Name    string   `json:"name"`
	Type    string   `json:"type"`
	Unit    string   `json:"unit,omitempty"`
	Help    string   `json:"help,omitempty"`
	Samples []string `json:"samples"`
}

// sidecarHost is the PCP metrics of an archive, which its context labels tell
// from those of others.
type sidecarHost struct {
	Context sidecarLabels   `json:"context"`
	Metrics []sidecarMetric `json:"metrics"`
	InDoms  []sidecarInDom  `json:"indoms,omitempty"`
}

// sidecarMetric is a PCP metric as it was described for some time; its numbers
// are those of the archive format.
type sidecarMetric struct {
	Sample  string        `json:"sample"` // __name__ of its series
	Name    string        `json:"name"`
	Names   []string      `json:"names,omitempty"` // further ones
	PMID    pcp.PMID      `json:"pmid"`
	Type    pcp.Type      `json:"type"`
	InDom   pcp.InDomID   `json:"indom"`
	Sem     pcp.Semantics `json:"semantics"`
	Units   uint32        `json:"units"`
	OneLine string        `json:"oneline,omitempty"`
	Help    string        `json:"help,omitempty"`
	// Labels of the levels domain, instance domain, cluster and item.
	Domain  sidecarLabels   `json:"domainLabels,omitzero"`
	Indom   sidecarLabels   `json:"indomLabels,omitzero"`
	Cluster sidecarLabels   `json:"clusterLabels,omitzero"`
	Item    sidecarLabels   `json:"itemLabels,omitzero"`
	Series  []sidecarSeries `json:"series"`
}

// sidecarSeries is a series that was made of a metric.
type sidecarSeries struct {
	// Labels is labels.StableHash of all its labels.
	Labels uint64 `json:"labels"`
	// Instance is the place of its instance among those of the domain.
	Instance int `json:"instance,omitempty"`
	// From is when that began, in milliseconds; without it, it was so from the
	// start of the block.
	From int64 `json:"from,omitempty"`
	// Text is the label that holds the text of a text metric.
	Text string `json:"text,omitempty"`
}

// sidecarInDom is the instances that have series in the block, with all names,
// numbers and labels that they had.
type sidecarInDom struct {
	ID        pcp.InDomID       `json:"id"`
	Instances []sidecarInstance `json:"instances"`
}

type sidecarInstance struct {
	ID     pcp.InstID    `json:"id"`
	Name   string        `json:"name"`
	Bytes  []byte        `json:"bytes,omitempty"` // the name, where it is not UTF-8
	Labels sidecarLabels `json:"labels,omitzero"`
}

// sidecarLabels is a label set, and which of its labels are optional.
type sidecarLabels struct {
	Set      json.RawMessage `json:"set,omitempty"`
	Optional []string        `json:"optional,omitempty"`
}

func labelsToSidecar(set labelset.Set) sidecarLabels {
	var out sidecarLabels
	if set.Len() == 0 {
		return out
	}
	out.Set = json.RawMessage(set.JSON())
	for l := range set.All() {
		if l.Flags&labelset.Optional != 0 {
			out.Optional = append(out.Optional, l.Name)
		}
	}
	return out
}

// restore undoes labelsToSidecar.
func (l sidecarLabels) restore(level labelset.Level) (labelset.Set, error) {
	if len(l.Set) == 0 {
		return labelset.Set{}, nil
	}
	set, err := labelset.Parse(string(l.Set), level)
	if err != nil || len(l.Optional) == 0 {
		return set, err
	}
	optional := map[string]bool{}
	for _, name := range l.Optional {
		optional[name] = true
	}
	var all []labelset.Label
	for label := range set.All() {
		if optional[label.Name] {
			label.Flags |= labelset.Optional
		}
		all = append(all, label)
	}
	return labelset.New(level, all...)
}

// readSidecar reads the file of a block; nil if that has none.
func readSidecar(dir string) (*sidecar, error) {
	text, err := os.ReadFile(filepath.Join(dir, SidecarName))
	if errors.Is(err, os.ErrNotExist) {
		return nil, nil
	}
	if err != nil {
		return nil, err
	}
	s := &sidecar{}
	if err := json.Unmarshal(text, s); err != nil {
		return nil, fmt.Errorf("%s: %w", SidecarName, err)
	}
	if s.Format != sidecarFormat || s.Version != sidecarVersion {
		return nil, fmt.Errorf("%s: unknown format %q, version %d", SidecarName, s.Format, s.Version)
	}
	return s, nil
}
