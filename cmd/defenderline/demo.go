package main

import (
	"context"
	"fmt"
	"io"
	"log/slog"
	"net"
	"net/http"
	"strings"
	"time"

	"github.com/spf13/cobra"
	"golang.org/x/sync/errgroup"

	"defenderline/bot/telegramsim"
)

// newDemo shows the whole line in one process.
func newDemo(h host) *cobra.Command {
	var listen string
	c := &cobra.Command{
		Use:   "demo [--listen 127.0.0.1:8080]",
		Short: "Show the whole line on one page: a defender's phone, a duty desk, two NGOs, the store",
		Long: "Runs the line as it is, with everything around it pretended: a simulated Telegram, an in-memory Redis and\n" +
			"throw-away keys. The page shows a defender's phone, the desks, and what the store holds meanwhile.\n" +
			"Nothing is installed, configured, sent anywhere or kept.",
		Args: cobra.NoArgs,
		RunE: act(func(cmd *cobra.Command, _ []string) error { return demo(cmd.Context(), listen, h) }),
	}
	c.Flags().StringVar(&listen, "listen", "127.0.0.1:8080", "`host:port` of the page")
	return c
}

// demo serves the page until ctx ends. Everything it starts ends with it: first the line, which still needs
// Telegram and Redis for its last words, then those.
func demo(ctx context.Context, listen string, h host) error {
	page, err := net.Listen("tcp", listen)
	if err != nil {
		return fmt.Errorf("--listen: %s cannot be listened on; is it in use? Name another, like 127.0.0.1:8081", listen)
	}
	defer page.Close()
	w, err := newWorld(ctx, h, slog.New(slog.NewTextHandler(h.err, &slog.HandlerOptions{Level: slog.LevelWarn})))
	if err != nil {
		return err
	}
	defer w.close()
	greet(h.out, page.Addr())
	group, within := errgroup.WithContext(ctx)
	group.Go(func() error { return w.parts.run(within) })
	group.Go(func() error { w.watch(within); return nil })
	group.Go(func() error {
		s := server{listen, "--listen", demoPages(within, w, page.Addr().String())}
		return s.serve(within, page)
	})
	err = group.Wait()
	if ctx.Err() != nil {
		return nil
	}
	return err
}

// greet says where the page is, and what it is not.
func greet(out io.Writer, at net.Addr) {
	host, port, _ := net.SplitHostPort(at.String()) // an address that is listened on has both
	ip := net.ParseIP(host)
	if ip != nil && ip.IsUnspecified() {
		host = "127.0.0.1"
	}
	fmt.Fprintf(out, "This is a demonstration. Telegram is simulated, the keys are thrown away, nothing is kept.\n"+
		"Never enter anything about a real person.\n\nOpen http://%s\n\nCtrl-C ends it.\n", net.JoinHostPort(host, port))
	if ip == nil || !ip.IsLoopback() {
		fmt.Fprintf(out, "\nWARNING: the page listens on %s, beyond this machine, without a password and without TLS.\n"+
			"Everybody who can reach it sees and operates it. Leave out --listen to keep it to this machine.\n", at)
	}
}

// background is a simulated service on a free port of this machine.
type background struct {
	url    string
	server *http.Server
	done   chan struct{}
}

// serveTelegram puts the simulated Telegram on a port of loopback, where the line reaches it over HTTP as
// it would the real one.
func serveTelegram(sim *telegramsim.Server) (*background, error) {
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		return nil, fmt.Errorf("no port of 127.0.0.1 can be listened on: %w", err)
	}
	b := &background{url: "http://" + l.Addr().String(), done: make(chan struct{}),
		server: &http.Server{Handler: onlyPrograms(l.Addr().String(), sim), ReadHeaderTimeout: 5 * time.Second, ErrorLog: slog.NewLogLogger(slog.DiscardHandler, slog.LevelDebug)}}
	go func() {
		defer close(b.done)
		_ = b.server.Serve(l) // ends with Close only
	}()
	return b, nil
}

// onlyPrograms refuses what a browser sends. The line is the only one who has business here, and a page from
// elsewhere that somebody on this machine has open is not: it could try tokens, or come by a name that was made
// to point here.
func onlyPrograms(address string, next http.Handler) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		switch {
		case r.Host != address:
			http.Error(w, "This address is not the simulation's.", http.StatusMisdirectedRequest)
		case r.Header.Get("Origin") != "" || r.Header.Get("Sec-Fetch-Site") != "":
			http.Error(w, "The simulation is no place for a browser.", http.StatusForbidden)
		default:
			next.ServeHTTP(w, r)
		}
	})
}

func (b *background) close() {
	_ = b.server.Close() // what is cut here was simulated
	<-b.done
}

// plainly is an error of the simulation as the page says it.
func plainly(err error) string { return strings.TrimPrefix(err.Error(), "telegramsim: ") }
