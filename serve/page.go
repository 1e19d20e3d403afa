package serve

import (
	"bytes"
	"embed"
	"fmt"
	"html/template"
	"net/http"
	"time"

	"github.com/pcparchive/pcparchive/internal/webpage"

	"github.com/dustin/go-humanize"
)

//go:embed page
var pageFiles embed.FS

// page is the status page.
var page = template.Must(template.New("status.html").Funcs(template.FuncMap{
	"time": pageTime, "length": pageLength, "count": func(n int) string { return humanize.Comma(int64(n)) },
	"bytes": func(n int64) string { return humanize.IBytes(uint64(max(n, 0))) },
	"milli": func(ms int64) time.Time { return time.UnixMilli(ms).UTC() },
	"brief": func(d time.Duration) time.Duration { return d.Round(time.Millisecond) },
}).ParseFS(pageFiles, "page/status.html"))

// pageTime formats a time for the page.
func pageTime(t time.Time) string { return t.UTC().Format("2006-01-02 15:04:05 UTC") }

// pageLength formats the length of a window.
func pageLength(w Window) string {
	d := w.Duration().Round(time.Second)
	if days := int(d.Hours() / 24); days > 0 {
		return fmt.Sprintf("%dd %s", days, d-time.Duration(days)*24*time.Hour)
	}
	return d.String()
}

// mostRows is the number of rows of each table of the page.
const mostRows = 1000

// pageData holds the contents of the status page.
type pageData struct {
	Summary
	Version   string
	Origin    string // the server's address as the browser knows it
	Range     string // the window for Grafana
	Taken     time.Time
	Age       time.Duration
	Rescan    time.Duration // negative: never
	Moved     bool          // times are not those of the recording
	Replay    float64
	MoreRows  int // hosts left out
	MoreBad   int // damage left out
	Cache     *cacheData
	Rules     *RulesSummary // nil without rule files
	MoreRules int           // rules left out
}

// cacheData describes the cache.
type cacheData struct {
	Path    string
	Entries int
	Bytes   int64
	Fault   error
	Damage  []error
}

// cache describes the cache. It returns nil without a cache.
func (s *Server) cache() *cacheData {
	dir := s.opts.Cache
	if dir == nil {
		return nil
	}
	c := &cacheData{Path: dir.Path(), Fault: dir.Fault(), Damage: append(s.opts.Query.Columns.Damage(), s.opts.Query.Catalogue.Problems()...)}
	c.Entries, c.Bytes = dir.Usage()
	return c
}

// statusPage shows hosts, times, rules, damage and example queries.
func (s *Server) statusPage(w http.ResponseWriter, r *http.Request) {
	st, clock, release := s.states.acquire()
	defer release()
	d := pageData{Summary: s.Summary(), Version: s.opts.Version, Taken: st.taken, Rescan: s.opts.Rescan, Moved: clock != nil, Replay: s.opts.Replay, Cache: s.cache()}
	d.Rules = s.ruler.summary(clock.At(s.opts.now()))
	if d.Rules != nil && len(d.Rules.Rules) > mostRows {
		d.MoreRules = len(d.Rules.Rules) - mostRows
		d.Rules.Rules = d.Rules.Rules[:mostRows]
	}
	d.Age = s.opts.now().Sub(st.taken).Round(time.Second)
	d.Origin = s.scheme + "://" + r.Host
	if !d.Window.IsZero() {
		d.Range = GrafanaRange(d.Window.recent())
	}
	if n := len(d.Hosts); n > mostRows {
		d.Hosts, d.MoreRows = d.Hosts[:mostRows], n-mostRows
	}
	if n := len(d.Damage); n > mostRows {
		d.Damage, d.MoreBad = d.Damage[:mostRows], n-mostRows
	}
	var text bytes.Buffer
	if err := page.Execute(&text, d); err != nil {
		s.log.Error("the status page cannot be made", "err", err)
		webpage.Plain(w, http.StatusInternalServerError, "the status page cannot be made")
		return
	}
	w.Header().Set("Content-Type", "text/html; charset=utf-8")
	w.Header().Set("Cache-Control", "no-store")
	_, _ = w.Write(text.Bytes()) // fails if the client has left
}
