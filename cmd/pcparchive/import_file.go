package main

import (
	"bufio"
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"time"

	"github.com/spf13/cobra"

	"github.com/pcparchive/pcparchive/convert/expo"
	"github.com/pcparchive/pcparchive/convert/native"
	"github.com/pcparchive/pcparchive/convert/prom"
	"github.com/pcparchive/pcparchive/ingest"
	"github.com/pcparchive/pcparchive/internal/decomp"
)

type importFileOptions struct {
	sampleOptions
	pageOptions
}

func newImportFileCmd(s streams) *cobra.Command {
	var o importFileOptions
	cmd := &cobra.Command{
		Use:   "prom-file FILE|DIR|-... -o ARCHIVE",
		Short: "Turn exposition pages and dumps into an archive",
		Long: `Turn pages in Prometheus' text format or OpenMetrics into an archive: snapshots,
whose samples get the time at which the file was last changed, and dumps of many
times such as 'promtool tsdb create-blocks-from openmetrics' reads, of any size
and in any order of time. A folder means the *.prom, *.txt and *.om files in it.
Files may be compressed.

The format is told from what only one of them has: '# EOF', units, types,
exemplars, times with fractions. Whole times are milliseconds in the text format
and seconds in OpenMetrics; where they would be in the wrong century, or nothing
tells the format, say --format. Lines and files that cannot be read are named, the
rest is read, and the exit status is 4.

Pages of pmproxy and pcp2openmetrics, and of 'pcparchive export prom', say with
'# PCP5' lines which metrics of PCP their samples are. Those come back with name,
number, type, semantics, units and instances.

` + samplesHelp,
		Example: `  curl -s http://localhost:9100/metrics | pcparchive import prom-file - -o rec
  pcparchive import prom-file dump.om.zst -o rec
  pcparchive import from prom-file dump.om.zst -o rec
  pcparchive import prom-file scrapes/ -o hosts --split-by instance
  pcparchive import prom-file page.prom -o rec --time 2026-01-02T03:04:05Z --format text`,
		Args: nargs(1, -1, "at least one file, folder or -"),
		RunE: func(cmd *cobra.Command, args []string) error { return runImportFile(cmd.Context(), s, o, args) },
	}
	o.sampleOptions.add(cmd, "")
	o.pageOptions.add(cmd)
	return cmd
}

func runImportFile(ctx context.Context, s streams, o importFileOptions, args []string) error {
	report := &prom.Report{}
	o.pageOptions.zones = o.sampleOptions.zones
	in, err := openPages(s, o.pageOptions, args, report)
	if err != nil {
		return err
	}
	return importSamples(ctx, s, o.sampleOptions, in, report)
}

// pageOptions say how exposition text is read.
type pageOptions struct {
	format string
	at     string
	zones  zoneFlags
}

func (o *pageOptions) add(cmd *cobra.Command) {
	f := cmd.Flags()
	f.StringVar(&o.format, "format", "auto", "auto, text or openmetrics")
	f.StringVar(&o.at, "time", "", "time of samples without one, such as '2026-03-07 14:30', yesterday 14:30 or in RFC 3339; default: the file's, of standard input now")
	completeFlag(cmd, "format", "auto", expo.Text.String(), expo.OpenMetrics.String())
}

// time reads --time, of which what is missing comes from the current date.
func (o *pageOptions) time(now time.Time) (time.Time, error) {
	now = now.In(o.zones.or(time.UTC))
	today := time.Date(now.Year(), now.Month(), now.Day(), 0, 0, 0, 0, now.Location())
	t, err := parseTime(o.at, zoned{tsdbSpan{today.UnixMilli(), now.UnixMilli()}, now.Location()})
	if err != nil {
		return now, usageError{fmt.Errorf("--time %q: want a time such as 2026-01-02T03:04:05Z or yesterday 14:30; see 'pcparchive help times'", o.at)}
	}
	return t.Time(), nil
}

