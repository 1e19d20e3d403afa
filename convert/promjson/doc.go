// Package promjson reads replies of Prometheus' query API that were saved:
// /api/v1/query_range and /api/v1/query, whole or just their data.
//
//	{"status":"success","data":{"resultType":"matrix","result":[…]}}
//	{"resultType":"vector","result":[…]}
//	[{"metric":{…},"values":[[1767225600,"1"],…]},…]
//
// Native histograms are counted as dropped: a reply has their buckets, but neither
// their resolution nor what is needed to tell it from them.
//
// A file may hold several, one after the other. What fails a query fails the
// reading, with the message of the reply.
package promjson
