package main

import (
	"io"
	"net"
	"net/http"
	"regexp"
	"strings"

	"github.com/rogpeppe/go-internal/testscript"
)

// cmdPort puts the number of a port that nobody uses into a variable:
//
//	port VARIABLE
func cmdPort(ts *testscript.TestScript, neg bool, args []string) {
	usage(ts, neg || len(args) != 1, "port VARIABLE")
	l, err := net.Listen("tcp", "127.0.0.1:0")
	ts.Check(err)
	_, port, err := net.SplitHostPort(l.Addr().String())
	ts.Check(err)
	ts.Check(l.Close())
	ts.Setenv(args[0], port)
}

// cmdFetch asks for a URL until the reply matches a regular expression, and prints the
// reply:
//
//	fetch URL REGEXP
func cmdFetch(ts *testscript.TestScript, neg bool, args []string) {
	usage(ts, neg || len(args) != 2, "fetch URL REGEXP")
	want, err := regexp.Compile(args[1])
	ts.Check(err)
	client := &http.Client{Transport: &http.Transport{DisableKeepAlives: true}}
	var last string
	ts.Defer(func() {
		if !want.MatchString(last) {
			ts.Logf("last reply of %s: %s", args[0], last)
		}
	})
	eventually(ts, func() bool {
		resp, err := client.Get(args[0])
		if err != nil {
			last = err.Error()
			return false
		}
		defer resp.Body.Close()
		body, err := io.ReadAll(resp.Body)
		last = string(body)
		return err == nil && want.MatchString(last)
	})
	_, err = io.WriteString(ts.Stdout(), strings.TrimSuffix(last, "\n")+"\n")
	ts.Check(err)
}
