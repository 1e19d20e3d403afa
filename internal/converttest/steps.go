package converttest

import (
	"fmt"
	"strings"

	"github.com/pcparchive/pcparchive/history"
)

// StepLines keeps a line for each value of the steps that it gets.
type StepLines struct{ Lines []string }

// Put adds a step.
func (s *StepLines) Put(step *history.Step) error {
	for _, mv := range step.Metrics {
		for _, p := range mv.Points {
			v, _ := p.Value.Number(mv.Metric.Desc.Type)
			s.Lines = append(s.Lines, fmt.Sprintf("%s %d %v", mv.Metric.Name, p.Value.Inst, v))
		}
	}
	return nil
}

// Close does nothing.
func (s *StepLines) Close() error { return nil }

// SplitPairs splits a text such as "k=v k=v" into names and values.
func SplitPairs(text string) [][2]string {
	var out [][2]string
	for pair := range strings.FieldsSeq(text) {
		k, v, _ := strings.Cut(pair, "=")
		out = append(out, [2]string{k, v})
	}
	return out
}
