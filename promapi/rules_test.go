package promapi

import (
	"fmt"
	"net/http"
	"os"
	"path/filepath"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/pcparchive/pcparchive/query"
	"github.com/pcparchive/pcparchive/ruleeval"
)

const ruleFile = `
groups:
- name: one
  rules:
  - {record: 'code:hits:rate', expr: 'sum by (code) (rate(hits_total[1m]))', labels: {team: web}}
  - {alert: Hits, expr: 'hits_total > 100', for: 1m, keep_firing_for: 30s, labels: {severity: page}, annotations: {text: '{{ $labels.code }}'}}
- name: two
  interval: 30s
  rules:
  - {alert: Quiet, expr: 'hits_total < 0'}
  - {alert: Soon, expr: 'hits_total > 0', for: 1h}
- {name: none}
`

// ruled returns a server over archives and rules.
func ruled(t *testing.T) (base, file string) {
	t.Helper()
	file = filepath.Join(t.TempDir(), "rules.yml")
	require.NoError(t, os.WriteFile(file, []byte(ruleFile), 0o666))
	loaded, err := ruleeval.Load(file)
	require.NoError(t, err)
	view := viewOf(openSets(t, hostFolder(t)), query.Options{})
	result, err := loaded.Evaluate(t.Context(), view.Engine, time.Unix(start, 0), time.Unix(finish, 0), ruleeval.Options{})
	require.NoError(t, err)
	view.Rules = func() *ruleeval.Result { return result }
	view.Engine = view.Engine.Extended(result.Beside)
	return serving(t, newAPI(t, Options{Source: view})), file
}

func TestRules(t *testing.T) {
	srv, file := ruled(t)
	groups := ask(t, srv, "/api/v1/rules").Data.(map[string]any)["groups"].([]any)
	require.Len(t, groups, 2, "a group without rules does not count")
	one := groups[0].(map[string]any)
	assert.Equal(t, []any{"one", file, 60.0, "2026-03-01T12:29:00Z"}, []any{one["name"], one["file"], one["interval"], one["lastEvaluation"]})
	record, alert := one["rules"].([]any)[0].(map[string]any), one["rules"].([]any)[1].(map[string]any)
	assert.NotContains(t, record, "state")
	assert.NotContains(t, record, "alerts")
	assert.Equal(t, []any{"recording", "code:hits:rate", "ok", map[string]any{"team": "web"}}, []any{record["type"], record["name"], record["health"], record["labels"]})
	assert.Equal(t, []any{"alerting", "firing", 60.0, 30.0, map[string]any{"text": "{{ $labels.code }}"}},
		[]any{alert["type"], alert["state"], alert["duration"], alert["keepFiringFor"], alert["annotations"]})
	require.Len(t, alert["alerts"], 3)
	assert.Equal(t, map[string]any{
		"labels":      map[string]any{"alertname": "Hits", "code": "200", "instance": "web:1", "job": "web", "severity": "page"},
		"annotations": map[string]any{"text": "200"}, "state": "firing", "activeAt": "2026-03-01T12:06:00Z", "value": "5.19e+02",
	}, alert["alerts"].([]any)[0])
	quiet := groups[1].(map[string]any)["rules"].([]any)[0].(map[string]any)
	assert.Equal(t, []any{"inactive", []any{}, 0.0}, []any{quiet["state"], quiet["alerts"], quiet["duration"]})
	assert.Equal(t, "pending", groups[1].(map[string]any)["rules"].([]any)[1].(map[string]any)["state"])
	assert.Len(t, ask(t, srv, "/api/v1/alerts").Data.(map[string]any)["alerts"], 6)
	rates := ask(t, srv, "/api/v1/query?"+form("query", `code:hits:rate{team="web"}`, "time", fmt.Sprint(finish))).Data.(map[string]any)["result"]
	assert.Len(t, rates, 3, "recorded series are there")
	assert.Equal(t, []any{"Hits", "Soon"}, ask(t, srv, "/api/v1/label/alertname/values?match[]=ALERTS").Data)
}

func TestRuleFilters(t *testing.T) {
	srv, file := ruled(t)
	count := func(query string) (groups, rules int) {
		for _, g := range ask(t, srv, "/api/v1/rules?"+query).Data.(map[string]any)["groups"].([]any) {
			groups++
			rules += len(g.(map[string]any)["rules"].([]any))
		}
		return groups, rules
	}
	for query, want := range map[string][2]int{
		"": {2, 4}, "type=alert": {2, 3}, "type=Record": {1, 1}, "rule_name[]=Hits&rule_name[]=Soon": {2, 2}, "rule_group[]=two": {1, 2}, "file[]=none": {0, 0},
		form("file[]", file): {2, 4}, form("match[]", `{severity="page"}`): {1, 1}, form("match[]", `{severity="page"}`, "match[]", `{team="web"}`): {1, 2}, "group_limit=1": {1, 2},
	} {
		groups, rules := count(query)
		assert.Equal(t, want, [2]int{groups, rules}, query)
	}
	token := ask(t, srv, "/api/v1/rules?group_limit=1").Data.(map[string]any)["groupNextToken"].(string)
	next := ask(t, srv, "/api/v1/rules?group_limit=1&group_next_token="+token).Data.(map[string]any)
	assert.Equal(t, "two", next["groups"].([]any)[0].(map[string]any)["name"])
	assert.NotContains(t, next, "groupNextToken")
	for _, wrong := range []string{"type=x", "group_limit=0", "group_limit=x", "group_next_token=x", "group_limit=1&group_next_token=x", "exclude_alerts=x", "match[]=("} {
		assert.Equal(t, http.StatusBadRequest, ask(t, srv, "/api/v1/rules?"+wrong).Code, wrong)
	}
	without := ask(t, srv, "/api/v1/rules?exclude_alerts=true&rule_name[]=Hits").Data.(map[string]any)["groups"].([]any)[0].(map[string]any)["rules"].([]any)[0].(map[string]any)
	assert.Equal(t, []any{"firing", []any{}}, []any{without["state"], without["alerts"]})
}
