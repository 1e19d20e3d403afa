package main

import (
	"bytes"
	"encoding/json"
	"io"

	"github.com/prometheus/prometheus/promql"
	"github.com/prometheus/prometheus/promql/parser"

	"github.com/pcparchive/pcparchive/internal/safetext"
	"github.com/pcparchive/pcparchive/query"
)

// apiResult is a reply of Prometheus' query API.
type apiResult struct {
	Status   string   `json:"status"`
	Data     apiData  `json:"data"`
	Warnings []string `json:"warnings,omitempty"`
	Infos    []string `json:"infos,omitempty"`
}

type apiData struct {
	ResultType parser.ValueType `json:"resultType"`
	Result     json.RawMessage  `json:"result"`
}

func printJSON(w io.Writer, res *promql.Result, expr string) error {
	out := apiResult{Status: "success", Data: apiData{res.Value.Type(), json.RawMessage("null")}}
	out.Warnings, out.Infos = res.Warnings.AsStrings(expr, 0, 0)
	text, err := safetext.Marshal(out, "  ")
	if err != nil {
		return err
	}
	head, tail, _ := bytes.Cut(text, []byte("null")) // the result, of which there may be much
	if _, err := w.Write(head); err != nil {
		return err
	}
	if err := query.WriteIndentedJSON(safetext.JSONWriter(w), res.Value, 2); err != nil {
		return err
	}
	_, err = w.Write(append(tail, '\n'))
	return err
}
