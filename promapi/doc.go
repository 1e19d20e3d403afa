// Package promapi serves Prometheus' HTTP API from archives to Grafana, promtool,
// the Thanos sidecar, and a Prometheus that reads remotely.
//
// [New] returns an [API], whose Handler answers paths below /api/v1, and /federate. A
// [Source] gives the API a [View] for each request. A View does not change, so that a
// request sees one state of the archives from beginning to end, even if the
// Source changes meanwhile.
//
// Requests and replies are those of Prometheus 3. Evaluation, parsing and encoding of
// numbers are Prometheus' own. Damage in archives becomes warnings of the replies that
// it concerns.
//
// # Limits
//
// [Options].Concurrency bounds the requests that read archives at the same time. A
// request that finds no place within [Options].QueueTimeout fails with status 503. The
// View's engine limits the samples and the time of each query.
//
// # What differs from Prometheus
//
// Archives have no targets, so that lists of targets are empty, and metadata comes from
// the archives. An instant query without a time is evaluated at [View].Present, which a
// server of closed archives sets to the end of their data. The step of a range query is
// at least a millisecond. An expression has at most 10,000 operators and parentheses, and
// a reply of remote read that is not streamed has at most five million samples. There are
// no endpoints that write or administrate, and none for
// searching, notifications and features.
package promapi
