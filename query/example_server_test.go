package query_test

import (
	"bytes"
	"cmp"
	"encoding/json"
	"fmt"
	"io"
	"log"
	"net/http"
	"net/http/httptest"
	"net/url"
	"os"
	"path/filepath"
	"strconv"
	"time"

	"github.com/prometheus/prometheus/promql/parser"

	"github.com/pcparchive/pcparchive/query"
	"github.com/pcparchive/pcparchive/store"
)

// reply is a reply of Prometheus' query API.
type reply struct {
	Status string     `json:"status"`
	Data   *replyData `json:"data,omitempty"`
	Error  string     `json:"error,omitempty"`
}

type replyData struct {
	Type   parser.ValueType `json:"resultType"`
	Result json.RawMessage  `json:"result"`
}

// server answers /api/v1/query?query=EXPR&time=SECONDS from archives.
type server struct{ engine *query.Engine }

func (s server) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	w.Header().Set("Content-Type", "application/json")
	out := reply{Status: "success"}
	var err error
	if out.Data, err = s.answer(r); err != nil {
		w.WriteHeader(http.StatusBadRequest)
		out = reply{Status: "error", Error: err.Error()}
	}
	_ = json.NewEncoder(w).Encode(out) // fails if the client is gone
}

// answer evaluates the expression of a request.
func (s server) answer(r *http.Request) (*replyData, error) {
	at, err := strconv.ParseInt(r.FormValue("time"), 10, 64)
	if err != nil {
		return nil, err
	}
	q, err := s.engine.Instant(r.Context(), r.FormValue("query"), time.Unix(at, 0))
	if err != nil {
		return nil, err
	}
	defer q.Close() // after WriteResultJSON has copied the result
	res := q.Exec(r.Context())
	if res.Err != nil {
		return nil, res.Err
	}
	var result bytes.Buffer
	err = query.WriteResultJSON(&result, res.Value)
	return &replyData{res.Value.Type(), result.Bytes()}, err
}

// Example_server answers a PromQL query over HTTP from a folder of archives.
func Example_server() {
	dir, err := os.MkdirTemp("", "example")
	defer os.RemoveAll(dir)
	if err := cmp.Or(err, writeReads(filepath.Join(dir, "today"), 1772323200)); err != nil {
		log.Fatal(err)
	}
	hosts, err := store.Open([]string{dir}, nil)
	if err != nil {
		log.Fatal(err)
	}
	srv := httptest.NewServer(server{query.NewEngine(hosts.Sets(), query.Options{})})
	defer srv.Close()

	form := url.Values{"query": {"rate(disk_all_read[5m])"}, "time": {"1772325000"}}
	resp, err := http.Get(srv.URL + "/api/v1/query?" + form.Encode())
	if err != nil {
		log.Fatal(err)
	}
	defer resp.Body.Close()
	body, err := io.ReadAll(resp.Body)
	fmt.Print(string(body), err)
	// Output:
	// {"status":"success","data":{"resultType":"vector","result":[{"metric":{"hostname":"db1"},"value":[1772325000,"5"]}]}}
	// <nil>
}
