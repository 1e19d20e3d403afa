package agentdir

import (
	"github.com/pcparchive/pcparchive/convert/mapper"
	"github.com/pcparchive/pcparchive/convert/prom"
	"github.com/pcparchive/pcparchive/labelset"
	"github.com/pcparchive/pcparchive/meta"
	"github.com/pcparchive/pcparchive/record"
)

// job says more about the job of a source. Its functions ask the newest reading, because a
// job outlives a change of the file.
func (l *Loader) job(s *Source) record.Job {
	name := s.name
	now := func() *Source {
		if newest := l.gate.source(name); newest != nil {
			return newest
		}
		return s
	}
	labels := []labelset.Label{labelset.String("url", s.address())}
	if s.exec {
		labels = []labelset.Label{labelset.String("script", s.path), labelset.String("url", "")}
	}
	return record.Job{
		Name: name, Single: true, Host: s.host(), Address: s.address(),
		Source: mapper.SourceOptions{
			Labels: labels,
			Describe: func(sample string, d *meta.Desc) {
				if m, ok := now().metadataFor(sample); ok {
					d.Type, d.Sem, d.Units = m.Type, m.Sem, m.Units
				}
			},
			Singular: func(sample string) bool {
				m, ok := now().metadataFor(sample)
				return ok && m.Singular
			},
			Leaf: func(sample string) string {
				m, _ := now().metadataFor(sample)
				return m.Name
			},
			Drop:         func(label string) bool { return now().use(label) == exclude },
			Optional:     func(label string) bool { return now().use(label) == optional },
			InstanceName: func(sample string, labels []prom.Label) string { return now().instanceName(sample, labels) },
			NoHTTP:       s.file == nil || s.file.URL.Scheme == "file",
			LastWins:     true,
		},
	}
}

// instanceName returns the name that a page of PCP's own exporters gives an instance; "" if
// it gives none.
func (s *Source) instanceName(sample string, labels []prom.Label) string {
	if _, ok := s.metadataFor(sample); !ok {
		return ""
	}
	for _, name := range []string{"instname", "instance"} {
		for _, l := range labels {
			if l.Name == name {
				return l.Value
			}
		}
	}
	return ""
}

// use returns what becomes of a label.
func (s *Source) use(label string) use {
	if s.file == nil {
		return include
	}
	return s.file.Rules.label(label)
}
