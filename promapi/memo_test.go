package promapi

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"github.com/prometheus/prometheus/model/labels"
	"github.com/prometheus/prometheus/storage"
	"github.com/prometheus/prometheus/util/annotations"
	"github.com/stretchr/testify/assert"
)

// noop is a querier without series.
type noop = storage.LabelQuerier

// counting is a storage that counts the requests for labels.
type counting struct {
	noop
	asked atomic.Int64
	fail  error
}

// Querier returns the storage itself.
func (c *counting) Querier(int64, int64) (storage.Querier, error) { return c, nil }

// Select is not used.
func (*counting) Select(context.Context, bool, *storage.SelectHints, ...*labels.Matcher) storage.SeriesSet {
	return storage.EmptySeriesSet()
}

// LabelValues returns three values and a warning.
func (c *counting) LabelValues(context.Context, string, *storage.LabelHints, ...*labels.Matcher) ([]string, annotations.Annotations, error) {
	c.asked.Add(1)
	var warnings annotations.Annotations
	return []string{"c", "a", "b"}, warnings.Add(errors.New("damaged")), c.fail
}

// TestRepeatedLabelRequests asks the storage once for each version and question.
func TestRepeatedLabelRequests(t *testing.T) {
	c := &counting{noop: storage.NoopQuerier()}
	view := viewOver(c)
	view.Version, view.Start, view.End = 1, time.Unix(start, 0), time.Unix(finish, 0)
	srv := serving(t, newAPI(t, Options{Source: view}))
	values := func(more string) answer { return ask(t, srv, "/api/v1/label/x/values?"+more) }
	for _, more := range []string{"", "start=1", "start=1&end=" + fmt.Sprint(finish+10), "start=2&end=" + fmt.Sprint(finish+99)} {
		assert.Equal(t, []any{"a", "b", "c"}, values(more).Data)
		assert.Equal(t, []string{"damaged"}, values(more).Warnings)
		assert.Equal(t, []any{"a"}, values(more+"&limit=1").Data)
		assert.Len(t, values(more+"&limit=1").Warnings, 2)
	}
	assert.EqualValues(t, 1, c.asked.Load(), "all windows include all records")
	for _, more := range []string{"match[]=y", "end=" + fmt.Sprint(start+1), "start=" + fmt.Sprint(finish+5)} {
		before := c.asked.Load()
		values(more)
		values(more)
		assert.Equal(t, before+1, c.asked.Load(), more)
	}
	view.Version = 2
	before := c.asked.Load()
	values("")
	assert.Equal(t, before+1, c.asked.Load(), "another state")
	view.Version = nil
	values("")
	values("")
	assert.Equal(t, before+3, c.asked.Load(), "without a version nothing is kept")
	view.Version, c.fail = 3, errors.New("unreadable")
	assert.Equal(t, http.StatusUnprocessableEntity, values("").Code)
	c.fail = nil
	assert.Equal(t, http.StatusOK, values("").Code, "errors are not kept")
}

// TestMemoIsBounded forgets everything rather than grow.
func TestMemoIsBounded(t *testing.T) {
	var m memo
	large := labelAnswer{all: []string{strings.Repeat("x", maxMemo/3)}}
	for i := range 10 {
		m.put(1, fmt.Sprint(i), large)
		assert.LessOrEqual(t, m.size, maxMemo)
		assert.LessOrEqual(t, len(m.answers), 2)
		_, known := m.get(1, fmt.Sprint(i))
		assert.True(t, known)
	}
	m.put(1, "too large", labelAnswer{all: []string{strings.Repeat("x", maxMemo)}})
	_, known := m.get(1, "too large")
	assert.False(t, known)
}
