package main

import (
	"os"
	"path/filepath"
	"slices"
	"strings"

	"github.com/spf13/cobra"

	"github.com/pcparchive/pcparchive/store"
)

// completeArchives completes names of folders, and base names of archives instead of
// the names of their files.
func completeArchives(_ *cobra.Command, _ []string, start string) ([]string, cobra.ShellCompDirective) {
	dir, prefix := filepath.Split(start)
	entries, err := os.ReadDir(filepath.Clean(dir))
	if err != nil {
		return nil, cobra.ShellCompDirectiveNoFileComp
	}
	var names []string
	directive := cobra.ShellCompDirectiveNoFileComp
	for _, e := range entries {
		name := e.Name()
		switch {
		case !strings.HasPrefix(name, prefix) || strings.HasPrefix(name, ".") && prefix == "":
			continue
		case isFolder(dir + name):
			names = append(names, dir+name+string(filepath.Separator))
			directive |= cobra.ShellCompDirectiveNoSpace
		default:
			if base, ok := store.BaseOf(dir + name); ok && !slices.Contains(names, base) {
				names = append(names, base)
			}
		}
	}
	return names, directive
}

// completeArchivesFrom completes archives from the operand with the given index on.
func completeArchivesFrom(first int) cobra.CompletionFunc {
	return func(cmd *cobra.Command, args []string, start string) ([]string, cobra.ShellCompDirective) {
		if len(args) < first {
			return nil, cobra.ShellCompDirectiveNoFileComp
		}
		return completeArchives(cmd, args, start)
	}
}
