package promapi

import (
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"fmt"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/prometheus/prometheus/model/labels"

	"github.com/pcparchive/pcparchive/internal/httpguard"
	"github.com/pcparchive/pcparchive/ruleeval"
)

// apiAlert is an alert in replies.
type apiAlert struct {
	Labels          map[string]string `json:"labels"`
	Annotations     map[string]string `json:"annotations"`
	State           string            `json:"state"`
	ActiveAt        time.Time         `json:"activeAt"`
	KeepFiringSince *time.Time        `json:"keepFiringSince,omitempty"`
	Value           string            `json:"value"`
}

// apiRule is a rule in replies. The pointers are nil in recording rules.
type apiRule struct {
	State          string            `json:"state,omitempty"`
	Name           string            `json:"name"`
	Query          string            `json:"query"`
	Duration       *float64          `json:"duration,omitempty"`
	KeepFiringFor  *float64          `json:"keepFiringFor,omitempty"`
	Labels         map[string]string `json:"labels"`
	Annotations    map[string]string `json:"annotations,omitempty"`
	Alerts         *[]apiAlert       `json:"alerts,omitempty"`
	Health         string            `json:"health"`
	LastError      string            `json:"lastError,omitempty"`
	EvaluationTime float64           `json:"evaluationTime"`
	LastEvaluation time.Time         `json:"lastEvaluation"`
	Type           string            `json:"type"`
}

// apiGroup is a group of rules in replies.
type apiGroup struct {
	Name           string    `json:"name"`
	File           string    `json:"file"`
	Rules          []apiRule `json:"rules"`
	Interval       float64   `json:"interval"`
	Limit          int       `json:"limit"`
	EvaluationTime float64   `json:"evaluationTime"`
	LastEvaluation time.Time `json:"lastEvaluation"`
}

// ruleFilter selects rules and groups.
type ruleFilter struct {
	params
	selectors     [][]*labels.Matcher
	kind          string // "alert", "record" or ""
	withoutAlerts bool
	groupLimit    int // zero means no limit
	token         string
}

func newRuleFilter(p params) (f ruleFilter, err error) {
	f = ruleFilter{params: p, kind: strings.ToLower(p.get("type")), token: p.get("group_next_token")}
	if f.selectors, err = p.selectors(); err != nil {
		return f, bad(err)
	}
	if !slices.Contains([]string{"", "alert", "record"}, f.kind) {
		return f, invalid("type", fmt.Errorf("not supported value %q", httpguard.Short(f.kind)))
	}
	if text := p.get("exclude_alerts"); text != "" {
		if f.withoutAlerts, err = strconv.ParseBool(strings.ToLower(text)); err != nil {
			return f, invalid("exclude_alerts", fmt.Errorf("error converting exclude_alerts: %w", err))
		}
	}
	switch text := p.get("group_limit"); {
	case text != "":
		if f.groupLimit, err = strconv.Atoi(text); err != nil {
			return f, invalid("group_limit", fmt.Errorf("group_limit needs to be a valid number: %w", err))
		}
		if f.groupLimit <= 0 {
			return f, invalid("group_limit", errors.New("group_limit needs to be greater than 0"))
		}
	case f.token != "":
		return f, invalid("group_next_token", errors.New("group_limit needs to be present in order to paginate over the groups"))
	}
	return f, nil
}

// allows reports whether a list of names is empty or has a name.
func (f ruleFilter) allows(parameter, name string) bool {
	names := f.params[parameter]
	return len(names) == 0 || slices.Contains(names, name)
}

// rule reports whether a rule is selected.
func (f ruleFilter) rule(r *ruleeval.RuleResult) bool {
	if r.Alerting && f.kind == "record" || !r.Alerting && f.kind == "alert" || !f.allows("rule_name[]", r.Name) {
		return false
	}
	return len(f.selectors) == 0 || slices.ContainsFunc(f.selectors, func(all []*labels.Matcher) bool {
		return !slices.ContainsFunc(all, func(m *labels.Matcher) bool { return !m.Matches(r.Labels.Get(m.Name)) })
	})
}

