package overview

import (
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/pcparchive/pcparchive/internal/oracle"
	"github.com/pcparchive/pcparchive/store"
)

// TestCorpus wants an overview of every archive of the corpus, damaged ones included.
func TestCorpus(t *testing.T) {
	c := New(Options{})
	incidents := 0
	for _, folder := range []string{"archives", "badarchives"} {
		for _, base := range oracle.Archives(t, folder, true) {
			hosts, err := store.Open([]string{base}, nil)
			if err != nil {
				continue // no archive any more
			}
			r, err := c.Of(t.Context(), hosts.Sets(), Request{})
			require.NoError(t, err, base)
			for _, h := range r.Hosts {
				for i, level := range h.Level {
					assert.False(t, level < 0 || level > 1, base)
					assert.True(t, h.Cause[i] < len(r.Rules), base)
				}
				for _, in := range h.Worst {
					incidents++
					assert.LessOrEqual(t, in.From, in.To, base)
					assert.False(t, strings.ContainsAny(in.Words, "{}\n"), in.Words)
					t.Log(base[strings.LastIndexByte(base, '/')+1:], in.Words)
				}
			}
		}
	}
	assert.Positive(t, incidents)
}
