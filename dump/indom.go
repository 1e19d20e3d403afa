package dump

import (
	"strconv"

	"github.com/pcparchive/pcparchive/archive"
	"github.com/pcparchive/pcparchive/meta"
	"github.com/pcparchive/pcparchive/pcp"
)

// diskInDoms prints the instance domain records of an archive as they are stored.
func (d *dumper) diskInDoms(r *archive.Reader) {
	d.buf = append(d.buf, "Instance Domains on-disk ...\n"...)
	for rec, err := range r.Records(archive.RoleMeta) {
		if err != nil {
			continue // loadMetadata reported it
		}
		switch in := rec.Record.(type) {
		case *meta.InDom:
			d.diskHead(in.Stamp, in.ID, "", len(in.Instances))
			for _, e := range in.Instances {
				d.instanceLine("   ", e)
			}
		case *meta.InDomDelta:
			d.diskHead(in.Stamp, in.ID, " delta", len(in.Changes))
			for _, c := range in.Changes {
				if c.Remove {
					d.buf = append(strconv.AppendInt(append(d.buf, "   del "...), int64(c.ID), 10), '\n')
				} else {
					d.instanceLine("   add ", c.Instance)
				}
			}
		}
		d.spill()
	}
}

func (d *dumper) diskHead(t pcp.Timestamp, id pcp.InDomID, kind string, n int) {
	b := append(d.clock.appendTime(d.buf, t), " InDom: "...)
	b = append(append(append(b, id.String()...), kind...), ' ')
	d.buf = append(strconv.AppendInt(b, int64(n), 10), " instances\n"...)
}

// inDoms prints every version of every instance domain with all its instances.
func (d *dumper) inDoms() error {
	d.title("Instance Domains in the Log ...")
	for id := range d.store.InDoms() {
		d.buf = append(append(append(d.buf, "InDom: "...), id.String()...), '\n')
		for in := range d.store.InDomVersions(id) {
			b := append(d.clock.appendTime(d.buf, in.Stamp), ' ')
			d.buf = append(strconv.AppendInt(b, int64(len(in.Instances)), 10), " instances\n"...)
			for _, e := range in.Instances {
				d.instanceLine("   ", e)
			}
			d.spill()
		}
	}
	return nil
}

func (d *dumper) instanceLine(lead string, in meta.Instance) {
	d.buf = append(d.appendInstance(append(d.buf, lead...), in), '\n')
}

// appendInstance appends an instance as `1 or "name"`.
func (*dumper) appendInstance(b []byte, in meta.Instance) []byte {
	b = append(strconv.AppendInt(b, int64(in.ID), 10), ` or "`...)
	return append(append(b, in.Name...), '"')
}
