package convert

import (
	"context"
	"errors"
	"iter"

	"github.com/pcparchive/pcparchive/archive"
)

// Copy puts every step of src into dst. It does not close dst.
func Copy(ctx context.Context, dst Sink, src Source) error {
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

// History is an [archive.Reader] or an [archive.Set].
type History interface {
	Steps(q archive.Query) iter.Seq2[*archive.Step, error]
}

// FromArchive is the Source that reads what q selects of an archive, or of
// several. The damage that a Set met is in its Problems.
func FromArchive(r History, q archive.Query) Source { return archiveSource{r, q} }

type archiveSource struct {
	r History
	q archive.Query
}

func (s archiveSource) Steps(context.Context) iter.Seq2[*archive.Step, error] {
	return s.r.Steps(s.q)
}

// CloseAll closes sinks in order and joins their errors.
func CloseAll(sinks ...Sink) error {
	var err error
	for _, s := range sinks {
		err = errors.Join(err, s.Close())
	}
	return err
}
