package convert

import (
	"context"
	"iter"

	"github.com/pcparchive/pcparchive/history"
)

// Copy puts every step of src into dst. It does not close dst.
func Copy(ctx context.Context, dst history.Sink, src history.Source) error {
	for step, err := range src.Steps(ctx) {
		if err == nil {
			err = dst.Put(step)
		}
		if err == nil {
			err = ctx.Err()
		}
		if err != nil {
			return err
		}
	}
	return nil
}

// History has the steps of one or more archives: an [archive.Reader] or a
// store.Set.
type History interface {
	// Steps yields the steps that q selects, by ascending time.
	Steps(q history.Query) iter.Seq2[*history.Step, error]
}

// FromArchive returns a Source with the steps of r that q selects. A Set reports
// damage in its Problems. Reading ends with the context, unless q has its own Stop.
func FromArchive(r History, q history.Query) history.Source { return archiveSource{r, q} }

type archiveSource struct {
	r History
	q history.Query
}

func (s archiveSource) Steps(ctx context.Context) iter.Seq2[*history.Step, error] {
	q := s.q
	if q.Stop == nil {
		q.Stop = ctx.Err
	}
	return s.r.Steps(q)
}
