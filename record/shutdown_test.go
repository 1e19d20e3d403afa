package record_test

import (
	"fmt"
	"net/http"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/pcparchive/pcparchive/record"
)

// A scrape that is under way when the recording ends is recorded, although half of its page
// comes later.
func TestLastPage(t *testing.T) {
	for _, per := range record.Layouts {
		t.Run(string(per), func(t *testing.T) {
			t.Parallel()
			asked, rest := make(chan struct{}), make(chan struct{})
			e := serve(t, "")
			e.Config.Handler = http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
				w.Header().Set("Content-Type", "text/plain; version=0.0.4")
				_, _ = fmt.Fprint(w, "x ")
				_ = http.NewResponseController(w).Flush()
				close(asked)
				<-rest
				_, _ = fmt.Fprintln(w, 7)
			})
			s := configure(t, "global: {scrape_interval: 1m, scrape_timeout: 1m}\nscrape_configs: [{job_name: node, static_configs: [{targets: ['"+e.address()+"']}]}]\n")
			s.start(func(o *record.Options) { o.Per = per })
			<-asked
			time.AfterFunc(200*time.Millisecond, func() { close(rest) })
			s.stop()
			all := s.checked()
			require.Len(t, all, 1)
			metric := "openmetrics.node.x"
			if per != record.PerTarget {
				metric = "openmetrics.node_" + strings.NewReplacer(".", "_", ":", "_").Replace(e.address()) + ".x"
			}
			values, _, _ := read(t, all[0], metric)
			assert.Equal(t, map[string][]float64{"": {7}}, values)
		})
	}
}
