package overview

import (
	"cmp"
	_ "embed" // for rules.yml
	"errors"
	"fmt"
	"slices"
	"sync"
	"time"

	"github.com/prometheus/prometheus/promql/parser"
	"go.yaml.in/yaml/v2"
)

// Resources are what rules are about.
var Resources = []string{"cpu", "memory", "disk", "network", "filesystem"}

// kinds are the kinds of rules of the USE method.
var kinds = []string{"utilization", "saturation", "errors"}

// Rule says how to find out about a resource. Rules are immutable.
type Rule struct {
	Name     string   `yaml:"name"`
	Title    string   `yaml:"title"`
	Resource string   `yaml:"resource"`
	Kind     string   `yaml:"kind"`
	Unit     string   `yaml:"unit"`
	Warn     float64  `yaml:"warn"`   // the value of level 0.5
	Bad      float64  `yaml:"bad"`    // the value of level 1
	Words    string   `yaml:"words"`  // at level 1
	Warns    string   `yaml:"warns"`  // below level 1
	Figure   string   `yaml:"figure"` // beside Words, in parentheses
	Aside    string   `yaml:"aside"`  // the figure beside another cause; Figure if it is not given
	Of       []string `yaml:"of"`     // of a figure that no rule judges: the resources it helps with
	Least    float64  `yaml:"least"`  // of such a figure: the least value to mention
	// Quiet says that the figure is not mentioned beside another cause.
	Quiet bool `yaml:"quiet"`
	// Symptom says that other rules explain what the rule shows.
	Symptom bool `yaml:"symptom"`
	// Source has the expression over PCP's names, Others those over the names of other
	// recorders.
	Source `yaml:",inline"`
	Others []*Source `yaml:"others"`
}

// Source is where a rule has its values from.
type Source struct {
	Expr string `yaml:"expr"` // PromQL; a higher value is worse
	// Instance is the label that names the disk, interface, process …
	Instance string `yaml:"instance"`
	// Needs are the names of the metrics in Expr, sorted.
	Needs []string `yaml:"-"`

	mu      sync.Mutex
	windows map[time.Duration]string // expressions by window
}

// Sources returns all sources of a rule.
func (r *Rule) Sources() []*Source { return append([]*Source{&r.Source}, r.Others...) }

// sameSources reports whether two rules have the same values.
func sameSources(a, b *Rule) bool {
	return slices.EqualFunc(a.Sources(), b.Sources(), func(x, y *Source) bool { return x.Expr == y.Expr && x.Instance == y.Instance })
}

// Table is a list of rules.
type Table struct {
	Rules  []*Rule // that give levels
	Beside []*Rule // that only add figures to the words
	needs  map[string]int
	names  []string // of the metrics, sorted; needs has their places
	// instances has, by metric, the labels that name instances in the rules.
	instances map[string][]string
	text      []byte // of the file
	// source has, for each rule, the place of the first rule with its expression, which is
	// evaluated for both.
	source []int
}

//go:embed rules.yml
var defaultRules []byte

// Default returns the rules of the file rules.yml.
var Default = sync.OnceValue(func() *Table {
	t, err := ParseTable(defaultRules)
	if err != nil {
		panic(err) // a test reads the file
	}
	return t
})

// ParseTable reads rules from YAML.
func ParseTable(text []byte) (*Table, error) {
	var file struct {
		Rules  []*Rule `yaml:"rules"`
		Beside []*Rule `yaml:"beside"`
	}
	if err := yaml.UnmarshalStrict(text, &file); err != nil {
		return nil, fmt.Errorf("rules: %w", err)
	}
	t := &Table{Rules: file.Rules, Beside: file.Beside, needs: map[string]int{}, instances: map[string][]string{}, text: text}
	seen := map[string]bool{}
	for i, r := range t.all() {
		if err := r.prepare(i >= len(t.Rules)); err != nil {
			return nil, fmt.Errorf("rule %q: %w", r.Name, err)
		}
		if seen[r.Name] {
			return nil, fmt.Errorf("rule %q: there are two of this name", r.Name)
		}
		seen[r.Name] = true
		for _, s := range r.Sources() {
			t.names = append(t.names, s.Needs...)
			for _, name := range s.Needs {
				if s.Instance != "" && !slices.Contains(t.instances[name], s.Instance) {
					t.instances[name] = append(t.instances[name], s.Instance)
				}
			}
		}
	}
	slices.Sort(t.names)
	t.names = slices.Compact(t.names)
	for i, name := range t.names {
		t.needs[name] = i
	}
	all := t.all()
	for _, r := range all {
		t.source = append(t.source, slices.IndexFunc(all, func(first *Rule) bool { return sameSources(first, r) }))
	}
	return t, nil
}

