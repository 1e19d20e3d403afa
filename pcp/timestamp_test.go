package pcp_test

import (
	"math"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"

	"github.com/pcparchive/pcparchive/pcp"
)

func TestTimestampMilli(t *testing.T) {
	for _, tt := range []struct {
		name  string
		stamp pcp.Timestamp
		want  int64
	}{
		{"zero", pcp.Timestamp{}, 0},
		{"fraction is cut", pcp.Timestamp{Sec: 1, Nsec: 1999999}, 1001},
		{"beyond 2^32 seconds", pcp.Timestamp{Sec: 1<<32 + 5, Nsec: 7e6}, 4294967301007},
		{"negative", pcp.Timestamp{Sec: -1, Nsec: 1e6}, -999},
		{"negative fraction rounds down", pcp.Timestamp{Nsec: -1}, -1},
		{"whole negative fraction", pcp.Timestamp{Nsec: -2e6}, -2},
		{"fraction over a second", pcp.Timestamp{Sec: 1, Nsec: 2e9}, 3000},
		{"latest", pcp.MaxTime, math.MaxInt64},
		{"nearly latest", pcp.Timestamp{Sec: math.MaxInt64/1000 - 1, Nsec: math.MaxInt32}, math.MaxInt64},
		{"earliest", pcp.Timestamp{Sec: math.MinInt64}, math.MinInt64},
		{"nearly earliest", pcp.Timestamp{Sec: math.MinInt64/1000 + 1, Nsec: math.MinInt32}, math.MinInt64},
	} {
		t.Run(tt.name, func(t *testing.T) { assert.Equal(t, tt.want, tt.stamp.Milli()) })
	}
}

func TestTimestampMilliRoundTrip(t *testing.T) {
	for _, ms := range []int64{0, 1, -1, 999, -999, -1000, 1700000000123, math.MaxInt32 * 10000, -math.MaxInt32 * 10000} {
		stamp := pcp.TimestampMilli(ms)
		assert.Equal(t, ms, stamp.Milli())
		assert.True(t, stamp.Nsec >= 0 && stamp.Nsec < 1e9, "%v", stamp)
	}
}

func TestTimestampTime(t *testing.T) {
	at := time.Date(2159, 3, 4, 5, 6, 7, 89, time.UTC)
	assert.Equal(t, at, pcp.TimestampOf(at).Time())
	assert.Equal(t, "1.000000002", pcp.Timestamp{Sec: 1, Nsec: 2}.String())
	assert.True(t, pcp.Timestamp{}.IsZero())
	assert.False(t, pcp.MaxTime.IsZero())
}

func TestTimestampOrder(t *testing.T) {
	ascending := []pcp.Timestamp{
		{Sec: math.MinInt64}, {Sec: -1, Nsec: -1}, {Sec: -1}, {}, {Nsec: 1}, {Sec: 1}, {Sec: 1 << 40}, pcp.MaxTime,
	}
	for i, a := range ascending {
		for j, b := range ascending {
			assert.Equal(t, i < j, a.Before(b), "%v %v", a, b)
			assert.Equal(t, i > j, a.After(b), "%v %v", a, b)
			assert.Equal(t, i == j, a.Compare(b) == 0, "%v %v", a, b)
		}
	}
}

func TestTimestampAdd(t *testing.T) {
	for _, tt := range []struct {
		from pcp.Timestamp
		by   time.Duration
		want pcp.Timestamp
	}{
		{pcp.Timestamp{Sec: 1, Nsec: 999999999}, 1, pcp.Timestamp{Sec: 2}},
		{pcp.Timestamp{Sec: 1}, -1, pcp.Timestamp{Nsec: 999999999}},
		{pcp.Timestamp{Sec: -5, Nsec: 5e8}, -1500 * time.Millisecond, pcp.Timestamp{Sec: -6}},
		{pcp.Timestamp{Sec: 1, Nsec: 2e9}, time.Millisecond, pcp.Timestamp{Sec: 3, Nsec: 1e6}},
		{pcp.Timestamp{Nsec: math.MinInt32}, 0, pcp.Timestamp{Sec: -3, Nsec: 852516352}},
		{pcp.Timestamp{Sec: math.MaxInt64 - 1}, time.Second, pcp.Timestamp{Sec: math.MaxInt64}},
		{pcp.Timestamp{Sec: math.MaxInt64, Nsec: 5e8}, time.Second, pcp.Timestamp{Sec: math.MaxInt64, Nsec: 999999999}},
		{pcp.MaxTime, 0, pcp.Timestamp{Sec: math.MaxInt64, Nsec: 999999999}},
		{pcp.Timestamp{Sec: math.MinInt64}, -time.Nanosecond, pcp.Timestamp{Sec: math.MinInt64}},
	} {
		assert.Equal(t, tt.want, tt.from.Add(tt.by), "%v + %v", tt.from, tt.by)
	}
}

func TestTimestampSub(t *testing.T) {
	low := pcp.Timestamp{Sec: math.MinInt64, Nsec: math.MinInt32}
	for _, tt := range []struct {
		name string
		a, b pcp.Timestamp
		want time.Duration
	}{
		{"near", pcp.Timestamp{Sec: 2}, pcp.Timestamp{Sec: 1, Nsec: 1}, 999999999},
		{"backwards", pcp.Timestamp{Sec: 1, Nsec: 1}, pcp.Timestamp{Sec: 2}, -999999999},
		{"widest fractions", pcp.Timestamp{Nsec: math.MaxInt32}, pcp.Timestamp{Nsec: math.MinInt32}, math.MaxUint32},
		{"far ahead", pcp.MaxTime, pcp.Timestamp{}, math.MaxInt64},
		{"beyond int64", pcp.MaxTime, low, math.MaxInt64},
		{"beyond int64 backwards", low, pcp.MaxTime, math.MinInt64},
		{"just too far", pcp.Timestamp{Sec: 9223372036, Nsec: math.MaxInt32}, pcp.Timestamp{Nsec: math.MinInt32}, math.MaxInt64},
		{"just too far back", pcp.Timestamp{Nsec: math.MinInt32}, pcp.Timestamp{Sec: 9223372036, Nsec: math.MaxInt32}, math.MinInt64},
	} {
		t.Run(tt.name, func(t *testing.T) { assert.Equal(t, tt.want, tt.a.Sub(tt.b)) })
	}
}
