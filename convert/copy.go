package convert

import (
	"context"
	"errors"
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

// History is an [archive.Reader] or an [store.Set].
type History interface {
	Steps(q history.Query) iter.Seq2[*history.Step, error]
}

// FromArchive is the Source that reads what q selects of an archive, or of
// several. The damage that a Set met is in its Problems.
func FromArchive(r History, q history.Query) history.Source { return archiveSource{r, q} }

type archiveSource struct {
	r History
	q history.Query
}

func (s archiveSource) Steps(context.Context) iter.Seq2[*history.Step, error] {
	return s.r.Steps(s.q)
}

// CloseAll closes sinks in order and joins their errors.
func CloseAll(sinks ...history.Sink) error {
	var err error
	for _, s := range sinks {
		err = errors.Join(err, s.Close())
	}
	return err
}
