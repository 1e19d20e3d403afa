//go:build !unix

package fdpool

// allowed returns the number of files that this process may open.
func allowed() int { return 2 * most }
