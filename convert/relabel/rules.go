package relabel

import (
	"errors"
	"fmt"
	"os"

	"github.com/prometheus/common/model"
	"github.com/prometheus/prometheus/model/relabel"
	"go.yaml.in/yaml/v2"
)

// Rules are relabelling rules in the order in which they apply.
type Rules []*relabel.Config

// Load reads rules from a YAML file. The file has a list of rules, or such a list
// under metric_relabel_configs, write_relabel_configs or relabel_configs, as a
// Prometheus configuration has it.
func Load(path string) (Rules, error) {
	text, err := os.ReadFile(path)
	if err != nil {
		return nil, err
	}
	rules, err := Parse(text)
	if err != nil {
		return nil, fmt.Errorf("%s: %w", path, err)
	}
	return rules, nil
}

// Parse reads rules from the text of a file, as [Load] does.
func Parse(text []byte) (Rules, error) {
	var rules Rules
	if err := yaml.UnmarshalStrict(text, &rules); err != nil {
		var keyed struct {
			Metric Rules `yaml:"metric_relabel_configs"`
			Write  Rules `yaml:"write_relabel_configs"`
			Plain  Rules `yaml:"relabel_configs"`
		}
		if keyedErr := yaml.UnmarshalStrict(text, &keyed); keyedErr != nil {
			return nil, fmt.Errorf("relabelling rules: %w", err)
		}
		rules = append(append(keyed.Plain, keyed.Metric...), keyed.Write...)
	}
	if len(rules) == 0 {
		return nil, errors.New("no relabelling rules")
	}
	for i, r := range rules {
		if r == nil {
			return nil, fmt.Errorf("relabelling rule %d is empty", i+1)
		}
		if err := r.Validate(model.UTF8Validation); err != nil {
			return nil, fmt.Errorf("relabelling rule %d: %w", i+1, err)
		}
	}
	return rules, nil
}
