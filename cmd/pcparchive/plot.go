package main

import (
	"bytes"
	"cmp"
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"time"

	"github.com/spf13/cobra"

	"github.com/pcparchive/pcparchive/internal/chart"
	"github.com/pcparchive/pcparchive/query"
	"github.com/pcparchive/pcparchive/store"
)

type plotOptions struct {
	values        valuesOptions
	cache         cacheFlags
	file          string
	output        outputFormat
	width, height int
}

func newPlotCmd(s streams) *cobra.Command {
	var o plotOptions
	cmd := &cobra.Command{
		Use:         "plot METRIC[INSTANCE,...]|:SET|EXPR ARCHIVE...",
		Annotations: onlyReads,
		Short:       "Draw values over time: in the terminal, as SVG, PNG or a page",
		Long: `Draw a metric, a subtree such as disk.dev.read, a set of pmrep or a PromQL expression
over time. The operand is a metric if an archive has one of that name, or if it can be
derived, and PromQL otherwise. Counters are rates per second unless --rate is off.

` + archivesHelp + `

Text is drawn with Unicode characters, in colour on a terminal unless NO_COLOR is set.
--output svg, png and html are pictures: of white paper, with axes, units, a legend and
the marks at which recording stopped and started again. Lines end at marks and where
values are missing. An HTML page needs no other file and shows the values under the
pointer. -o gives the file, whose name says the format.`,
		Example: `  pcparchive plot 'kernel.all.load[1 minute]' rec
  pcparchive plot disk.dev.read_bytes rec --units Mbyte/sec --start end-1h
  pcparchive plot 'sum by (mode) (rate(node_cpu_seconds_total[1m]))' rec --step 1m
  pcparchive plot 'kernel.all.cpu.user' /var/log/pcp/pmlogger/web1 -o cpu.png
  pcparchive plot :vmstat rec -o vmstat.html`,
		ValidArgsFunction: completeArchivesFrom(1),
		Args:              nargs(2, -1, "a metric or an expression, and archives"),
		RunE: func(cmd *cobra.Command, args []string) error {
			if !cmd.Flags().Changed("output") {
				o.output = cmp.Or(pictureOf(o.file), o.output)
			}
			return runPlot(cmd.Context(), s, o, args[0], args[1:])
		},
	}
	f := cmd.Flags()
	f.StringVarP(&o.values.start, "start", "S", "start", "start of the window: "+timeHelp)
	f.StringVarP(&o.values.end, "end", "T", "end", "end of the window")
	f.VarP((*durationValue)(&o.values.step), "step", "t", "time between values; 0: the times of the records, or a hundredth of the window for PromQL")
	f.StringVar(&o.values.rate, "rate", "auto", "auto: counters as rates; off: counters as recorded")
	f.StringSliceVar(&o.values.units, "units", nil, "units of the values with the same dimension, such as Mbyte or Kbyte/sec; may be repeated")
	f.IntVar(&o.width, "width", 0, "width: characters of text, or pixels; 0: the terminal's, or 1000 pixels")
	f.IntVar(&o.height, "height", 0, "height: lines of text, or pixels; 0: 20 lines, or 420 pixels and the legend")
	f.StringVarP(&o.file, "output-file", "o", "", "write to this file instead of standard output")
	o.values.metrics.add(f)
	addZoneFlags(cmd, &o.values.zones, usualHost)
	addCacheFlags(cmd, &o.cache)
	addFormatFlag(cmd, &o.output, "text, or a picture: svg, png or html", outputText, outputSVG, outputPNG, outputHTML)
	completeFlag(cmd, "rate", "auto", "off")
	return cmd
}

// pictureOf returns the format that the name of a file says, "" if it says none.
func pictureOf(file string) outputFormat {
	format := outputFormat(strings.TrimPrefix(strings.ToLower(filepath.Ext(file)), "."))
	if slices.Contains([]outputFormat{outputSVG, outputPNG, outputHTML}, format) {
		return format
	}
	if format == "htm" {
		return outputHTML
	}
	return ""
}

