// Package promjson reads replies of Prometheus' query API that were saved:
// /api/v1/query_range and /api/v1/query, whole or just their data.
//
//	{"status":"success","data":{"resultType":"matrix","result":[…]}}
//	{"resultType":"vector","result":[…]}
//	[{"metric":{…},"values":[[1767225600,"1"],…]},…]
//
// Native histograms are rebuilt from the buckets that a reply tells, as
// histograms of floats whose reply would be the same to the byte. Bounds of powers
// of two give the schema. Custom bounds are those that any histogram of the series
// has beside its observations: bounds between empty buckets are not told, and
// custom bounds that a schema has, too, are taken for it. Buckets that no
// histogram of Prometheus has are counted as dropped.
//
// A file may hold several, one after the other. What cannot be read, such as the
// reply to a query that failed, costs itself alone if [ReadOptions] ask for that.
package promjson
