//go:build !unix

package fdpool

// allowed returns how many files this process may have open.
func allowed() int { return 2 * most }
