package naming_test

import (
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/pcparchive/pcparchive/convert/naming"
)

func TestNameStyleFlag(t *testing.T) {
	for _, name := range []string{"pcp", "prometheus", "utf8"} {
		var s naming.Style
		require.NoError(t, s.Set(name))
		assert.Equal(t, name, s.String())
	}
	var s naming.Style
	require.EqualError(t, s.Set("x"), `names "x": want pcp, prometheus, utf8`)
	assert.Equal(t, "Style(9)", naming.Style(9).String())
	assert.Equal(t, "style", s.Type())
}
