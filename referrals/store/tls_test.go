package store

import (
	"context"
	"strings"
	"testing"
	"time"

	"github.com/redis/go-redis/v9"

	"defenderline/referrals/store/redistest"
)

// TestEveryFormSpeaksTLS: one server, Sentinel and Cluster are reached by TLS when the configuration says so, the sentinels
// with a password of their own, and a server that cannot prove who it is is refused by each.
func TestEveryFormSpeaksTLS(t *testing.T) {
	cert := redistest.NewCertificate(t)
	server := cert.Start(t)
	sentinel := cert.StartSentinel(t, "line", server, "--requirepass", "of the sentinels")
	node := cert.Start(t, "--cluster-enabled", "yes", "--cluster-announce-ip", "127.0.0.1")
	whole(t, cert, node.Addr)
	vault := newVault(t)
	asks := Sentinel{Master: "line", Addresses: []string{sentinel}, Password: "of the sentinels"}
	for name, o := range map[string]Options{
		"single":   {URL: "rediss://" + server.Addr},
		"sentinel": {Sentinel: asks, TLS: true},
		"cluster":  {Cluster: []string{node.Addr}, TLS: true},
	} {
		t.Run(name, func(t *testing.T) {
			o.Vault, o.Now, o.RequireDurable = vault, time.Now, true
			try := func(o Options) error {
				ctx, cancel := context.WithTimeout(t.Context(), time.Minute)
				defer cancel()
				s, err := Open(ctx, o)
				if err == nil {
					err = s.Close()
				}
				return err
			}
			if err := try(o); err == nil || !strings.Contains(err.Error(), "redis does not answer") {
				t.Errorf("a server that nobody signed for: %v", err)
			}
			o.CA = cert.PEM
			if err := try(o); err != nil {
				t.Errorf("with its authority: %v", err)
			}
			if o.Sentinel.Password = ""; name == "sentinel" {
				if err := try(o); err == nil || !strings.Contains(err.Error(), "redis.sentinel.password_file") {
					t.Errorf("without the sentinels' password: %v", err)
				}
			}
			if o.TLS = false; name != "single" && try(o) == nil {
				t.Error("reached without TLS")
			}
		})
	}
}

// whole makes a node a Cluster of its own.
func whole(t *testing.T, cert *redistest.Certificate, addr string) {
	t.Helper()
	db := redis.NewClient(&redis.Options{Addr: addr, Protocol: 2, DisableIdentity: true, TLSConfig: trusting(nil, cert.PEM)})
	defer db.Close()
	if err := db.ClusterAddSlotsRange(t.Context(), 0, 16383).Err(); err != nil {
		t.Fatal(err)
	}
	for { // until the test's own time is up
		info, err := db.ClusterInfo(t.Context()).Result()
		if err != nil {
			t.Fatal(err)
		}
		if strings.Contains(info, "cluster_state:ok") {
			return
		}
	}
}
