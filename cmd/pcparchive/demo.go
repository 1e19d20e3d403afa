package main

import (
	"context"
	"errors"
	"fmt"
	"net"
	"net/http"
	"os"
	"path/filepath"
	"strings"
	"time"

	"github.com/spf13/cobra"

	"github.com/pcparchive/pcparchive/convert/flatten"
	"github.com/pcparchive/pcparchive/convert/prom"
	"github.com/pcparchive/pcparchive/convert/tsdb/write"
	"github.com/pcparchive/pcparchive/pcp"
	"github.com/pcparchive/pcparchive/serve"
	"github.com/pcparchive/pcparchive/store"
)

type demoOptions struct {
	dir      string
	duration time.Duration
	interval time.Duration
	serve    bool
	listen   string
}

func newDemoCmd(s streams) *cobra.Command {
	var o demoOptions
	cmd := &cobra.Command{
		Use:   "demo",
		Short: "Record, inspect, export and query a made-up workload",
		Long: `Serve this program's own metrics and a small made-up workload on the loopback
interface, record them for ten seconds, then show the labels, write a Prometheus
block and run a query. demo needs no other program. It leaves its files, so that you can
try the other commands on them. With --serve it then serves the archive to Grafana and
other clients, until you interrupt it.`,
		Example: "  pcparchive demo\n  pcparchive demo -o /tmp/try --duration 1m\n  pcparchive demo --serve",
		Args:    nargs(0, 0, "no arguments"),
		RunE:    func(cmd *cobra.Command, _ []string) error { return runDemo(cmd.Context(), s, o) },
	}
	f := cmd.Flags()
	f.StringVarP(&o.dir, "dir", "o", "", "folder for the files; default: a new temporary folder")
	durationVar(f, &o.duration, "duration", 10*time.Second, "how long to record")
	durationVar(f, &o.interval, "interval", time.Second, "time between scrapes")
	f.BoolVar(&o.serve, "serve", false, "then serve the archive, as 'pcparchive serve' does, until an interrupt")
	f.StringVar(&o.listen, "listen", serve.DefaultListen, "`address` to listen on with --serve")
	return cmd
}

func runDemo(ctx context.Context, s streams, o demoOptions) error {
	dir, err := demoDir(o.dir)
	if err != nil {
		return err
	}
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		return err
	}
	load := newWorkload()
	server := &http.Server{Handler: load.handler(), ReadHeaderTimeout: 5 * time.Second}
	go func() { _ = server.Serve(listener) }()
	defer server.Close()
	ctx, cancel := context.WithCancel(ctx)
	defer cancel()
	go load.run(ctx)

	d := demo{streams: s, dir: dir, base: filepath.Join(dir, "rec"), url: "http://" + listener.Addr().String() + "/metrics"}
	for _, step := range []func(context.Context, demoOptions) error{d.record, d.info, d.labels, d.export, d.query} {
		if err := step(ctx, o); err != nil {
			return err
		}
	}
	d.title("Files")
	fmt.Fprintf(s.out, "%s.meta, .index, .0   the archive\n%s   the Prometheus blocks\n", d.base, filepath.Join(dir, "data"))
	fmt.Fprintf(s.out, "\nTry:\n  pmval -a %s openmetrics.demo.demo_queue_length   (with PCP installed)\n", d.base)
	fmt.Fprintf(s.out, "  prometheus --config.file=/dev/null --storage.tsdb.path=%s --storage.tsdb.retention.time=100y\n", filepath.Join(dir, "data"))
	if !o.serve {
		fmt.Fprintf(s.out, "  pcparchive serve %s\n", d.base)
		return nil
	}
	d.title("A server, until you interrupt it")
	d.command("serve", d.base, "--listen", o.listen)
	return runServe(ctx, s, demoServer(o.listen), []string{d.base})
}

// demoServer returns the options of the demo's server: the defaults of serve, apart from
// the address, and without a cache.
func demoServer(address string) (o serveOptions) {
	addServeFlags(new(cobra.Command), &o)
	o.Listen, o.logLevel, o.cache.dir = []string{address}, "warn", cacheOff
	return o
}

// demoDir makes the folder for the demo's files.
func demoDir(dir string) (string, error) {
	if dir == "" {
		return os.MkdirTemp("", "pcparchive-demo-")
	}
	return dir, os.MkdirAll(dir, 0o755)
}

// demo runs the steps through the commands' own functions and shows what a user
// would have typed.
type demo struct {
	streams
	dir, base, url string
}

func (d demo) title(text string) { fmt.Fprintf(d.out, "\n== %s\n", text) }

func (d demo) command(args ...string) {
	for i, a := range args {
		if strings.ContainsAny(a, " {}()[]\"") {
			args[i] = "'" + a + "'"
		}
	}
	fmt.Fprintf(d.out, "$ pcparchive %s\n", strings.Join(args, " "))
}

func (d demo) record(ctx context.Context, o demoOptions) error {
	d.title("Recording " + d.url)
	d.command("import", "prom-url", "demo="+d.url, "-o", d.base, "--interval", o.interval.String(), "--duration", o.duration.String())
	return runRecord(ctx, d.streams, recordOptions{
		out: d.base, output: outputText, interval: o.interval, duration: o.duration, bodyLimit: "256MiB", version: pcp.V3,
	}, []string{"demo=" + d.url})
}

func (d demo) info(context.Context, demoOptions) error {
	d.title("What is in the archive")
	d.command("info", d.base)
	return runInfo(d.streams, infoOptions{auto: true, output: outputText}, []string{d.base})
}

func (d demo) labels(context.Context, demoOptions) error {
	d.title("The labels of one metric, level by level")
	d.command("labels", "dump", d.base, "--metric", "openmetrics.demo.demo_requests_total", "--at", "end")
	return runLabelsDump(d.streams, labelsOptions{
		metric: "openmetrics.demo.demo_requests_total", at: "end", output: outputText,
	}, []string{d.base})
}

func (d demo) export(ctx context.Context, _ demoOptions) error {
	data := filepath.Join(d.dir, "data")
	d.title("A Prometheus block")
	d.command("export", "tsdb", d.base, "-o", data)
	hosts, err := store.Open([]string{d.base}, nil)
	if err != nil {
		return err
	}
	report := &prom.Report{}
	blocks, err := write.NewBlocks(data, write.Options{BlockRange: write.DefaultBlockRange, Report: report})
	if err != nil {
		return err
	}
	src := &flatten.Source{Sets: hosts.Sets(), Options: flatten.Options{TargetLabels: true, Report: report}}
	if err := errors.Join(prom.Copy(ctx, blocks, src), blocks.Close()); err != nil {
		return err
	}
	out := newBlocksOutput(blocks, report)
	for _, b := range out.Blocks {
		out.printBlock(d.out, b)
	}
	return nil
}

func (d demo) query(ctx context.Context, _ demoOptions) error {
	const expr = `sum by (code) (rate(demo_requests_total[5s]))`
	d.title("A query")
	d.command("query", expr, d.base)
	return runQuery(ctx, d.streams, queryOptions{at: "end", output: outputText}, expr, []string{d.base})
}
