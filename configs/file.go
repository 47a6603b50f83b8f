package configs

import "time"

// The types below are the file, field by field, as the decoder fills them; their tags are the
// public names. Pointers tell what was left out from what was set to nothing.

type file struct {
	Telegram         telegramPart     `yaml:"telegram"`
	Redis            redisPart        `yaml:"redis"`
	StateKeysFile    string           `yaml:"state_keys_file"`
	SigningKeyFile   string           `yaml:"signing_key_file"`
	HTTP             httpPart         `yaml:"http"`
	Languages        []string         `yaml:"languages"`
	FallbackContacts string           `yaml:"fallback_contacts"`
	Limits           limitsPart       `yaml:"limits"`
	Retention        retentionPart    `yaml:"retention"`
	SMTP             *smtpPart        `yaml:"smtp"`
	Missions         []missionPart    `yaml:"missions"`
	Operator         *operatorPart    `yaml:"operator"`
	Headquarters     *headquarterPart `yaml:"headquarters"`
	NGOs             []ngoPart        `yaml:"ngos"`
}

type telegramPart struct {
	TokenFile     string       `yaml:"token_file"`
	DeskTokenFile string       `yaml:"desk_token_file"`
	APIURL        string       `yaml:"api_url"`
	Webhook       *webhookPart `yaml:"webhook"`
}

type webhookPart struct {
	URL        string `yaml:"url"`
	Listen     string `yaml:"listen"`
	SecretFile string `yaml:"secret_file"`
}

type redisPart struct {
	URL            string        `yaml:"url"`
	Cluster        []string      `yaml:"cluster"`
	Sentinel       *sentinelPart `yaml:"sentinel"`
	Username       string        `yaml:"username"`
	PasswordFile   string        `yaml:"password_file"`
	Line           string        `yaml:"line"`
	TLS            bool          `yaml:"tls"`
	CAFile         string        `yaml:"ca_file"`
	RequireDurable *bool         `yaml:"require_durable"`
}

type sentinelPart struct {
	Master       string   `yaml:"master"`
	Addresses    []string `yaml:"addresses"`
	Username     string   `yaml:"username"`
	PasswordFile string   `yaml:"password_file"`
}

type httpPart struct {
	Listen string `yaml:"listen"`
}

type limitsPart struct {
	OpenCases *int `yaml:"open_cases_per_chat"`
	Updates   *int `yaml:"updates_per_chat_per_minute"`
}

type retentionPart struct {
	Draft  *time.Duration `yaml:"draft"`
	Sealed *time.Duration `yaml:"sealed"`
	Audit  *time.Duration `yaml:"audit"`
}

type smtpPart struct {
	Host         string `yaml:"host"`
	Port         int    `yaml:"port"`
	From         string `yaml:"from"`
	Username     string `yaml:"username"`
	PasswordFile string `yaml:"password_file"`
	TLS          string `yaml:"tls"`
}

type keyPart struct {
	File        string `yaml:"file"`
	Fingerprint string `yaml:"fingerprint"`
}

type rungPart struct {
	Chat              *int64         `yaml:"chat"`
	Email             string         `yaml:"email"`
	AcknowledgeWithin *time.Duration `yaml:"acknowledge_within"`
}

// officePart is what missions and headquarters have in common.
type officePart struct {
	Name          string         `yaml:"name"`
	Languages     []string       `yaml:"languages"`
	Timezone      string         `yaml:"timezone"`
	Web           string         `yaml:"web"`
	Keys          []keyPart      `yaml:"keys"`
	Duty          []rungPart     `yaml:"duty"`
	RoutineWithin *time.Duration `yaml:"routine_acknowledge_within"`
	DutyHours     string         `yaml:"duty_hours"`
	HideKeyIDs    *bool          `yaml:"hide_key_ids"`
	TokenFile     string         `yaml:"api_token_sha256_file"`
}

type missionPart struct {
	ID         string   `yaml:"id"`
	Countries  []string `yaml:"countries"`
	Asks       []string `yaml:"asks"`
	officePart `yaml:",inline"`
}

type headquarterPart struct {
	officePart `yaml:",inline"`
}

type operatorPart struct {
	Email string `yaml:"email"`
}

type ngoPart struct {
	ID           string         `yaml:"id"`
	Name         string         `yaml:"name"`
	Keys         []keyPart      `yaml:"keys"`
	Chat         *int64         `yaml:"chat"`
	HideKeyIDs   *bool          `yaml:"hide_key_ids"`
	TokenFile    string         `yaml:"api_token_sha256_file"`
	Serves       *servesPart    `yaml:"serves"`
	AcceptWithin *time.Duration `yaml:"accept_within"`
	Capacity     *int           `yaml:"capacity"`
	Accepting    *bool          `yaml:"accepting"`
}

type servesPart struct {
	Countries  countries `yaml:"countries"`
	Needs      []string  `yaml:"needs"`
	Applicants []string  `yaml:"applicants"`
	Languages  []string  `yaml:"languages"`
}

// countries is a list, or the word all.
type countries struct {
	All  bool
	List []string
}
