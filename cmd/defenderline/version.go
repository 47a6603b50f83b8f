package main

import (
	"fmt"
	"io"
	"runtime"
	"runtime/debug"

	"github.com/spf13/cobra"
)

func newVersion(h host) *cobra.Command {
	return &cobra.Command{
		Use:   "version",
		Short: "Print version, commit and Go version",
		Args:  cobra.NoArgs,
		RunE: act(func(*cobra.Command, []string) error {
			return printVersion(h.out, version, commit)
		}),
	}
}

// printVersion takes from the build what the linker did not set.
func printVersion(out io.Writer, version, commit string) error {
	if info, ok := debug.ReadBuildInfo(); ok {
		if version == "" {
			version = info.Main.Version
		}
		for _, s := range info.Settings {
			if s.Key == "vcs.revision" && commit == "" {
				commit = s.Value
			}
		}
	}
	_, err := fmt.Fprintf(out, "defenderline %s\ncommit %s\n%s\n", known(version), known(commit), runtime.Version())
	return err
}

func known(s string) string {
	if s == "" {
		return "unknown"
	}
	return s
}
