package manytext_test

import (
	"bytes"
	"fmt"
	"math/rand/v2"
	"slices"
	"strings"
	"testing"
	"testing/iotest"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/pcparchive/pcparchive/internal/manytext"
)

// naive finds all occurrences one text after the other.
func naive(texts []string, in string) (all []manytext.Match) {
	for i, text := range texts {
		for at := 0; text != "" && at+len(text) <= len(in); at++ {
			if in[at:at+len(text)] == text {
				all = append(all, manytext.Match{From: at, To: at + len(text), Index: i})
			}
		}
	}
	return all
}

func sorted(all []manytext.Match) []manytext.Match {
	slices.SortFunc(all, func(a, b manytext.Match) int {
		return (a.From-b.From)*1000000 + (a.To-b.To)*1000 + a.Index - b.Index
	})
	return all
}

// TestLikeNaiveSearch compares the finder with a search for each text in turn.
func TestLikeNaiveSearch(t *testing.T) {
	rnd := rand.New(rand.NewPCG(1, 2))
	word := func(most int, letters string) string {
		b := make([]byte, rnd.IntN(most)+1)
		for i := range b {
			b[i] = letters[rnd.IntN(len(letters))]
		}
		return string(b)
	}
	for range 300 {
		letters := "ab"
		if rnd.IntN(2) == 0 {
			letters = "abcdefghijklmnop"
		}
		var texts []string
		for range rnd.IntN(20) + 1 {
			texts = append(texts, word(5, letters))
		}
		long := word(90, letters)
		texts = append(texts, long, "x"+long, long[len(long)/2:], "")
		in := word(200, letters) + "x" + long + word(100, letters)
		f := manytext.New(texts)
		want := sorted(naive(texts, in))
		assert.Equal(t, want, sorted(slices.Collect(manytext.All(f, in))))
		var streamed []manytext.Match
		require.NoError(t, f.Stream(iotest.OneByteReader(strings.NewReader(in)), func(m manytext.Match, a manytext.Around) bool {
			if m.From > 0 {
				assert.Equal(t, in[m.From-1], a.Before)
			}
			if m.To < len(in) {
				assert.Equal(t, in[m.To], a.After)
			}
			streamed = append(streamed, m)
			return true
		}))
		assert.Equal(t, want, sorted(streamed))
	}
}

// TestStreamOfManyBytes finds texts wherever a long stream is divided.
func TestStreamOfManyBytes(t *testing.T) {
	const every = 50021
	var in bytes.Buffer
	want := 0
	for in.Len() < 3<<20 {
		fmt.Fprintf(&in, "<secret-%d>", in.Len())
		in.Write(bytes.Repeat([]byte("."), every))
		want++
	}
	long := in.String()[100 : 100+200<<10] // exceeds what a stream keeps
	f := manytext.New([]string{"<secret-", long})
	found := map[int]int{}
	require.NoError(t, f.Stream(bytes.NewReader(in.Bytes()), func(m manytext.Match, _ manytext.Around) bool {
		found[m.Index]++
		return true
	}))
	assert.Equal(t, want, found[0])
	assert.NotZero(t, found[1])
}

func TestStreamReportsErrors(t *testing.T) {
	f := manytext.New([]string{"a"})
	err := f.Stream(iotest.ErrReader(assert.AnError), func(manytext.Match, manytext.Around) bool { return true })
	assert.ErrorIs(t, err, assert.AnError)
}
