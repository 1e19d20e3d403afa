// Package accept reads the headers by which clients say what they accept.
package accept

import (
	"iter"
	"net/http"
	"strconv"
	"strings"
)

// Names yields the names in the fields of an Accept header, in lower case, with their
// weights. The weight is 0 for a name that the client refuses or whose weight is not valid.
func Names(fields []string) iter.Seq2[string, float64] {
	return func(yield func(string, float64) bool) {
		for _, field := range fields {
			for clause := range strings.SplitSeq(field, ",") {
				name, parameters, _ := strings.Cut(clause, ";")
				if !yield(strings.ToLower(strings.TrimSpace(name)), weight(parameters)) {
					return
				}
			}
		}
	}
}

// weight returns the weight among the parameters of a name, 1 if there is none.
func weight(parameters string) float64 {
	for p := range strings.SplitSeq(parameters, ";") {
		name, text, _ := strings.Cut(p, "=")
		if !strings.EqualFold(strings.TrimSpace(name), "q") {
			continue
		}
		q, err := strconv.ParseFloat(strings.TrimSpace(text), 64)
		if err != nil || !(q >= 0 && q <= 1) {
			return 0
		}
		return q
	}
	return 1
}

// Encoding returns the encoding that the client of a request prefers among offers, "" if it
// accepts none of them. Of equal weights, the first offer counts.
func Encoding(request http.Header, offers ...string) string {
	weights := map[string]float64{}
	for name, q := range Names(request.Values("Accept-Encoding")) {
		weights[name] = q
	}
	best, most := "", 0.0
	for _, offer := range offers {
		q, named := weights[offer]
		if !named {
			q = weights["*"]
		}
		if q > most {
			best, most = offer, q
		}
	}
	return best
}
