package main

import (
	"cmp"
	"context"
	"fmt"
	"iter"
	"slices"
	"strings"

	"github.com/prometheus/prometheus/model/labels"
	"github.com/prometheus/prometheus/promql/parser"
	"github.com/spf13/cobra"

	"github.com/pcparchive/pcparchive/catalogue"
	"github.com/pcparchive/pcparchive/internal/safetext"
	"github.com/pcparchive/pcparchive/pcp"
)

type listOptions struct {
	match  string
	label  string
	cache  cacheFlags
	output outputFormat
}

func newListCmd(s streams) *cobra.Command {
	var o listOptions
	cmd := &cobra.Command{
		Use:         "list ARCHIVE...",
		Annotations: onlyReads,
		Short:       "List the metrics, labels and series of archives",
		Long: `List what archives describe, without reading their values: the metrics of each host
with their units and help, and the names of the labels.

With --match, list the series that a PromQL selector selects. With --label, list the
values of a label; --match limits them to series that it selects. Names and labels are
those of query and export. Some of the listed series may have no values.

` + archivesHelp + `

list stores the result in the folder of --cache, so that it can list the same archives
faster the next time.`,
		Example: `  pcparchive list rec
  pcparchive list /var/log/pcp/pmlogger --label hostname
  pcparchive list rec --match '{__name__=~"disk_dev_.*", instname="sda"}'
  pcparchive list rec --match kernel_all_load --label instname
  pcparchive list rec --output json | jq -r '.hosts[].metrics[].name'`,
		ValidArgsFunction: completeArchives,
		Args:              nargs(1, -1, "archives"),
		RunE: func(cmd *cobra.Command, args []string) error {
			return runList(cmd.Context(), s, o, args)
		},
	}
	f := cmd.Flags()
	f.StringVar(&o.match, "match", "", "list the series that this PromQL selector selects")
	f.StringVar(&o.label, "label", "", "list the values of this label; __name__ has the names of metrics")
	addCacheFlags(cmd, &o.cache)
	addOutputFlag(cmd, &o.output)
	return cmd
}

// listOutput is what list prints. Its JSON form is an interface.
type listOutput struct {
	Hosts  []listedHost   `json:"hosts"`
	Labels []string       `json:"labels"`
	Values []string       `json:"values,omitzero"`
	Series []listedSeries `json:"series,omitzero"`
	// Uncertain are names whose series only values tell.
	Uncertain []string `json:"uncertain,omitempty"`
}

type listedHost struct {
	Host    string         `json:"host"`
	Metrics []listedMetric `json:"metrics"`
}

type listedMetric struct {
	Name      string   `json:"name"`
	Names     []string `json:"further_names,omitempty"`
	PromQL    string   `json:"promql,omitempty"` // name in PromQL
	PMID      string   `json:"pmid"`
	Type      string   `json:"type"`
	Semantics string   `json:"semantics"`
	Units     string   `json:"units"`
	InDom     string   `json:"indom,omitempty"`
	OneLine   string   `json:"oneline,omitempty"`
	Help      string   `json:"help,omitempty"`
	Series    int      `json:"series"`
}

type listedSeries struct {
	Host   string            `json:"host"`
	Labels map[string]string `json:"labels"`
	text   string
}

func runList(ctx context.Context, s streams, o listOptions, paths []string) error {
	var matchers []*labels.Matcher
	if o.match != "" {
		var err error
		if matchers, err = parser.NewParser(parser.Options{}).ParseMetricSelector(o.match); err != nil {
			return usageError{fmt.Errorf("--match: %w", err)}
		}
	}
	dir := o.cache.open()
	h, err := openHostsFrom(s, paths, dir)
	if err != nil {
		return err
	}
	h.ignoreTail = true
	c := catalogue.New(catalogue.Options{Cache: dir})
	defer func() {
		h.Remember()
		o.cache.reportFaults(s.err, dir)
	}()
	found, series, err := o.find(ctx, c.View(h.Sets()), matchers)
	if err != nil {
		return err
	}
	if err := h.Unusable(); err != nil {
		return err
	}
	list := o.listing(found, series)
	h.explainList(o, list, found)
	if o.output == outputJSON {
		err = writeJSON(s.out, list)
	} else {
		err = o.print(s.out, list)
	}
	return cmp.Or(err, h.reportProblems())
}

