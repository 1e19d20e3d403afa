package history_test

import (
	"math"
	"math/big"
	"math/rand/v2"
	"testing"

	"github.com/stretchr/testify/assert"

	"github.com/pcparchive/pcparchive/history"
	"github.com/pcparchive/pcparchive/pcp"
)

// TestExact compares with the arithmetic of math/big.
func TestExact(t *testing.T) {
	rng := rand.New(rand.NewPCG(1, 1))
	all := []uint64{0, 1, 1 << 53, 1<<53 + 1, 1 << 63, math.MaxInt64, math.MaxUint64, 0xffff_ffff_ffff_f800, 0xffff_ffff_ffff_fc00}
	for range 2000 {
		all = append(all, rng.Uint64()>>rng.IntN(64)<<rng.IntN(64))
	}
	holds := func(n *big.Int) bool {
		_, accuracy := new(big.Float).SetPrec(64).SetInt(n).Float64()
		return accuracy == big.Exact
	}
	for _, bits := range all {
		v := history.NumberValue(0, pcp.TypeU64, bits)
		assert.Equal(t, holds(new(big.Int).SetUint64(bits)), v.Exact(), "%d", bits)
		v = history.NumberValue(0, pcp.Type64, bits)
		assert.Equal(t, holds(big.NewInt(int64(bits))), v.Exact(), "%d", int64(bits))
		v = history.NumberValue(0, pcp.TypeDouble, bits)
		assert.True(t, v.Exact())
	}
}
