package safetext_test

import (
	"testing"
	"unicode/utf8"

	"github.com/stretchr/testify/assert"

	"github.com/pcparchive/pcparchive/internal/safetext"
)

func TestCut(t *testing.T) {
	for most, want := range map[int]string{-1: "", 0: "", 1: "…", 2: "ä…", 5: "äbcd…", 6: "äbcdeö", 7: "äbcdeö"} {
		assert.Equal(t, want, safetext.Cut("äbcdeö", most), most)
	}
	assert.Equal(t, "\xff…", safetext.Cut("\xff\xfe\xfd", 2), "a byte that is not UTF-8 counts as a character")
}

func TestElide(t *testing.T) {
	for most, want := range map[int]string{-1: "", 0: "", 1: "…", 2: "a…", 3: "a…j", 4: "ab…j", 9: "abcd…ghij", 10: "abcdefghij", 11: "abcdefghij"} {
		assert.Equal(t, want, safetext.Elide("abcdefghij", most), most)
	}
	assert.Equal(t, "ä…ö", safetext.Elide("äbcdö", 3))
}

// FuzzCut wants no text longer than asked for, and none changed that is short enough.
func FuzzCut(f *testing.F) {
	f.Add("äbcdö", 3)
	f.Add("\xff\xc3", 1)
	f.Fuzz(func(t *testing.T, text string, most int) {
		for _, got := range []string{safetext.Cut(text, most), safetext.Elide(text, most)} {
			if utf8.RuneCountInString(text) <= most {
				assert.Equal(t, text, got)
			} else {
				assert.LessOrEqual(t, utf8.RuneCountInString(got), max(most, 0))
			}
		}
	})
}
