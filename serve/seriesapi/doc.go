// Package seriesapi answers the paths /series/… and /search/… of PCP's web daemon from
// archives, without a key server.
//
// Replies have the form of pmproxy 6.0.3, with these differences:
//
//   - A request that lacks a parameter gets a JSON message, an unknown path status 404, and a
//     path must be complete.
//   - /series/labels has the labels of metrics with instances too, and optional labels.
//   - Values keep all their digits.
//   - /series/load loads nothing: it confirms that a path is served.
//   - A search without a result has an empty list.
package seriesapi
