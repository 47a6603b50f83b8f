package main

import (
	"fmt"
	"slices"
	"strings"

	"github.com/spf13/cobra"

	"defenderline/flows"
)

func newDiagram(h host) *cobra.Command {
	return &cobra.Command{
		Use:   "diagram [FLOW]",
		Short: "Print the conversations as Mermaid state diagrams",
		Args:  cobra.MaximumNArgs(1),
		RunE: act(func(_ *cobra.Command, args []string) error {
			engine, err := newRehearsal()
			if err != nil {
				return err
			}
			if len(args) == 1 {
				if err := knownFlow(engine, args[0]); err != nil {
					return err
				}
				_, err = fmt.Fprint(h.out, engine.Mermaid(args[0]))
				return err
			}
			for i, flow := range engine.Flows() {
				if i > 0 {
					fmt.Fprintln(h.out)
				}
				fmt.Fprintf(h.out, "%%%% %s\n%s", flow, engine.Mermaid(flow))
			}
			return nil
		}),
	}
}

// knownFlow refuses a conversation that does not exist.
func knownFlow(engine *flows.Engine, flow string) error {
	if !slices.Contains(engine.Flows(), flow) {
		return usageError(fmt.Sprintf("there is no conversation %q: choose from %s", flow, strings.Join(engine.Flows(), ", ")))
	}
	return nil
}
