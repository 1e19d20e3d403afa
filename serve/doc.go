// Package serve is the server behind the verb serve: it answers Prometheus' HTTP API
// from archives and Prometheus blocks, without importing them and without writing to
// them.
//
// [New] opens the archives and blocks at the paths. [Server.Run] serves them until its
// context ends. While it runs, the server looks for archives that came, went or grew: at an
// interval, on [Server.Reload], and on a POST to /-/reload. Each request sees one state of
// the archives from beginning to end. Damage in one archive does not affect the others.
//
// # Paths
//
//	/                  the page, of package page
//	/api/…             archives, metrics and checks for the page, of package browse
//	/api/v1/…          Prometheus' API, of package promapi
//	/api/overview      when hosts were in trouble, and why, of package overviewapi
//	/federate          current values as text
//	/logger/…          archives that other hosts push, of package receive
//	/metrics           values of PCP's metrics at an instant, of package exporter
//	/pmapi/…           contexts, metadata and values, of package pmapi
//	/series/…          PCP's time series, of package seriesapi
//	/search/…          PCP's text search, of the same package
//	/-/metrics         the server's own metrics
//	/-/healthy         200 while the process serves
//	/-/ready           200 from the first state on until the server drains
//	/-/reload          POST: read the rule files again, and look for archives now
//
// # Limits
//
// Connections, concurrent requests, the samples and the time of a query, headers and
// bodies are bounded. A client that neither sends nor reads for a while is
// disconnected. When the context of Run ends, running requests have
// [Options].DrainTimeout to finish.
package serve