// find finds what is asked for. series may be nil, see listing.
func (o listOptions) find(ctx context.Context, v *catalogue.View, matchers []*labels.Matcher) (found *catalogue.Outline, series iter.Seq2[labels.Labels, string], err error) {
	// Text has values or series alone.
	asJSON := o.output == outputJSON
	q := catalogue.Question{Label: o.label, Metrics: asJSON || o.label == "" && o.match == "", Help: asJSON}
	if o.match == "" {
		found, err = v.Outline(ctx, q)
		return found, nil, err
	}
	selected, err := v.Select(ctx, pcp.Timestamp{}, pcp.Timestamp{}, matchers...)
	if err != nil {
		return nil, nil, err
	}
	return selected.Outline(q), selected.Series(), nil
}

// listing collects what is asked for: values, or else series unless they are nil.
func (o listOptions) listing(found *catalogue.Outline, series iter.Seq2[labels.Labels, string]) *listOutput {
	list := &listOutput{Hosts: []listedHost{}, Labels: append([]string{}, found.LabelNames...), Uncertain: found.Unsure}
	for all := found.Metrics; len(all) > 0; {
		host := listedHost{Host: all[0].Host}
		n := slices.IndexFunc(all, func(m catalogue.HostMetric) bool { return m.Host != host.Host })
		if n < 0 {
			n = len(all)
		}
		host.Metrics = make([]listedMetric, n)
		for i, m := range all[:n] {
			host.Metrics[i] = listedMetricOf(m)
		}
		list.Hosts, all = append(list.Hosts, host), all[n:]
	}
	switch {
	case o.label != "":
		list.Values = append([]string{}, found.Values...)
	case series != nil:
		list.Series = []listedSeries{}
		for ls, host := range series {
			list.Series = append(list.Series, listedSeries{host, ls.Map(), seriesText(ls)})
		}
	}
	return list
}

func listedMetricOf(m catalogue.HostMetric) listedMetric {
	d := &m.Desc
	out := listedMetric{
		Name: d.Name(), PromQL: m.Sample, PMID: d.PMID.String(), Type: d.Type.String(), Semantics: d.Sem.String(),
		Units: cmp.Or(d.Units.String(), "none"), OneLine: m.OneLine, Help: m.Help, Series: m.Series,
	}
	if len(d.Names) > 1 {
		out.Names = d.Names[1:]
	}
	if d.InDom != pcp.InDomNull {
		out.InDom = d.InDom.String()
	}
	return out
}

// explainList says why a list is empty, and what it may lack.
func (h *hosts) explainList(o listOptions, list *listOutput, found *catalogue.Outline) {
	note := func(format string, args ...any) {
		fmt.Fprintf(h.s.err, "pcparchive: %s\n", safetext.Line(fmt.Sprintf(format, args...)))
	}
	if len(list.Uncertain) > 0 {
		note("the series of %s are not listed: metrics share the name, or their instances are not described; pcparchive query reads them", someNames(list.Uncertain))
	}
	switch {
	case o.label != "" && len(list.Values) == 0 && found.Series > 0:
		note("no series has the label %s; there are %s", o.label, strings.Join(list.Labels, ", "))
	case o.match != "" && found.Series == 0:
		note("no series matches %s", o.match)
	}
	for _, line := range found.Clashes {
		note("%s", line)
	}
}

// someNames returns the first few names as text.
func someNames(names []string) string {
	const few = 5
	if len(names) <= few {
		return strings.Join(names, ", ")
	}
	return fmt.Sprintf("%s and %s", strings.Join(names[:few], ", "), plural(len(names)-few, "other"))
}
