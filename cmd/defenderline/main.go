// Command defenderline is the line: it runs it, checks its configuration, and shows what it would do.
//
// One file is one subcommand. Here stand only wiring and words for the terminal; whatever decides lives in a
// package. Exit status 2 means that the command was written wrongly, 1 that it could not be done, with one
// line on standard error that names the field or the server and what to do. The client of the desk API has two more.
package main

import (
	"context"
	"crypto/rand"
	"errors"
	"fmt"
	"io"
	"os"
	"os/signal"
	"syscall"
	"time"
	_ "time/tzdata" // the image has no time zones, and a mission's hours must not depend on the host

	"github.com/spf13/cobra"

	"defenderline/configs"
	"defenderline/referrals/store"
)

// Set by the linker when a release is built.
var version, commit string

// host is everything that a command takes from the world.
type host struct {
	in       io.Reader
	out, err io.Writer
	now      func() time.Time
	random   io.Reader
	// redis asks whether the Redis of a configuration can be used.
	redis func(context.Context, *configs.Config) []configs.Finding
}

func main() { os.Exit(start()) }

func start() int {
	ctx, stop := signal.NotifyContext(context.Background(), syscall.SIGINT, syscall.SIGTERM)
	defer stop()
	store.Quiet()
	h := host{in: os.Stdin, out: os.Stdout, err: os.Stderr, now: time.Now, random: rand.Reader, redis: askRedis}
	return h.run(ctx, os.Args[1:])
}

// run does what the arguments say and returns the exit status.
func (h host) run(ctx context.Context, args []string) int {
	root := newRoot(h)
	root.SetArgs(args)
	err := root.ExecuteContext(ctx)
	var failed *failure
	switch {
	case err == nil:
		return 0
	case errors.As(err, &failed):
		fmt.Fprintln(h.err, "defenderline:", err)
		var refused *deskRefusal
		if errors.As(err, &refused) {
			return refused.exit()
		}
		return 1
	default:
		fmt.Fprintf(h.err, "defenderline: %v; see: defenderline help\n", err)
		return 2
	}
}

// failure is an error of a command that was written rightly. Every other error is one of usage.
type failure struct{ cause error }

func (f *failure) Error() string { return f.cause.Error() }
func (f *failure) Unwrap() error { return f.cause }

// usageError is found wrong with the arguments by the command itself.
type usageError string

func (u usageError) Error() string { return string(u) }

// act makes a command's errors failures, except those of usage.
func act(run func(cmd *cobra.Command, args []string) error) func(*cobra.Command, []string) error {
	return func(cmd *cobra.Command, args []string) error {
		err := run(cmd, args)
		var usage usageError
		if err == nil || errors.As(err, &usage) {
			return err
		}
		return &failure{err}
	}
}
