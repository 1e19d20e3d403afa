package sidecar

import (
	"encoding/json"
	"errors"
	"fmt"
	"os"
	"path/filepath"

	"github.com/pcparchive/pcparchive/labelset"
	"github.com/pcparchive/pcparchive/pcp"
)

// FileName is the name of the file in a block's folder.
const FileName = "pcparchive.json"

const (
	formatName    = "pcparchive block metadata"
	formatVersion = 1
)

// contents is the file as JSON.
type contents struct {
	Format   string        `json:"format"`
	Version  int           `json:"version"`
	Families []familyEntry `json:"families"`
	Hosts    []hostEntry   `json:"hosts,omitempty"`
}

// familyEntry is a metric family with the names of its samples in the block.
type familyEntry struct {
	Name    string   `json:"name"`
	Type    string   `json:"type"`
	Unit    string   `json:"unit,omitempty"`
	Help    string   `json:"help,omitempty"`
	Samples []string `json:"samples"`
}

// hostEntry holds the PCP metrics of one archive. The context labels identify the
// archive.
type hostEntry struct {
	Context labelsEntry   `json:"context"`
	Metrics []metricEntry `json:"metrics"`
	InDoms  []indomEntry  `json:"indoms,omitempty"`
}

// metricEntry is a PCP metric while its description stays the same. Numbers have the
// meaning that the archive format gives them.
type metricEntry struct {
	Sample  string        `json:"sample"` // label __name__ of the series
	Name    string        `json:"name"`
	Names   []string      `json:"names,omitempty"` // other names of the metric
	PMID    pcp.PMID      `json:"pmid"`
	Type    pcp.Type      `json:"type"`
	InDom   pcp.InDomID   `json:"indom"`
	Sem     pcp.Semantics `json:"semantics"`
	Units   uint32        `json:"units"`
	OneLine string        `json:"oneline,omitempty"`
	Help    string        `json:"help,omitempty"`
	// The labels of the four levels below the context.
	Domain  labelsEntry   `json:"domainLabels,omitzero"`
	Indom   labelsEntry   `json:"indomLabels,omitzero"`
	Cluster labelsEntry   `json:"clusterLabels,omitzero"`
	Item    labelsEntry   `json:"itemLabels,omitzero"`
	Series  []seriesEntry `json:"series"`
}

// seriesEntry is a series that was made from a metric.
type seriesEntry struct {
	// Labels is the labels.StableHash of all labels of the series.
	Labels uint64 `json:"labels"`
	// Instance is the index of the instance in indomEntry.Instances.
	Instance int `json:"instance,omitempty"`
	// From is the time in milliseconds from which on the metric is the origin of the series.
	// Zero means the start of the block.
	From int64 `json:"from,omitempty"`
	// Text is the name of the label that holds the text of a text metric.
	Text string `json:"text,omitempty"`
}

// indomEntry holds the instances that have series in the block. An instance whose name,
// number or labels changed has several entries.
type indomEntry struct {
	ID        pcp.InDomID     `json:"id"`
	Instances []instanceEntry `json:"instances"`
}

// instanceEntry is an instance while its name, number and labels stay the same.
type instanceEntry struct {
	ID     pcp.InstID  `json:"id"`
	Name   string      `json:"name"`
	Bytes  []byte      `json:"bytes,omitempty"` // the name if it is not UTF-8
	Labels labelsEntry `json:"labels,omitzero"`
}

// labelsEntry is a label set. The JSON of a set does not tell which labels are optional,
// so Optional lists their names.
type labelsEntry struct {
	Set      json.RawMessage `json:"set,omitempty"`
	Optional []string        `json:"optional,omitempty"`
}

// newLabelsEntry returns the entry of a label set.
func newLabelsEntry(set labelset.Set) labelsEntry {
	var out labelsEntry
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

// restore returns the label set of an entry.
func (l labelsEntry) restore(level labelset.Level) (labelset.Set, error) {
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

// readFile reads the file of a block. It returns nil if the block has no such file.
func readFile(dir string) (*contents, error) {
	text, err := os.ReadFile(filepath.Join(dir, FileName))
	if errors.Is(err, os.ErrNotExist) {
		return nil, nil
	}
	if err != nil {
		return nil, err
	}
	s := &contents{}
	if err := json.Unmarshal(text, s); err != nil {
		return nil, fmt.Errorf("%s: %w", FileName, err)
	}
	if s.Format != formatName || s.Version != formatVersion {
		return nil, fmt.Errorf("%s: unknown format %q, version %d", FileName, s.Format, s.Version)
	}
	return s, nil
}
