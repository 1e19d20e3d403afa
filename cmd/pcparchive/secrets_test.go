package main

import (
	"bytes"
	"encoding/base64"
	"fmt"
	"io/fs"
	"net/http"
	"net/http/httptest"
	"net/url"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

// canary is a secret that nothing may show.
const canary = "C4n4ry+/t0ken"

// traces are what of it would give it away, in lower case.
func traces() []string {
	return []string{
		"c4n4ry", strings.ToLower(base64.StdEncoding.EncodeToString([]byte("user:" + canary))),
	}
}

// leakyServer answers in many wrong ways, and says everywhere what it was asked.
func leakyServer(t *testing.T) string {
	t.Helper()
	mux := http.NewServeMux()
	asked := func(r *http.Request) string {
		user, password, _ := r.BasicAuth()
		return fmt.Sprintf("%s?%s user=%s password=%s %s %s %s", r.URL.Path, r.URL.RawQuery, user, password,
			r.Header.Get("Authorization"), r.Header.Get("X-Key"), r.Header.Get("Cookie"))
	}
	mux.HandleFunc("/loop", func(w http.ResponseWriter, r *http.Request) {
		http.Redirect(w, r, "/loop?again="+url.QueryEscape(canary), http.StatusFound)
	})
	for name, to := range map[string]string{
		"elsewhere": "http://user:" + url.PathEscape(canary) + "@127.0.0.1:1/x?token=" + url.QueryEscape(canary),
		"scheme":    "ftp://user:" + url.PathEscape(canary) + "@h/?" + canary,
		"malformed": "/%zz?token=" + canary,
		"badport":   "http://user:C4n4ry@h:C4n4ry/",
	} {
		mux.HandleFunc("/"+name, func(w http.ResponseWriter, _ *http.Request) {
			w.Header().Set("Location", to)
			w.WriteHeader(http.StatusFound)
		})
	}
	mux.HandleFunc("/status", func(w http.ResponseWriter, r *http.Request) {
		c, _, err := w.(http.Hijacker).Hijack()
		if err == nil {
			fmt.Fprintf(c, "HTTP/1.1 403 Forbidden %s\r\nContent-Length: 0\r\nConnection: close\r\n\r\n", asked(r))
			_ = c.Close()
		}
	})
	mux.HandleFunc("/kind", func(w http.ResponseWriter, r *http.Request) {
		w.Header().Set("Content-Type", "x/"+asked(r))
		fmt.Fprintln(w, "a 1")
	})
	mux.HandleFunc("/page", func(w http.ResponseWriter, r *http.Request) {
		fmt.Fprintf(w, "%s\n", asked(r))
	})
	mux.HandleFunc("/garbage", func(w http.ResponseWriter, r *http.Request) {
		c, _, err := w.(http.Hijacker).Hijack()
		if err == nil {
			fmt.Fprintf(c, "%s\r\n\r\n", asked(r))
			_ = c.Close()
		}
	})
	mux.HandleFunc("/metrics", func(w http.ResponseWriter, _ *http.Request) { fmt.Fprintln(w, "a 1") })
	srv := httptest.NewServer(mux)
	t.Cleanup(srv.Close)
	return srv.URL
}

// TestSecretsStayOut lets recordings fail, and succeed, in many ways with one
// secret and looks for it in everything that the program prints and writes.
func TestSecretsStayOut(t *testing.T) {
	t.Parallel()
	server := leakyServer(t)
	host := strings.TrimPrefix(server, "http://")
	query, user := "?token="+url.QueryEscape(canary), "user:"+url.PathEscape(canary)+"@"
	type try struct{ url, settings string }
	tries := map[string]try{
		"settings that are no map": {server + "/metrics", canary},
		"bad YAML":                 {server + "/metrics", "params: {a: *" + "C4n4ry}"},
		"bad YAML, quotes":         {server + "/metrics", "basic_auth: {password: \"C4n4ry}"},
		"authorization, a text":    {server + "/metrics", "authorization: " + canary},
		"params, a text":           {server + "/metrics", "params: " + canary},
		"password, a list":         {server + "/metrics", "basic_auth: {username: user, password: [" + canary + "]}"},
		"headers, a text":          {server + "/metrics", "http_headers: {X-Key: " + canary + "}"},
		"proxy, bad port":          {server + "/metrics", "proxy_url: 'http://user:C4n4ry@h:C4n4ry'"},
		"proxy, bad escape":        {server + "/metrics", "proxy_url: 'http://user:C4n4ry%zz@h:1'"},
		"proxy that refuses":       {"http://h/metrics", "proxy_url: 'http://" + user + "127.0.0.1:1'"},
		"oauth2":                   {server + "/page", "oauth2: {client_id: user, client_secret: '" + canary + "', token_url: '" + server + "/page" + query + "'}"},
		"file discovery":           {server + "/metrics", "file_sd_configs: [{files: [targets.json]}]"},
		"static_configs":           {server + "/metrics", "static_configs: [{targets: ['" + user + "h:1']}]"},
		"http discovery":           {server + "/metrics", "http_sd_configs: [{url: '" + server + "/page" + query + "'}]"},
		"job_name":                 {server + "/metrics" + query, "job_name: x"},
	}
	for _, path := range []string{"metrics", "loop", "elsewhere", "scheme", "malformed", "badport", "status", "kind", "page", "garbage"} {
		tries[path+", query"] = try{server + "/" + path + query, ""}
		tries[path+", login"] = try{"http://" + user + host + "/" + path, ""}
		tries[path+", parameter"] = try{server + "/" + path, "params: {token: ['" + canary + "']}"}
		tries[path+", bearer"] = try{server + "/" + path, "authorization: {credentials: '" + canary + "'}"}
		tries[path+", header"] = try{server + "/" + path, "http_headers: {X-Key: {values: ['" + canary + "']}}"}
		tries[path+", secret cookie"] = try{server + "/" + path, "http_headers: {Cookie: {secrets: ['s=" + canary + "; b=c']}}"}
	}
	for name, raw := range map[string]string{
		"refused": "http://" + user + "127.0.0.1:1/x" + query, "no host": "http://" + user + "no.such.host.invalid/x" + query,
		"bad port": "http://user:C4n4ry@h:C4n4ry/x?a=C4n4ry", "port too high": "http://" + user + "127.0.0.1:99999/" + query,
		"bad escape": "http://user:C4n4ry%zz@h/", "slash in password": "http://user:C4n4ry/x@h/", "blank": "http://user:C4n4ry x@h/",
		"question mark in password": "http://user:C4n4ry?x@h/", "scheme": "ftp://" + user + "h/" + query, "no scheme": user + "h/x" + query,
		"only query": "h:1/x" + query, "quote": "http://user:C4n4ry\"x@h/", "line feed": "http://h/\n?C4n4ry", "no value": "http://127.0.0.1:1/?C4n4ry",
		"named": "web=http://" + user + "h:x/" + query, "badly named": "control=http://" + user + "h/" + query, "no host in it": "http://" + user + "/x" + query,
		"https to http": "https://" + user + host + "/metrics" + query, "fragment": "http://127.0.0.1:1/#C4n4ry",
	} {
		tries[name] = try{raw, ""}
	}
	for name, try := range tries {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			dir := t.TempDir()
			args := []string{"import", "prom-url", try.url, "-o", filepath.Join(dir, "rec"), "--interval", "100ms", "--duration", "300ms", "--output", "json"}
			if try.settings != "" {
				settings := filepath.Join(t.TempDir(), "settings.yml")
				targets := filepath.Join(filepath.Dir(settings), "targets.json")
				require.NoError(t, os.WriteFile(targets, fmt.Appendf(nil, `[{"targets": [%q, "127.0.0.1:1?%s"], "labels": {"__param_token": %q}}]`,
					"user:C4n4ry@127.0.0.1:1", canary, canary), 0o600))
				require.NoError(t, os.WriteFile(settings, []byte(strings.ReplaceAll(try.settings, "targets.json", targets)), 0o600))
				args = append(args, "--scrape-config", settings)
			}
			var out, errs bytes.Buffer
			code := run(args, streams{in: strings.NewReader(""), out: &out, err: &errs})
			shown := map[string]string{"standard output": out.String(), "standard error": errs.String()}
			require.NoError(t, filepath.WalkDir(dir, func(path string, d fs.DirEntry, err error) error {
				if err != nil || d.IsDir() {
					return err
				}
				raw, err := os.ReadFile(path)
				shown[path] = string(raw)
				return err
			}))
			for where, text := range shown {
				for _, trace := range traces() {
					assert.NotContains(t, strings.ToLower(text), trace, "%s, exit %d", where, code)
				}
			}
			assert.True(t, code == exitOK || errs.Len() > 0, "a reason is given")
		})
	}
}
