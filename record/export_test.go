package record

import "context"

// ReloadChanged reloads the configuration if its files have changed.
func (r *Recorder) ReloadChanged(ctx context.Context) error {
	return r.reloadChanged(ctx, statesOf(r.config.Load().Files))
}
