package configs

import (
	"time"

	"defenderline/referrals"
)

// Config is a configuration that was read and found right, with defaults filled in.
type Config struct {
	Telegram Telegram
	Redis    Redis
	// StateKeys is the keyset that seals what waits in Redis, as `secrets init` wrote it.
	StateKeys Secret
	// SigningKey is the line's own OpenPGP key, armored, private half included.
	SigningKey Secret
	HTTP       HTTP
	// Languages the line speaks, BCP 47; the first is the fallback.
	Languages []string
	// Fallback is what people are told besides when the line has trouble: other ways to help; by language; nil when not configured.
	Fallback  map[string]string
	Limits    Limits
	Retention Retention
	SMTP      *SMTP     // nil: no mail
	Operator  *Operator // nil: nobody is paged
	// Desks are the missions, then headquarters, then the NGOs, each in the order of the file.
	Desks []Desk
}

// Telegram says how the line talks to the Bot API.
type Telegram struct {
	Token Secret
	// DeskToken is the token of the bot for officers and NGOs; not set: the line's bot serves them.
	DeskToken Secret
	// APIURL is the base of the Bot API without a slash at the end.
	APIURL  string
	Webhook *Webhook // nil: long polling
}

// Webhook says where Telegram delivers updates.
type Webhook struct {
	URL      string
	Path     string // of the URL, as served for the line's bot
	DeskPath string // as served for the desk bot
	// DeskURL is the URL that the desk bot's updates are delivered to.
	DeskURL string
	Listen  string // host:port, plain HTTP
	Secret  Secret
}

// Redis says where the store is: exactly one of URL, Cluster and Sentinel is set.
type Redis struct {
	URL      string // redis://, rediss:// or unix://, without a name or a password
	Cluster  []string
	Sentinel *Sentinel
	Username string
	Password Secret
	// Line names the line where several share a server or a cluster; empty when this one has it for itself.
	Line string
	// TLS is for Cluster and Sentinel, the sentinels included; rediss:// says it in a URL.
	TLS bool
	// CA are the certificates, PEM, that servers must be signed by; nil: those that the system trusts.
	CA []byte
	// RequireDurable refuses a server that does not write to disk.
	RequireDurable bool
}

// Sentinel names a group of replicas and who watches it.
type Sentinel struct {
	Master    string
	Addresses []string
	// Username and Password are the sentinels' own; not set: they ask for none.
	Username string
	Password Secret
}

// HTTP says where health, metrics and the desk API listen.
type HTTP struct{ Listen string }

// Limits keep one chat from taking the line from others.
type Limits struct {
	OpenCasesPerChat        int
	UpdatesPerChatPerMinute int
}

// Retention says how long the store keeps drafts, sealed copies and audit lines.
type Retention struct{ Draft, Sealed, Audit time.Duration }

// SMTP is the server that carries alerts by mail.
type SMTP struct {
	Host     string
	Port     int
	From     string
	Username string
	Password Secret
	TLS      bool // required; false only on loopback
}

// Operator is who is paged when everything else is silent.
type Operator struct{ Email string }

// Desk is an organisation with what is needed to seal to it.
type Desk struct {
	*referrals.Desk
	Keys       []Key
	HideKeyIDs bool
	// Field is the desk's path in the file: missions[0].
	Field string
}

// Key is an OpenPGP public key as it was read, not yet understood.
type Key struct {
	File        string
	Fingerprint string // 40 upper-case hexadecimal digits
	Armored     []byte
	// Field is the key's path in the file: missions[0].keys[0].
	Field string
}

// Directory is the desks, ready for routing.
func (c *Config) Directory() *referrals.Directory {
	desks := make([]*referrals.Desk, len(c.Desks))
	for i, d := range c.Desks {
		desks[i] = d.Desk
	}
	return referrals.NewDirectory(desks)
}
