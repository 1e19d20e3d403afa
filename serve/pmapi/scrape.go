package pmapi

import (
	"github.com/pcparchive/pcparchive/instant"
	"github.com/pcparchive/pcparchive/serve/exporter"
)

// metrics replies with the values of the context as text, with "# PCP5" lines.
func (x *request) metrics() error {
	if err := x.open(); err != nil {
		return err
	}
	n, err := x.namespace()
	if err != nil {
		return err
	}
	q := &exporter.Query{Subjects: []instant.Subject{n.subject}, At: n.at}
	if err := q.Parse(x.form); err != nil {
		return err
	}
	q.PCP5()
	return x.api.opts.Exporter.Reply(x.w, x.r, x.view, q)
}
