package redistest

import (
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/x509"
	"encoding/pem"
	"math/big"
	"net"
	"os"
	"path/filepath"
	"testing"
	"time"
)

// Certificate is one that signs itself, for servers on this machine.
type Certificate struct {
	// PEM is what clients must trust.
	PEM   []byte
	flags []string // of a redis-server that has it
}

// NewCertificate makes a certificate for 127.0.0.1.
func NewCertificate(t testing.TB) *Certificate {
	t.Helper()
	key, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	must(t, err)
	of := &x509.Certificate{SerialNumber: big.NewInt(1), NotBefore: time.Now().Add(-time.Hour), NotAfter: time.Now().Add(time.Hour),
		IPAddresses: []net.IP{net.IPv4(127, 0, 0, 1)}, IsCA: true, BasicConstraintsValid: true}
	signed, err := x509.CreateCertificate(rand.Reader, of, of, &key.PublicKey, key)
	must(t, err)
	private, err := x509.MarshalPKCS8PrivateKey(key)
	must(t, err)
	dir := t.TempDir()
	public := pem.EncodeToMemory(&pem.Block{Type: "CERTIFICATE", Bytes: signed})
	must(t, os.WriteFile(filepath.Join(dir, "cert.pem"), public, 0o600))
	must(t, os.WriteFile(filepath.Join(dir, "key.pem"), pem.EncodeToMemory(&pem.Block{Type: "PRIVATE KEY", Bytes: private}), 0o600))
	return &Certificate{PEM: public, flags: []string{"--tls-cert-file", filepath.Join(dir, "cert.pem"), "--tls-key-file", filepath.Join(dir, "key.pem"),
		"--tls-ca-cert-file", filepath.Join(dir, "cert.pem"), "--tls-auth-clients", "no", "--tls-replication", "yes", "--tls-cluster", "yes"}}
}

// Start runs a server that is reached by TLS only. Its Client, Kill and Restart are as of any other, but that Client
// is of no use.
func (c *Certificate) Start(t testing.TB, flags ...string) *Server {
	t.Helper()
	return start(t, &Server{t: t, dir: t.TempDir(), tls: true, flags: append(c.flags[:len(c.flags):len(c.flags)], flags...)})
}

// StartSentinel runs a sentinel that is reached by TLS only, as is the server it watches under a name, and returns its address.
func (c *Certificate) StartSentinel(t testing.TB, name string, watched *Server, flags ...string) string {
	t.Helper()
	s := newSentinel(t, name, watched, 1)
	s.tls, s.flags = true, append(c.flags[:len(c.flags):len(c.flags)], flags...)
	return start(t, s).Addr
}
