// Package pmapi answers /pmapi/…, the web form of PCP's client interface, from archives. A
// request names a context by its number, in the path or as a parameter, or gets a new one.
//
//	/pmapi/context     a context: a host, or one of its archives, at an instant
//	/pmapi/metric      descriptors, labels and help of metrics
//	/pmapi/fetch       values
//	/pmapi/children    names below a name
//	/pmapi/indom       instances, with their labels, and the help of a domain
//	/pmapi/profile     which instances later requests of the context fetch
//	/pmapi/derive      metrics of the context that expressions define, see package derive
//	/pmapi/store       always refused: nobody changes a recording
//	/pmapi/metrics     values as text, of package exporter
//
// A context whose host is given by hostspec has all archives of the host, and one whose
// archive is given by archive has that alone. The parameter time sets the instant of a
// context, or that of one request; without it the context shows the last records, also while
// the archives grow. A context expires when no request has named it for polltimeout seconds.
//
// Replies and messages are those of pmproxy 6.0.3, without its faults: values are valid JSON
// with all digits, times have nine digits after the point, and a name given twice is
// answered twice.
package pmapi
