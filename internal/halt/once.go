package halt

import (
	"context"
	"sync/atomic"
)

// Once is work whose result is kept when it has succeeded. The zero value is ready for use.
type Once[T any] struct {
	work Work[T]
	kept atomic.Pointer[T]
}

// DoContext returns the result that is kept, or else what [Work.DoContext] returns.
func (o *Once[T]) DoContext(ctx context.Context, f func(context.Context) (T, error)) (T, error) {
	if kept := o.kept.Load(); kept != nil {
		return *kept, nil
	}
	return o.work.DoContext(ctx, func(ctx context.Context) (T, error) {
		if kept := o.kept.Load(); kept != nil {
			return *kept, nil
		}
		result, err := f(ctx)
		if err == nil && ctx.Err() == nil {
			o.kept.Store(&result)
		}
		return result, err
	})
}
