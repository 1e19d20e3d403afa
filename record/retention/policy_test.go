package retention_test

import (
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/pcparchive/pcparchive/internal/diskspace"
	"github.com/pcparchive/pcparchive/record/retention"
)

func TestAmounts(t *testing.T) {
	for text, want := range map[string]retention.Amount{
		"10%": {Percent: 10}, " 2.5 %": {Percent: 2.5}, "100%": {Percent: 100}, "0%": {}, "0": {},
		"100MB": {Bytes: 100_000_000}, "1GiB": {Bytes: 1 << 30}, "5k": {Bytes: 5000}, "12": {Bytes: 12},
	} {
		var a retention.Amount
		require.NoError(t, a.Set(text), text)
		assert.Equal(t, want, a, text)
		var again retention.Amount
		require.NoError(t, again.Set(a.String()))
		if a.Percent != 0 || a.Bytes == 1<<30 || a.Bytes == 12 {
			assert.Equal(t, a, again)
		}
	}
	for _, text := range []string{"", "%", "101%", "-1%", "NaN%", "-5", "many", "10%%", "99999999999EB"} {
		var a retention.Amount
		assert.Error(t, a.Set(text), text)
	}
}

func TestLimitsInBytes(t *testing.T) {
	dir := t.TempDir()
	total, free, ok := diskspace.Of(dir)
	if !ok {
		t.Skip("this system does not say how large a file system is")
	}
	assert.Positive(t, free)
	p := retention.Default()
	limits, err := p.Limits(dir)
	require.NoError(t, err)
	assert.Equal(t, retention.Limits{Keep: 14 * 24 * time.Hour, MaxSize: total / 10, MinFree: total / 20, Total: total}, limits)
	limits = retention.Limits{Keep: 36 * time.Hour, MaxSize: 1 << 30, MinFree: 1 << 20}
	assert.Equal(t, "archives stay: at most 36h0m0s old, at most 1073741824 bytes (1.0 GiB), as long as 1048576 bytes (1.0 MiB) stay free", limits.String())
	limits = retention.Limits{Keep: 48 * time.Hour}
	assert.Equal(t, "archives stay: at most 2d old", limits.String())
	assert.Equal(t, "archives stay for ever", new(retention.Limits).String())
}
