// Package parallel calls a function many times, on all processors.
package parallel

import (
	"runtime"
	"sync/atomic"

	"github.com/pcparchive/pcparchive/internal/defect"
)

// Do calls do for 0 to n-1, on all processors. It returns the error of the first call that
// failed. After a failure it makes no further calls. It panics if a call does.
func Do(n int, do func(int) error) error {
	var next atomic.Int64
	var failed atomic.Bool
	errs := make([]error, n)
	var wg defect.Group
	for range min(n, runtime.GOMAXPROCS(0)) {
		wg.Go(func() {
			for !failed.Load() {
				i := int(next.Add(1)) - 1
				if i >= n {
					return
				}
				if errs[i] = do(i); errs[i] != nil {
					failed.Store(true)
				}
			}
		})
	}
	wg.Wait()
	for _, err := range errs {
		if err != nil {
			return err
		}
	}
	return nil
}
