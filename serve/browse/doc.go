// Package browse tells pages what archives there are and what they hold:
//
//	/api/archives  hosts, archives, their files and times, damage, cache, rules
//	/api/metrics   names in PCP and in PromQL, semantics, units and help of all metrics
//	/api/check     what a check of an archive finds
//
// The replies are JSON. Times are in seconds since 1970, as clients see them.
package browse
