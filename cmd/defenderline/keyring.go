package main

import (
	"errors"
	"time"

	"defenderline/configs"
	"defenderline/referrals/seal"
	"defenderline/referrals/store"
)

// storeOptions joins the configuration with the package that stores.
func storeOptions(c *configs.Config, vault *store.Vault) store.Options {
	o := store.Options{
		URL: c.Redis.URL, Cluster: c.Redis.Cluster, Username: c.Redis.Username, Password: c.Redis.Password.Reveal(),
		Line: c.Redis.Line, TLS: c.Redis.TLS, CA: c.Redis.CA, RequireDurable: c.Redis.RequireDurable, Vault: vault, Now: time.Now, EndedFor: c.Retention.Sealed,
		AuditFor: c.Retention.Audit,
	}
	if s := c.Redis.Sentinel; s != nil {
		o.Sentinel = store.Sentinel{Master: s.Master, Addresses: s.Addresses, Username: s.Username, Password: s.Password.Reveal()}
	}
	for _, d := range c.Desks {
		o.Desks = append(o.Desks, d.ID)
	}
	return o
}

// clock tells the time.
type clock = func() time.Time

// heldKey is one key of a desk, understood; key is nil when it could not be.
type heldKey struct {
	of   configs.Key
	desk *configs.Desk
	key  *seal.Key
	err  error // why it cannot be sealed to; nil when it can
}

// keyring is every key of a configuration as it stands at one time.
type keyring struct {
	desks []configs.Desk
	keys  []heldKey
	now   time.Time
}

func newKeyring(c *configs.Config, now time.Time) *keyring {
	ring := &keyring{desks: c.Desks, now: now}
	for i := range c.Desks {
		for _, k := range c.Desks[i].Keys {
			held := heldKey{of: k, desk: &c.Desks[i]}
			if held.key, held.err = seal.ParseKey(k.Armored, k.Fingerprint); held.err == nil {
				held.err = held.key.Usable(now)
			}
			ring.keys = append(ring.keys, held)
		}
	}
	return ring
}

// usable is nil when the desk has a key that can be sealed to.
func (r *keyring) usable(desk string) error {
	for _, k := range r.keys {
		if k.desk.ID == desk && k.err == nil {
			return nil
		}
	}
	return errors.New("no usable key")
}

// findings are what is wrong with keys. A key that cannot be used is an error when the desk has no
// other, else a warning: its holder reads nothing, the desk does.
func (r *keyring) findings() []configs.Finding {
	var out []configs.Finding
	for _, k := range r.keys {
		if k.of.Armored == nil || k.of.Fingerprint == "" {
			continue // the file itself was refused already
		}
		if k.err != nil {
			severity := configs.Error
			if r.usable(k.desk.ID) == nil {
				severity = configs.Warning
			}
			out = append(out, sealFinding(severity, keyField(k), k.err))
			continue
		}
		for _, w := range k.key.Warnings(r.now) {
			out = append(out, warn(k.of.Field+".file", w.Problem, w.Remedy))
		}
	}
	return out
}

func keyField(k heldKey) string {
	if seal.ReasonOf(k.err) == seal.ReasonFingerprint {
		return k.of.Field + ".fingerprint"
	}
	return k.of.Field + ".file"
}

// sealFinding says in a finding what the package that seals refused.
func sealFinding(severity configs.Severity, field string, err error) configs.Finding {
	var refused *seal.Error
	if !errors.As(err, &refused) {
		return configs.Finding{Severity: severity, Field: field, Problem: err.Error(), Remedy: "replace the key"}
	}
	return configs.Finding{Severity: severity, Field: field, Problem: refused.Problem, Remedy: refused.Remedy}
}

// sealDesks joins the configuration's keys with the package that seals, leaving out what it cannot
// understand.
func (r *keyring) sealDesks() []seal.Desk {
	out := make([]seal.Desk, len(r.desks))
	for i := range r.desks {
		out[i] = seal.Desk{ID: r.desks[i].ID, HideKeyIDs: r.desks[i].HideKeyIDs}
		for _, k := range r.keys {
			if k.desk == &r.desks[i] && k.key != nil {
				out[i].Keys = append(out[i].Keys, k.key)
			}
		}
	}
	return out
}

// trial seals a line to every desk that has a usable key.
func (r *keyring) trial(signing *seal.SigningKey, now clock) []configs.Finding {
	sealer, err := seal.New(signing, r.sealDesks(), now)
	if err != nil {
		return []configs.Finding{sealFinding(configs.Error, "headquarters", err)}
	}
	var out []configs.Finding
	for _, d := range r.desks {
		if r.usable(d.ID) != nil {
			continue
		}
		if _, err := sealer.Seal(d.ID, []byte("trial")); err != nil {
			out = append(out, sealFinding(configs.Error, d.Field+".keys", err))
		}
	}
	return out
}
