package promapi

import (
	"context"
	"time"

	"github.com/prometheus/prometheus/promql"
)

// gate bounds the requests that read archives at the same time.
type gate struct {
	places  chan struct{}
	timeout time.Duration
}

func newGate(n int, timeout time.Duration) *gate {
	return &gate{make(chan struct{}, n), timeout}
}

// enter waits for a place. The caller calls leave once.
func (g *gate) enter(ctx context.Context) (leave func(), err error) {
	leave = func() { <-g.places }
	select {
	case g.places <- struct{}{}:
		return leave, nil
	default:
	}
	wait := time.NewTimer(g.timeout)
	defer wait.Stop()
	select {
	case g.places <- struct{}{}:
		return leave, nil
	case <-wait.C:
		return nil, promql.ErrQueryTimeout("query queue")
	case <-ctx.Done():
		return nil, context.Cause(ctx)
	}
}
