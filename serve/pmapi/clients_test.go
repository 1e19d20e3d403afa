package pmapi_test

import (
	"fmt"
	"net/http"
	"path/filepath"
	"strconv"
	"sync"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"

	"github.com/pcparchive/pcparchive/serve/pmapi"
)

// TestManyClients has 200 clients and more contexts than there may be.
func TestManyClients(t *testing.T) {
	dir := t.TempDir()
	write(t, filepath.Join(dir, "web1"), "web1", 3)
	s := serveDir(t, dir, pmapi.Options{MaxContexts: 1000})
	var wg sync.WaitGroup
	for client := range 200 {
		wg.Go(func() {
			id := s.open("polltimeout=3600")
			for i := range 10 {
				for _, path := range []string{
					"/fetch?names=kernel.all.load,kernel.all.uptime", "/metric?prefix=kernel", "/profile?expr=add&name=kernel.all.load&instance=5",
					fmt.Sprintf("/fetch?name=kernel.all.load&time=%d", base+1+i%4), "/children?prefix=kernel", "/indom?indom=60.2", "/metrics",
				} {
					if w := s.send(http.MethodGet, id+path, ""); w.Code != http.StatusOK {
						assert.Contains(t, w.Body.String(), "unknown context identifier", "%s", path)
					}
				}
				s.send(http.MethodGet, fmt.Sprintf("fetch?name=test.ratio&client=%d", client), "")
			}
		})
	}
	wg.Wait()
	assert.Equal(t, 1000, s.Contexts())
}

// TestVector sends what grafana-pcp's Vector data source sends, in its order.
func TestVector(t *testing.T) {
	s := web1(t)
	id := s.open("hostspec=pcp%3A%2F%2F127.0.0.1%3A44321&polltimeout=30")
	for _, step := range []struct{ path, want string }{
		{"metric?names=kernel.all.load", `"sem":"instant"`},
		{"metric?names=kernel.all.uptime", `"units":"sec"`},
		{"indom?name=kernel.all.load", `"instances":[{"instance":1,`},
		{"fetch?names=kernel.all.load,kernel.all.uptime", `"timestamp":1700000002.034928020`},
		{"indom?name=kernel.all.uptime", "metric has null indom"},
		{"metric?names=no.such", "Unknown metric name"},
		{"derive?name=derived_1&expr=rate(kernel.all.uptime)%2F2", `"success":true`},
		{"metric?names=derived_1", `"sem":"instant"`},
		{"fetch?names=kernel.all.load,derived_1", `"value":0.5`},
		{"derive?name=derived_1&expr=rate(kernel.all.uptime)%2F2", "Duplicate per-context derived metric name"},
		{"derive?name=derived_2&expr=rate(", "Syntax Error"},
		{"derive?name=derived_2&expr=kernel.uname.release%2B1", "Semantic Error"},
		{"store?name=pmcd.client.container&value=x", "failed to lookup metric"},
		{"store?name=test.ratio&value=x", "No permission to perform requested operation"},
		{"children?prefix=", `"nonleaf":["kernel","system","test"]`},
		{"children?prefix=kernel.all", `"leaf":["load","uptime"]`},
	} {
		w := s.send(http.MethodGet, id+"/"+step.path, "")
		assert.Contains(t, w.Body.String(), step.want, step.path)
		assert.Less(t, w.Code, http.StatusInternalServerError)
	}
	s.pass(31 * time.Second)
	assert.Contains(t, s.send(http.MethodGet, id+"/fetch?names=kernel.all.load", "").Body.String(), "unknown context identifier", "the client opens a new one")
}

// TestManyContexts opens more contexts than there may be, and gives them profiles and derived
// metrics until there is no memory left for more.
func TestManyContexts(t *testing.T) {
	s := web1(t)
	var wg sync.WaitGroup
	for range 200 {
		wg.Go(func() {
			for range 60 {
				s.open("polltimeout=3600")
			}
		})
	}
	wg.Wait()
	assert.Equal(t, pmapi.DefaultMaxContexts, s.Contexts())
	body := "expr=add&indom=60.2&instance=1"
	for i := range 50_000 {
		body += "," + strconv.Itoa(i)
	}
	granted, refused := 0, ""
	for refused == "" && granted < 100 {
		s.pass(time.Millisecond)
		w := s.send(http.MethodPost, s.open("polltimeout=3600")+"/profile", body)
		if granted++; w.Code != http.StatusOK {
			refused = w.Body.String()
		}
	}
	assert.Contains(t, refused, "take too much memory")
	assert.Less(t, granted, 40)
	s.pass(2 * time.Hour)
	id := s.open("")
	assert.Contains(t, s.send(http.MethodGet, id+"/derive?name=x.y&expr=kernel.all.load", "").Body.String(), `"success":true`, "contexts that expire make room")
}