// openPages returns what files of exposition text hold.
func openPages(s streams, o pageOptions, args []string, report *prom.Report) (*sampleInput, error) {
	damages := &damageLog{s: s}
	read := expo.ReadOptions{Report: report, Damaged: func(err error) { damages.add(pageAdvice(err)) }}
	if o.format != "auto" {
		read.Format = new(expo.Format)
		if err := read.Format.Set(o.format); err != nil {
			return nil, usageError{fmt.Errorf("--%w, or auto", err)}
		}
	}
	files, err := statInputs(args, ".prom", ".txt", ".om")
	if err != nil {
		return nil, err
	}
	if o.at != "" {
		at, err := o.time(time.Now())
		if err != nil {
			return nil, err
		}
		for i := range files {
			files[i].time = at
		}
	}
	way := newInputProgress(s, files)
	inputs := make([]expo.Input, len(files))
	for i, f := range files {
		inputs[i] = expo.Input{Name: f.name, Time: f.time, Open: func() (io.ReadCloser, error) { return way.open(f) }}
	}
	reader := expo.NewReader(inputs, read)
	return &sampleInput{
		Source: ingest.Source{
			SampleSource: reader, KeepFirst: true,
			Natives:       func(host string) native.Resolver { return reader.Natives(host) },
			ContextLabels: reader.ContextLabels, Host: reader.Host, OfEndpoint: reader.OfEndpoint,
		},
		done: way.clear, damages: damages,
	}, nil
}

// pageAdvice adds to a page's fault what can be done.
func pageAdvice(err error) error {
	if errors.Is(err, expo.ErrAmbiguous) {
		return fmt.Errorf("%w; --format text or --format openmetrics decides", err)
	}
	return err
}

// inputProgress shows how far the reading of files is.
type inputProgress struct {
	byteProgress
	in io.Reader
}

func newInputProgress(s streams, files []fileInput) *inputProgress {
	var total int64
	for _, f := range files {
		if total += f.size; f.size < 0 {
			total = -1
			break
		}
	}
	return &inputProgress{newByteProgress(s, total), s.in}
}

// open opens a file, which may be compressed, or standard input or a pipe, which
// may not.
func (p *inputProgress) open(f fileInput) (io.ReadCloser, error) {
	if f.size < 0 {
		return p.stream(f.name, io.NopCloser(p.in))
	}
	file, err := os.Open(f.name)
	if err != nil {
		return nil, err
	}
	if info, err := file.Stat(); err == nil && !info.Mode().IsRegular() {
		return p.stream(f.name, file)
	}
	head := make([]byte, 16)
	n, err := file.ReadAt(head, 0)
	if err != nil && !errors.Is(err, io.EOF) {
		return nil, errors.Join(err, file.Close())
	}
	if decomp.Detect(head[:n]) == decomp.Plain {
		return &plainInput{file, p.byteProgress}, nil
	}
	packed, err := decomp.Open(countingReaderAt{file, p.byteProgress}, decomp.ID{Name: f.name, Size: f.size, ModTime: f.time}, decomp.Limits{}, decomp.NewCache(0))
	if err != nil {
		return nil, errors.Join(fmt.Errorf("%s: %w", f.name, err), file.Close())
	}
	r := packed.NewReader(0)
	return &packedInput{r, func() error { return errors.Join(r.Close(), file.Close()) }}, nil
}

// stream opens what can be read once.
func (p *inputProgress) stream(name string, in io.ReadCloser) (io.ReadCloser, error) {
	r := bufio.NewReader(p.reader(in))
	head, _ := r.Peek(16) // reading it will tell
	if format := decomp.Detect(head); format != decomp.Plain {
		return nil, errors.Join(fmt.Errorf("%s: compressed with %v, which only a file may be; decompress it on the way", name, format), in.Close())
	}
	return &streamInput{r, in}, nil
}

// streamInput is what can be read once.
type streamInput struct {
	io.Reader
	io.Closer
}

// plainInput is a file as it is, which can seek.
type plainInput struct {
	*os.File
	way byteProgress
}

// Read reads and counts.
func (p *plainInput) Read(b []byte) (int, error) {
	n, err := p.File.Read(b)
	p.way.add(n)
	return n, err
}

// packedInput is what a compressed file holds.
type packedInput struct {
	io.Reader
	close func() error
}

// Close closes the file, too.
func (p *packedInput) Close() error { return p.close() }

// countingReaderAt counts what is read of a compressed file, each byte about
// once.
type countingReaderAt struct {
	io.ReaderAt
	way byteProgress
}

// ReadAt reads and counts.
func (c countingReaderAt) ReadAt(b []byte, off int64) (int, error) {
	n, err := c.ReaderAt.ReadAt(b, off)
	c.way.add(n)
	return n, err
}
