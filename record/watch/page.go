package watch

import (
	"bytes"
	"embed"
	"html/template"
	"net/http"
	"strings"
	"sync"
	"time"

	"github.com/pcparchive/pcparchive/internal/webpage"

	"github.com/dustin/go-humanize"

	"github.com/pcparchive/pcparchive/internal/diskspace"
	"github.com/pcparchive/pcparchive/internal/safetext"
	"github.com/pcparchive/pcparchive/record"
)

//go:embed page
var pageFiles embed.FS

// page is the page of the targets.
var page = sync.OnceValue(func() *template.Template {
	return template.Must(template.New("targets.html").Funcs(template.FuncMap{
		"ago": func(t time.Time) string {
			if t.IsZero() {
				return "never"
			}
			return time.Since(t).Round(100*time.Millisecond).String() + " ago"
		},
		"time":  func(t time.Time) string { return t.UTC().Format("2006-01-02 15:04:05 UTC") },
		"count": func(n int64) string { return humanize.Comma(n) },
		"bytes": func(n int64) string { return humanize.IBytes(uint64(max(n, 0))) },
		"brief": func(seconds float64) string {
			return time.Duration(seconds * float64(time.Second)).Round(time.Microsecond).String()
		},
		"line": safetext.Line,
	}).ParseFS(pageFiles, "page/targets.html"))
})

// mostRows is the number of targets that the page shows.
const mostRows = 2000

// pageData holds the contents of the page.
type pageData struct {
	Version, Dir string
	Began, Taken time.Time
	Stats        record.Stats
	Archives     int
	Free         int64 // bytes of the disk; negative if not known
	ReloadFailed bool
	Losses       []lossRow
	Jobs         []jobRows
	Up, Down     int // targets
	Unknown      int
	More         int  // targets left out
	OnlyDown     bool // the page shows targets that are not up
}

type jobRows struct {
	Name    string
	Up, All int
	Rows    []activeTarget
}

type lossRow struct {
	Reason string
	Count  int64
}

// targetsPage shows the targets, or their JSON to clients that ask for it.
func (s *Server) targetsPage(w http.ResponseWriter, r *http.Request) {
	if r.URL.Query().Get("format") == "json" || strings.Contains(r.Header.Get("Accept"), "application/json") {
		s.targetsJSON(w, r)
		return
	}
	var out bytes.Buffer
	if err := page().Execute(&out, s.pageData(r.URL.Query().Get("health") == "down")); err != nil {
		webpage.Plain(w, http.StatusInternalServerError, "the page cannot be made: "+err.Error())
		return
	}
	w.Header().Set("Content-Type", "text/html; charset=utf-8")
	w.Header().Set("Cache-Control", "no-store")
	_, _ = w.Write(out.Bytes()) // fails if the client has left
}

func (s *Server) pageData(onlyDown bool) *pageData {
	d := &pageData{
		Version: s.o.Version, Dir: s.o.Dir, Began: s.began, Taken: time.Now(), Stats: s.o.Recorder.Stats(),
		Archives: len(s.o.Recorder.Archives()), Free: -1, OnlyDown: onlyDown,
	}
	if _, free, ok := diskspace.Of(s.o.Dir); ok {
		d.Free = free
	}
	_, _, good, _ := s.o.Recorder.Reloaded()
	d.ReloadFailed = !good
	for reason, n := range s.losses() {
		d.Losses = append(d.Losses, lossRow{reason, n})
	}
	rows := 0
	for _, t := range s.active("") {
		if len(d.Jobs) == 0 || d.Jobs[len(d.Jobs)-1].Name != t.ScrapePool {
			d.Jobs = append(d.Jobs, jobRows{Name: t.ScrapePool})
		}
		job := &d.Jobs[len(d.Jobs)-1]
		job.All++
		switch t.Health {
		case "up":
			d.Up++
			job.Up++
		case "down":
			d.Down++
		default:
			d.Unknown++
		}
		if onlyDown && t.Health == "up" {
			continue
		}
		if rows++; rows > mostRows {
			d.More++
			continue
		}
		job.Rows = append(job.Rows, t)
	}
	return d
}

// styleSheet replies with the style of the page.
func styleSheet(w http.ResponseWriter, r *http.Request) {
	http.ServeFileFS(w, r, pageFiles, "page/targets.css")
}
