package main

import (
	"github.com/spf13/cobra"
)

func newRoot(h host) *cobra.Command {
	root := &cobra.Command{
		Use:           "defenderline",
		Short:         "A line for human rights defenders at risk: sealed on receipt, to whom they choose",
		SilenceUsage:  true,
		SilenceErrors: true,
		Args:          cobra.NoArgs,
		RunE: func(*cobra.Command, []string) error {
			return usageError("name a command")
		},
	}
	root.SetIn(h.in)
	root.SetOut(h.out)
	root.SetErr(h.err)
	root.CompletionOptions.HiddenDefaultCmd = true
	root.AddCommand(
		newCheck(h),
		newKeys(h),
		newRoute(h),
		newSecrets(h),
		newDemo(h),
		newDiagram(h),
		newTry(h),
		newServe(h),
		newRehearse(h),
		newDesk(h),
		newEnrol(h),
		newReport(h),
		newVersion(h),
	)
	return root
}

// needConfig adds the flag that names the configuration file.
func needConfig(cmd *cobra.Command, path *string) {
	cmd.Flags().StringVar(path, "config", "", "the configuration `FILE`")
	_ = cmd.MarkFlagRequired("config") // fails only for a flag that does not exist
}
