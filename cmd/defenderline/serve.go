package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"net"
	"net/http"
	"time"

	"github.com/spf13/cobra"
	"golang.org/x/sync/errgroup"

	"defenderline/configs"
)

// newServe runs the line.
func newServe(h host) *cobra.Command {
	var path string
	c := &cobra.Command{
		Use:   "serve --config FILE",
		Short: "Run the line: receive, converse, seal, alert, refer",
		Args:  cobra.NoArgs,
		RunE:  act(func(cmd *cobra.Command, _ []string) error { return serve(cmd.Context(), path, h.out, h.err) }),
	}
	needConfig(c, &path)
	return c
}

// serve runs the line of a configuration file until ctx ends. Log lines are JSON on out.
func serve(ctx context.Context, path string, out, errs io.Writer) error {
	leaveProcessors()
	log := slog.New(newCalm(slog.NewJSONHandler(out, nil)))
	config, findings := configs.Load(path, configs.Options{})
	for _, f := range findings {
		fmt.Fprintln(errs, f)
	}
	if config == nil {
		return errors.New("the configuration was refused; mend what is named above (defenderline check says it again)")
	}
	p, err := assemble(ctx, config, log)
	if err != nil {
		return err
	}
	defer p.store.Close()
	return p.run(ctx)
}

// run serves until ctx ends and returns nil then.
func (p *parts) run(ctx context.Context) error {
	group, within := errgroup.WithContext(ctx)
	servers := []server{{p.config.HTTP.Listen, "http.listen", p.routes(within.Done())}}
	if w := p.config.Telegram.Webhook; w != nil {
		servers = append(servers, server{w.Listen, "telegram.webhook.listen", p.webhookMux()})
	}
	var listening []net.Listener
	for _, s := range servers {
		l, err := net.Listen("tcp", s.listen)
		if err != nil {
			return errors.Join(fmt.Errorf("%s: %s cannot be listened on; is it in use?", s.field, s.listen), closeAll(listening))
		}
		listening = append(listening, l)
	}
	for i, s := range servers {
		group.Go(func() error { return s.serve(within, listening[i]) })
	}
	group.Go(func() error { return p.mend(within) })
	group.Go(func() error { return p.countRefused(within) })
	ended := make(chan struct{})
	group.Go(func() error { return p.letGo(within, ended) })
	group.Go(func() error {
		defer close(ended)
		if err := p.start(within); err != nil {
			return err
		}
		group.Go(func() error { return stayLean(within, letFileGo) })
		p.log.Info("listening", "http", listening[0].Addr().String(), "desks", len(p.config.Desks))
		return p.line.Run(within)
	})
	err := group.Wait()
	if ctx.Err() != nil && (err == nil || errors.Is(err, context.Canceled)) {
		p.log.Info("stopped")
		return nil
	}
	return err
}

// letGo closes the store when the end takes too long: a server that is frozen answers no context, and whoever stops the line
// waits for it.
func (p *parts) letGo(ctx context.Context, ended <-chan struct{}) error {
	const patience = 12 * time.Second
	select {
	case <-ended:
		return nil
	case <-ctx.Done():
	}
	timer := time.NewTimer(patience)
	defer timer.Stop()
	select {
	case <-ended:
		return nil
	case <-timer.C:
		return p.store.Close()
	}
}

// start tells Telegram how updates are received. A Telegram that cannot be reached is waited for, since
// people's updates wait there too; one that refuses ends the program.
func (p *parts) start(ctx context.Context) error {
	const patience, between = time.Minute, time.Second
	deadline := time.Now().Add(patience)
	for {
		err := p.line.Start(ctx)
		if err == nil || ctx.Err() != nil {
			return ctx.Err()
		}
		if time.Now().After(deadline) {
			return err
		}
		p.log.Warn("telegram is not ready; it is tried again", "err", err)
		select {
		case <-ctx.Done():
			return ctx.Err()
		case <-time.After(between):
		}
	}
}

func closeAll(listeners []net.Listener) error {
	var errs []error
	for _, l := range listeners {
		errs = append(errs, l.Close())
	}
	return errors.Join(errs...)
}

// server is one address that is listened on.
type server struct {
	listen, field string
	handler       http.Handler
}

// serve answers until ctx ends, then finishes what is under way.
func (s server) serve(ctx context.Context, l net.Listener) error {
	srv := &http.Server{Handler: s.handler, ReadHeaderTimeout: 5 * time.Second, ReadTimeout: 30 * time.Second,
		IdleTimeout: 2 * time.Minute, MaxHeaderBytes: 32 << 10}
	done := make(chan error, 1)
	go func() { done <- srv.Serve(l) }()
	select {
	case err := <-done:
		return err
	case <-ctx.Done():
	}
	end, cancel := context.WithTimeout(context.WithoutCancel(ctx), 3*time.Second)
	defer cancel()
	if srv.Shutdown(end) != nil { // what hangs is cut: Telegram delivers again
		_ = srv.Close()
	}
	<-done
	return nil
}