// rules answers /rules with the state at the end of the archives.
func rules(r *request) (*reply, error) {
	f, err := newRuleFilter(r.params)
	if err != nil {
		return nil, err
	}
	data := struct {
		Groups []apiGroup `json:"groups"`
		Next   string     `json:"groupNextToken,omitempty"`
	}{Groups: []apiGroup{}}
	waits := f.token != ""
	for _, g := range r.ruleGroups() {
		if waits && groupToken(g) != f.token {
			continue
		}
		waits = false
		if !f.allows("rule_group[]", g.Name) || !f.allows("file[]", g.File) {
			continue
		}
		group := groupOf(g, f)
		if len(group.Rules) == 0 {
			continue
		}
		if f.groupLimit > 0 && len(data.Groups) == f.groupLimit {
			data.Next = groupToken(g)
			break
		}
		data.Groups = append(data.Groups, group)
	}
	if waits {
		return nil, invalid("group_next_token", fmt.Errorf("invalid group_next_token '%v'. were rule groups changed?", httpguard.Short(f.token)))
	}
	return jsonReply(data), nil
}

// groupToken identifies a group among the pages of a list.
func groupToken(g *ruleeval.GroupResult) string {
	sum := sha256.Sum256([]byte(g.File + ";" + g.Name))
	return hex.EncodeToString(sum[:])
}

// ruleGroups returns the results of the rules, or nil if there are no rules.
func (r *request) ruleGroups() []*ruleeval.GroupResult {
	if r.view.Rules == nil {
		return nil
	}
	result := r.view.Rules()
	if result == nil {
		return nil
	}
	return result.Groups
}

// groupOf returns a group with the rules selected.
func groupOf(g *ruleeval.GroupResult, f ruleFilter) apiGroup {
	group := apiGroup{Name: g.Name, File: g.File, Rules: []apiRule{}, Interval: g.Interval.Seconds(), Limit: g.Limit, LastEvaluation: g.Last}
	for _, r := range g.Rules {
		group.EvaluationTime += r.Took.Seconds()
		if f.rule(r) {
			group.Rules = append(group.Rules, ruleOf(r, g, f.withoutAlerts))
		}
	}
	return group
}

func ruleOf(r *ruleeval.RuleResult, g *ruleeval.GroupResult, withoutAlerts bool) apiRule {
	rule := apiRule{
		Name: r.Name, Query: r.Expr.String(), Labels: r.Labels.Map(), Health: "ok", Type: "recording",
		EvaluationTime: r.Took.Seconds(), LastEvaluation: g.Last,
	}
	if r.Err != nil {
		rule.Health, rule.LastError = "err", r.Err.Error()
	}
	if !r.Alerting {
		return rule
	}
	active := activeAlerts(r)
	rule.Type, rule.Annotations, rule.State = "alerting", r.Annotations.Map(), r.State()
	duration, keep := r.For.Seconds(), r.KeepFiringFor.Seconds()
	rule.Duration, rule.KeepFiringFor = &duration, &keep
	if withoutAlerts {
		active = []apiAlert{}
	}
	rule.Alerts = &active
	return rule
}

// activeAlerts returns the alerts that are active at the end of the archives.
func activeAlerts(r *ruleeval.RuleResult) []apiAlert {
	active := []apiAlert{}
	for _, a := range r.Alerts {
		if !a.ResolvedAt.IsZero() {
			continue
		}
		alert := apiAlert{
			Labels: a.Labels.Map(), Annotations: a.Annotations.Map(), State: a.State(), ActiveAt: a.ActiveAt,
			Value: strconv.FormatFloat(a.Value, 'e', -1, 64),
		}
		if !a.KeepFiringSince.IsZero() {
			alert.KeepFiringSince = &a.KeepFiringSince
		}
		active = append(active, alert)
	}
	return active
}

// alerts answers /alerts.
func alerts(r *request) (*reply, error) {
	all := []apiAlert{}
	for _, g := range r.ruleGroups() {
		for _, rule := range g.Rules {
			all = append(all, activeAlerts(rule)...)
		}
	}
	return jsonReply(map[string]any{"alerts": all}), nil
}
