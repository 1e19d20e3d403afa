package catalogue

import (
	"crypto/sha256"
	"encoding/binary"

	"github.com/pcparchive/pcparchive/convert/naming"
	"github.com/pcparchive/pcparchive/internal/varcodec"
	"github.com/pcparchive/pcparchive/labelset"
	"github.com/pcparchive/pcparchive/meta"
	"github.com/pcparchive/pcparchive/pcp"
)

// digest is the hash of everything that a description depends on. Equal digests mean equal
// descriptions.
type digest [16]byte

func sum(b []byte) (d digest) {
	whole := sha256.Sum256(b)
	copy(d[:], whole[:])
	return d
}

// hasher hashes the metadata of an archive. It hashes each label record once.
type hasher struct {
	host    string
	records map[*meta.Labels]digest
	buf     []byte
	memo    *hashes
}

// record returns the hash of a record's labels. The record must not be one of instances.
func (h *hasher) record(l *meta.Labels) digest {
	if l == nil {
		return digest{}
	}
	d, ok := h.records[l]
	if !ok {
		set, _ := l.Find(pcp.InstNull)
		d = sum(labelset.Instance{Set: set}.AppendBinary(nil))
		h.records[l] = d
	}
	return d
}

// sameRecords reports whether the records of two times hold the same labels.
func (h *hasher) sameRecords(a, b [labelset.MetricLevels]*meta.Labels) bool {
	for i := range a {
		if a[i] != b[i] && (a[i] == nil || b[i] == nil || h.record(a[i]) != h.record(b[i])) {
			return false
		}
	}
	return true
}

// metric sets the hashes of everything that the description of a metric depends on, with and
// without the instances. They do not include times. instances is nil for a singular metric.
func (h *hasher) metric(s *source, instances *domainStates, store *meta.Store) {
	key, ok := h.memo.keyOf(h, s, instances, store)
	if known, found := h.memo.known[key]; ok && found {
		s.fixed, s.hash = known.fixed, known.whole
		return
	}
	h.hashMetric(s, instances, store)
	if ok {
		h.memo.keep(key, metricHashes{s.fixed, s.hash})
	}
}

// hashMetric is metric without memory.
func (h *hasher) hashMetric(s *source, instances *domainStates, store *meta.Store) {
	b := append(h.buf[:0], h.host...)
	b = append(b, 0)
	b = binary.BigEndian.AppendUint32(b, uint32(s.desc.PMID))
	b = binary.BigEndian.AppendUint32(b, uint32(s.desc.InDom))
	b = binary.BigEndian.AppendUint32(b, uint32(s.desc.Type))
	b = binary.BigEndian.AppendUint32(b, uint32(s.desc.Sem))
	b = binary.BigEndian.AppendUint32(b, s.desc.Units.Word())
	b = append(b, flag(naming.HoldsHistograms(store, s.desc)))
	b = binary.AppendUvarint(b, uint64(len(s.desc.Names)))
	for _, name := range s.desc.Names {
		b = varcodec.AppendText(b, name)
	}
	b = varcodec.AppendText(varcodec.AppendText(b, store.OneLine(s.desc.PMID)), store.Help(s.desc.PMID))
	for i := range s.states {
		for _, l := range s.states[i].records {
			d := h.record(l)
			b = append(append(b, flag(l != nil)), d[:]...)
		}
	}
	if instances != nil {
		s.fixed = sum(b)
		b = append(b, instances.hash[:]...)
		if len(s.states) > 1 {
			b = appendMeetings(b, s.states, instances.all)
		}
	}
	h.buf = b
	s.hash = sum(b)
}

// appendMeetings appends which instances there were in each state of a metric.
func appendMeetings(b []byte, states []metricState, all []described) []byte {
	for i := range states {
		for j := range all {
			b = append(b, flag(states[i].during(&all[j])))
		}
	}
	return b
}

// hashInstances returns the hash of the states of instances, but not of their times. It sets
// the hash of each.
func hashInstances(all []described) digest {
	var b []byte
	for i := range all {
		s := &all[i]
		from := len(b)
		b = append(varcodec.AppendText(b, s.inst.Name), flag(s.twin))
		b = labelset.Instance{Inst: s.inst.ID, Set: s.labels}.AppendBinary(b)
		s.hash = sum(b[from:])
	}
	return sum(b)
}

func flag(on bool) byte {
	if on {
		return 1
	}
	return 0
}
