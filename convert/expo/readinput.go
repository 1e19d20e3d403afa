package expo

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"strconv"
	"strings"

	"github.com/pcparchive/pcparchive/convert/naming"
	"github.com/pcparchive/pcparchive/convert/prom"
)

// maxFaults is the number of faulty lines after which the Reader gives an input up.
const maxFaults = 1000

// readTolerant reads one input. Faults go to Damaged if it is set.
func (r *Reader) readTolerant(ctx context.Context, in Input, next func() error) error {
	if r.opts.Damaged == nil {
		return r.readInput(ctx, in, next)
	}
	var first error
	faults := 0
	r.lexer.skip = func(err error) bool {
		first = cmp.Or(first, err)
		faults++
		return faults < maxFaults
	}
	err := r.readInput(ctx, in, next)
	if err == nil && r.empty {
		err = &Error{Name: in.Name, Line: 1, Err: ErrEmpty}
	}
	if r.batch == nil || ctx.Err() != nil {
		return err
	}
	lines := fmt.Sprintf("%d lines were left out", faults)
	if faults == 1 {
		lines = "the line was left out"
	}
	name := in.Name
	switch {
	case faults == 0 && err == nil:
		return nil
	case faults >= maxFaults:
		r.opts.Damaged(fmt.Errorf("%w; %s, and all that follows the last of them", first, lines))
	case faults > 0:
		r.opts.Damaged(fmt.Errorf("%w; %s", first, lines))
	}
	if err != nil && faults < maxFaults {
		r.opts.Damaged(withInputName(name, err))
		faults++
	}
	r.opts.Report.AddN(prom.LossDamaged, name, int64(faults))
	return nil
}

// withInputName adds the name of an input to an error that does not have it.
func withInputName(name string, err error) error {
	if strings.Contains(err.Error(), name) {
		return err
	}
	return fmt.Errorf("%s: %w", name, err)
}

// readInput reads one input into batches. next replaces a full batch.
func (r *Reader) readInput(ctx context.Context, in Input, next func() error) (err error) {
	if err := ctx.Err(); err != nil {
		return err
	}
	r.empty = false
	f, err := in.Open()
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, f.Close()) }()
	format, rest, err := r.detectFormat(in, f)
	if err != nil {
		return err
	}
	detected, now := r.opts.Format == nil, in.Time.UnixMilli()
	r.lexer.begin(in.Name, format, func(k *pageSeries, v recordValue) error {
		switch {
		case !v.hasTime && r.lexer.pages > 1:
			return errNoTime
		case !v.hasTime:
			v.time = now
		case detected:
			if err := checkTime(format, v.time); err != nil {
				return err
			}
		}
		b := r.batch
		if k.series == nil {
			r.resolve(k)
		}
		if k.reportedFamily != k.family {
			b.changes = append(b.changes, change{at: len(b.samples), series: k.series, family: k.family})
			k.reportedFamily = k.family
		}
		b.samples = append(b.samples, batchSample{k.series, v.time, v.value})
		if v.exemplar != nil {
			b.changes = append(b.changes, change{at: len(b.samples), series: k.series, exemplar: v.exemplar, t: v.time})
		}
		if len(b.samples) == batchSize {
			return next()
		}
		return nil
	})
	err = r.lexer.read(rest, windowSize)
	r.empty = r.lexer.size == 0
	return err
}

// resolve finds or makes the Reader's series for a series of a page.
func (r *Reader) resolve(k *pageSeries) {
	key := strconv.AppendQuote(r.key[:0], k.name)
	for _, l := range k.labels {
		key = append(strconv.AppendQuote(append(strconv.AppendQuote(key, l.Name), '='), l.Value), ',')
	}
	r.key = key
	s, ok := r.series[string(key)]
	if !ok {
		s = &prom.Series{
			Family: k.family, Name: k.name, Labels: k.labels,
			Sem: naming.SemanticsOf(k.name, *k.family), ID: len(r.series),
		}
		r.series[string(key)] = s
		r.lexer.native.bind(s.Name)
		r.lexer.native.note(s.Name, s.Labels)
		k.reportedFamily = k.family
	}
	k.series = s
}
