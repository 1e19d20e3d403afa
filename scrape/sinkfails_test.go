package scrape_test

import (
	"context"
	"net/http/httptest"
	"path/filepath"
	"syscall"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/pcparchive/pcparchive/archive"
	"github.com/pcparchive/pcparchive/convert"
	"github.com/pcparchive/pcparchive/convert/mapper"
	"github.com/pcparchive/pcparchive/history"
	"github.com/pcparchive/pcparchive/scrape"
)

// fullSink is a sink whose disk is full after some records.
type fullSink struct {
	*convert.ToArchive
	puts int
}

// Put fails when the disk is full.
func (s *fullSink) Put(step *history.Step) error {
	if s.puts--; s.puts < 0 {
		return syscall.ENOSPC
	}
	return s.ToArchive.Put(step)
}

// A sink that fails ends the run although nobody ends its context.
func TestRunEndsWhenTheSinkFails(t *testing.T) {
	for name, puts := range map[string]int{"at once": 0, "later": 2} {
		t.Run(name, func(t *testing.T) {
			server := httptest.NewServer(&page{body: "a 1\n"})
			defer server.Close()
			cfg, err := scrape.Config([]scrape.Endpoint{{Name: "web", URL: server.URL}}, scrape.Settings{Interval: 100 * time.Millisecond}, nil)
			require.NoError(t, err)
			base := filepath.Join(t.TempDir(), "rec")
			a, err := archive.Create(base, archive.Header{Host: "tester"}, nil)
			require.NoError(t, err)
			mapper, err := mapper.New(mapper.Options{Host: "tester"})
			require.NoError(t, err)
			rec := scrape.NewRecorder(mapper, &fullSink{convert.NewToArchive(a), puts}, nil, nil)
			require.ErrorIs(t, scrape.Run(context.Background(), cfg, rec, scrape.RunOptions{StartNow: true}), syscall.ENOSPC)
			require.ErrorIs(t, rec.Close(), syscall.ENOSPC)
			_, members, err := archive.Members(base)
			if puts == 0 {
				assert.Empty(t, members)
				return
			}
			require.NoError(t, err)
			r, err := archive.Open(base, nil)
			require.NoError(t, err)
			assert.Empty(t, r.Warnings())
		})
	}
}
