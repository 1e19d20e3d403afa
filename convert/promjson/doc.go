// Package promjson reads replies of Prometheus' query API that were saved:
// /api/v1/query_range and /api/v1/query, whole or just their data.
//
//	{"status":"success","data":{"resultType":"matrix","result":[…]}}
//	{"resultType":"vector","result":[…]}
//	[{"metric":{…},"values":[[1767225600,"1"],…]},…]
//
// A [Reader] rebuilds native histograms from the buckets in a reply, which has only
// those with observations. The results are histograms of floats, and their reply
// would be the same to the byte. Bounds that are powers of two show the schema.
// Other bounds become custom bounds, collected from all histograms of the series;
// bounds between empty buckets are lost. The Reader counts histograms with buckets
// that Prometheus does not have as dropped.
//
// A file may have several replies, one after the other. If [ReadOptions] have
// Damaged, the Reader skips only the part that it cannot read, such as the reply to
// a failed query.
package promjson
