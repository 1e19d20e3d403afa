// Package halt ends work that nobody wants any more.
//
// A stop is a function whose error ends the work that asks it, such as the Err of a
// [context.Context]. It may be nil, which never ends anything.
package halt

// Asked returns the error of a stop.
func Asked(stop func() error) error {
	if stop == nil {
		return nil
	}
	return stop()
}

// Either returns a stop that has the error of the first of two stops that has one.
func Either(a, b func() error) func() error {
	switch {
	case a == nil:
		return b
	case b == nil:
		return a
	}
	return func() error {
		if err := a(); err != nil {
			return err
		}
		return b()
	}
}
