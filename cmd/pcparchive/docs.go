package main

import (
	"os"
	"time"

	"github.com/spf13/cobra"
	"github.com/spf13/cobra/doc"
)

// newDocsCmd returns the hidden command that writes the manual in the repository.
// `make docs` calls it.
func newDocsCmd() *cobra.Command {
	return &cobra.Command{
		Use:    "docs DIR",
		Short:  "Write man pages and Markdown",
		Hidden: true,
		Args:   nargs(1, 1, "a directory"),
		RunE: func(cmd *cobra.Command, args []string) error {
			man, markdown := args[0]+"/man", args[0]+"/cli"
			for _, dir := range []string{man, markdown} {
				if err := os.MkdirAll(dir, 0o755); err != nil {
					return err
				}
			}
			epoch := time.Unix(0, 0).UTC() // the same pages every day
			header := &doc.GenManHeader{Title: "PCPARCHIVE", Section: "1", Source: "pcparchive", Manual: "pcparchive", Date: &epoch}
			root := cmd.Root()
			if err := doc.GenManTree(root, header, man); err != nil {
				return err
			}
			return doc.GenMarkdownTree(root, markdown)
		},
	}
}