// all returns the rules and then the figures beside them.
func (t *Table) all() []*Rule { return slices.Concat(t.Rules, t.Beside) }

// Metrics returns the names of the metrics that the rules need, sorted.
func (t *Table) Metrics() []string { return t.names }

// prepare checks a source and finds the metrics that it needs.
func (s *Source) prepare() error {
	expr, err := parse(s.Expr)
	if err != nil {
		return err
	}
	if expr.Type() != parser.ValueTypeVector {
		return errors.New("the expression must give an instant vector")
	}
	for _, selector := range selectorsOf(expr) {
		if selector.Name == "" {
			return fmt.Errorf("the selector %s names no metric", selector)
		}
		s.Needs = append(s.Needs, selector.Name)
	}
	if len(s.Needs) == 0 {
		return errors.New("the expression names no metric")
	}
	slices.Sort(s.Needs)
	s.Needs = slices.Compact(s.Needs)
	s.windows = map[time.Duration]string{}
	return nil
}

// prepare checks a rule and its sources.
func (r *Rule) prepare(beside bool) error {
	for _, s := range r.Sources() {
		if err := s.prepare(); err != nil {
			return err
		}
	}
	r.Aside = cmp.Or(r.Aside, r.Figure)
	switch {
	case r.Name == "" || r.Title == "" || r.Figure == "":
		return errors.New("name, title and figure must be given")
	case beside && len(r.Of) == 0:
		return errors.New("of must be given")
	case beside:
		return nil
	case !slices.Contains(Resources, r.Resource):
		return fmt.Errorf("resource %q is not one of %q", r.Resource, Resources)
	case !slices.Contains(kinds, r.Kind):
		return fmt.Errorf("kind %q is not one of %q", r.Kind, kinds)
	case !(0 < r.Warn && r.Warn < r.Bad):
		return errors.New("warn must be above 0 and below bad")
	case r.Words == "" || r.Warns == "":
		return errors.New("words and warns must be given")
	}
	return nil
}

// Level returns the level of a value, between 0 and 1: 0.5 at Warn and 1 from Bad on.
func (r *Rule) Level(v float64) float64 {
	switch {
	case !(v > 0):
		return 0
	case v < r.Warn:
		return v / r.Warn / 2
	case v < r.Bad:
		return 0.5 + (v-r.Warn)/(r.Bad-r.Warn)/2
	}
	return 1
}

// weight returns the number by which levels are compared to find a cause: those of symptoms
// count less.
func (r *Rule) weight() float64 {
	if r.Symptom {
		return 0.8
	}
	return 1
}

// windowInRules is the range that stands for the window.
const windowInRules = time.Minute

// At returns the expression for a window.
func (s *Source) At(window time.Duration) string {
	s.mu.Lock()
	defer s.mu.Unlock()
	text, known := s.windows[window]
	if !known {
		text = rewritten(s.Expr, window, nil)
		if len(s.windows) >= maxWindows {
			clear(s.windows)
		}
		s.windows[window] = text
	}
	return text
}

// maxWindows is the most windows whose expressions a source keeps.
const maxWindows = 1000

// rewritten returns an expression for a window. edit may change its selectors.
func rewritten(text string, window time.Duration, edit func(*parser.VectorSelector)) string {
	expr, err := parse(text)
	if err != nil {
		return text // prepare has parsed it
	}
	parser.Inspect(expr, func(n parser.Node, _ []parser.Node) error {
		if m, ok := n.(*parser.MatrixSelector); ok && m.Range == windowInRules {
			m.Range = window
		}
		return nil
	})
	if edit != nil {
		for _, s := range selectorsOf(expr) {
			edit(s)
		}
	}
	return expr.String()
}

func parse(text string) (parser.Expr, error) {
	return parser.NewParser(parser.Options{}).ParseExpr(text)
}

// selectorsOf returns the selectors of an expression.
func selectorsOf(expr parser.Expr) (all []*parser.VectorSelector) {
	parser.Inspect(expr, func(n parser.Node, _ []parser.Node) error {
		if s, ok := n.(*parser.VectorSelector); ok {
			all = append(all, s)
		}
		return nil
	})
	return all
}