// check rejects wrong flags.
func (o *plotOptions) check(s streams) error {
	const most = 20_000
	switch {
	case o.width < 0 || o.width > most || o.height < 0 || o.height > most:
		return fmt.Errorf("--width %d --height %d: want at most %d", o.width, o.height, most)
	case o.output == outputPNG && o.file == "" && columnsOf(s.out) > 0:
		return errors.New("--output png writes a file: name it with -o, as in -o plot.png")
	}
	return o.values.check()
}

func runPlot(ctx context.Context, s streams, o plotOptions, expr string, paths []string) error {
	if err := o.check(s); err != nil {
		return usageError{err}
	}
	dir := o.cache.open()
	h, err := openHostsFrom(s, paths, dir)
	if err != nil && !store.Exists(paths[0]) && store.Exists(expr) {
		return usageError{fmt.Errorf("%w; the metric or expression comes first: pcparchive plot %s %s", err, paths[0], expr)}
	}
	if err != nil {
		return err
	}
	h.zones = o.values.zones
	p := &plotter{plotOptions: o, ctx: ctx, hosts: h, expr: expr, chart: &chart.Chart{Title: expr, Zone: h.Location()}}
	if err := p.read(dir); err != nil {
		return cmp.Or(h.Unusable(), err)
	}
	if p.leftOut > 0 {
		fmt.Fprintf(s.err, "%d more series left out; choose instances in brackets, or fewer metrics\n", p.leftOut)
	}
	p.chart.Title += " of " + p.hostNames()
	err = p.write(s)
	if errors.Is(err, chart.ErrEmpty) {
		p.explain()
		err = fmt.Errorf("%s: %w", expr, err)
	}
	return cmp.Or(err, h.reportProblems())
}

// hostNames returns the names of the hosts for the title.
func (p *plotter) hostNames() string {
	sets := p.hosts.Sets()
	if len(sets) > 2 {
		return fmt.Sprintf("%d hosts", len(sets))
	}
	names := []string{sets[0].Host()}
	if len(sets) == 2 {
		names = append(names, sets[1].Host())
	}
	return strings.Join(names, " and ")
}

// write draws the chart into the file, or onto standard output.
func (p *plotter) write(s streams) error {
	if p.file == "" {
		out := s.out
		if r, ok := out.(*resultWriter); ok { // names are escaped, and colours are wanted
			out = exactWriter{r}
		}
		return p.draw(out, columnsOf(s.out))
	}
	var picture bytes.Buffer
	if err := p.draw(&picture, 0); err != nil {
		return err
	}
	return os.WriteFile(p.file, picture.Bytes(), 0o666)
}

// usualHeight is the height of text.
const usualHeight = 20

// draw draws the chart. columns is the width of the terminal, 0 if there is none.
func (p *plotter) draw(w io.Writer, columns int) error {
	if p.output == outputText {
		return p.chart.WriteText(w, chart.Text{
			Width: cmp.Or(p.width, columns, 100), Height: cmp.Or(p.height, usualHeight), Color: columns > 0 && os.Getenv("NO_COLOR") == "",
		})
	}
	size := chart.Picture{Width: cmp.Or(p.width, 1000), Height: cmp.Or(p.height, 420+18*len(p.chart.Series))}
	switch p.output {
	case outputPNG:
		return p.chart.WritePNG(w, size)
	case outputHTML:
		return p.chart.WriteHTML(w, size)
	}
	return p.chart.WriteSVG(w, size)
}

// window sets the times at the edges of the chart.
func (p *plotter) window() error {
	from, to, err := parseRange(p.values.start, p.values.end, p.values.zones.over(p.hosts))
	p.chart.From, p.chart.To = from.Time(), to.Time()
	return err
}

// isPromQL reports whether the operand is an expression.
func (p *plotter) isPromQL() bool {
	_, err := query.Parse(p.expr)
	return err == nil
}

// stepOf returns the step of a range for PromQL.
func (p *plotter) stepOf() time.Duration {
	return cmp.Or(p.values.step, max(p.chart.To.Sub(p.chart.From)/200, time.Second).Round(time.Second))
}
