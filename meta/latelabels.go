package meta

import (
	"strconv"
	"strings"

	"github.com/pcparchive/pcparchive/labelset"
	"github.com/pcparchive/pcparchive/pcp"
)

// Numbers of the metrics that a recorder makes. The metric with the number n has the
// cluster n / 1024, the item n % 1024, and its own instance domain with the serial 4096 + n.
const (
	recorderDomain  = 144
	firstSerial     = 4096
	itemsPerCluster = 1024
)

// recorderLabel is a label of every metric that a recorder makes.
const recorderLabel = "prom_name"

// LateLabels returns the labels of an instance that the label record in force lacks. A
// recorder writes the labels of a domain at most every ten seconds, because a label record
// has no delta form, so the record with the labels of a new instance may come later: until
// is the time of the next one. Without such a record, LateLabels reads the labels from the
// instance's name, which has the form "number name:value name:value". It returns an empty
// set for a domain of another program.
func (s *Store) LateLabels(id pcp.InDomID, until pcp.Timestamp, inst Instance) labelset.Set {
	if !strings.HasPrefix(inst.Name, strconv.Itoa(int(inst.ID))+" ") || !s.MayBeLate(id) {
		return labelset.Set{}
	}
	if next, _ := s.LabelsAt(labelset.Instances, uint32(id), until); next != nil {
		if set, ok := next.Find(inst.ID); ok {
			return set
		}
	}
	return labelsInName(inst.Name)
}

// NameTells reports whether the name of an instance tells its labels, so that their record
// may come late.
func NameTells(inst Instance, labels labelset.Set) bool {
	return strings.HasPrefix(inst.Name, strconv.Itoa(int(inst.ID))+" ") && labelsInName(inst.Name).Equal(labels)
}

// MayBeLate reports whether the label records of an instance domain may come late.
func (s *Store) MayBeLate(id pcp.InDomID) bool {
	if id == pcp.InDomNull || id.Domain() != recorderDomain || id.Serial() < firstSerial+itemsPerCluster {
		return false
	}
	n := id.Serial() - firstSerial
	l, _ := s.LabelsAt(labelset.Item, uint32(pcp.NewPMID(recorderDomain, n/itemsPerCluster, n%itemsPerCluster)), pcp.MaxTime)
	set, _ := l.Find(pcp.InstNull)
	_, ok := set.Lookup(recorderLabel)
	return ok
}

// OwnDomain reports whether a metric has the instance domain that a recorder gives to it.
func OwnDomain(d *Desc) bool {
	n := d.PMID.Cluster()*itemsPerCluster + d.PMID.Item()
	return d.PMID.Domain() == recorderDomain && n >= itemsPerCluster && d.InDom == pcp.NewInDomID(recorderDomain, firstSerial+n)
}

// labelsInName reads the labels in the name of an instance. A value may contain blanks and
// colons: a label begins only where a name and a colon follow a blank.
func labelsInName(name string) labelset.Set {
	var labels []labelset.Label
	words := strings.Split(name, " ")
	for _, word := range words[1:] {
		key, value, ok := strings.Cut(word, ":")
		switch {
		case ok && isLabelName(key):
			labels = append(labels, labelset.String(key, value))
		case len(labels) > 0:
			last := &labels[len(labels)-1]
			*last = labelset.String(last.Name, last.Text()+" "+word)
		}
	}
	set, err := labelset.New(labelset.Instances, labels...)
	if err != nil {
		return labelset.Set{}
	}
	return set
}

// isLabelName reports whether a text may be the name of a label of Prometheus.
func isLabelName(text string) bool {
	for i, c := range text {
		letter := c >= 'a' && c <= 'z' || c >= 'A' && c <= 'Z' || c == '_'
		if !letter && (i == 0 || c < '0' || c > '9') {
			return false
		}
	}
	return text != ""
}
