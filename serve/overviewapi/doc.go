// Package overviewapi answers the path /api/overview: when hosts were in trouble, and why,
// from package overview.
//
//	GET /api/overview?start=&end=&steps=&host=
//
// start and end are seconds or RFC 3339, and default to the whole recording. steps is the
// number of equal parts of the window that get a level. host may be repeated; without it,
// the reply has all hosts. The reply has the rules, and for each host the level and the
// cause of each step, the levels of its resources, marks, times with records, rules whose
// metrics were not logged, and the worst incidents in words. Its times are in seconds.
package overviewapi
