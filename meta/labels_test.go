package meta_test

import (
	"testing"

	"github.com/stretchr/testify/assert"

	"github.com/pcparchive/pcparchive/labelset"
	"github.com/pcparchive/pcparchive/meta"
	"github.com/pcparchive/pcparchive/pcp"
)

func TestLabelsOwner(t *testing.T) {
	id := uint32(pcp.NewPMID(60, 2, 1))
	for level, tc := range map[labelset.Level]struct {
		ident uint32
		want  string
	}{
		labelset.Context:   {meta.ContextIdent, ""},
		labelset.Domain:    {60, "60"},
		labelset.InDom:     {uint32(pcp.NewInDomID(60, 3)), "60.3"},
		labelset.Cluster:   {uint32(pcp.PMID(id).ClusterID()), "60.2"},
		labelset.Item:      {id, "60.2.1"},
		labelset.Instances: {uint32(pcp.NewInDomID(60, 3)), "60.3"},
	} {
		assert.Equal(t, tc.want, (&meta.Labels{Level: level, Ident: tc.ident}).Owner(), level.String())
	}
}
