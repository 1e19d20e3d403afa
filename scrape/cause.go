package scrape

import (
	"errors"
	"strings"
)

// noStatus is how the scraper begins its error for a reply with the status 000, by which a
// server in this process says that HTTP has nothing to do with the cause.
const noStatus = "server returned HTTP status 000 "

// Cause returns the error of a scrape without what the scraper says about the status 000.
func Cause(err error) error {
	if err == nil {
		return nil
	}
	if cause, ok := strings.CutPrefix(err.Error(), noStatus); ok {
		return errors.New(cause)
	}
	return err
}
