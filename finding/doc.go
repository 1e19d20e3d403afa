// Package finding has the results of checks: a [Finding] with its stable [Code]
// and its [Severity]. Packages check (archives) and convert/tsdb/verify (blocks)
// yield findings. Each of them defines its own codes and returns their meanings as
// a list of [CodeInfo].
//
// A [Tally] limits the number of findings of one code that a check yields.
package finding
