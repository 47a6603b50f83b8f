package configs

import (
	"net/url"
	"path"
	"regexp"
	"slices"
	"strings"
)

// PlaceholderToken is what `secrets init` writes where a person must put the token that BotFather gave
// them. It has a token's form, belongs to no bot, and is accepted by Options.Offline only.
const PlaceholderToken = "0:replace-this-with-the-token-that-BotFather-gave-you"

const telegramAPI = "https://api.telegram.org"

const getToken = "put the token that BotFather gave you into that file, alone"

func (l *loader) telegram(p telegramPart) Telegram {
	t := Telegram{
		Token:     l.required("telegram.token_file", p.TokenFile, getToken),
		DeskToken: l.secret("telegram.desk_token_file", p.DeskTokenFile, getToken),
		APIURL:    strings.TrimRight(or(p.APIURL, telegramAPI), "/"),
	}
	l.token("telegram.token_file", t.Token)
	l.token("telegram.desk_token_file", t.DeskToken)
	if t.DeskToken.Set() && t.DeskToken.Reveal() == t.Token.Reveal() {
		l.refuse("telegram.desk_token_file", "holds the token of the line's own bot", "remove the field, or make a second bot")
	}
	l.link("telegram.api_url", t.APIURL)
	t.Webhook = l.webhook(p.Webhook, t.APIURL)
	return t
}

// token refuses what cannot be a bot's token without ever showing it.
func (l *loader) token(field string, token Secret) {
	if !token.Set() {
		return
	}
	if ok, _ := regexp.MatchString(`^[0-9]{1,20}:[A-Za-z0-9_-]{1,100}$`, token.Reveal()); !ok {
		l.refuse(field, "names a file that does not hold a bot's token", getToken)
		return
	}
	if token.Reveal() == PlaceholderToken {
		complain := l.refuse
		if l.Offline {
			complain = l.warn
		}
		complain(field, "still names the placeholder that secrets init wrote", getToken)
	}
}

// link parses a URL that must be https, or http to this machine, and carries nothing but a host and a path.
func (l *loader) link(field, value string) *url.URL {
	u, err := url.Parse(value)
	switch {
	case err != nil || u.Hostname() == "" || u.Opaque != "":
		l.refuse(field, "is not a URL", "write it like https://host/path")
	case u.User != nil:
		l.refuse(field, "holds a name or a password", "remove what stands before the @")
	case u.RawQuery != "" || u.Fragment != "" || u.ForceQuery:
		l.refuse(field, "has more than a host and a path", "remove what follows ? or #")
	case u.Scheme == "https", u.Scheme == "http" && loopback(u.Hostname()):
		return u
	default:
		l.refuse(field, "is not https", "use https; http is allowed to this machine (loopback) only")
	}
	return nil
}

func (l *loader) webhook(p *webhookPart, api string) *Webhook {
	if p == nil {
		return nil
	}
	const field = "telegram.webhook."
	w := &Webhook{URL: p.URL, Listen: p.Listen}
	if p.URL == "" {
		l.missing(field+"url", "give the address that Telegram delivers to, or remove webhook for long polling")
	} else if u := l.link(field+"url", p.URL); u != nil {
		l.webhookURL(w, u, api)
	}
	if p.Listen == "" {
		l.missing(field+"listen", "give host:port, like 127.0.0.1:8443")
	} else {
		l.listen(field+"listen", p.Listen)
	}
	w.Secret = l.required(field+"secret_file", p.SecretFile, "put 1 to 256 letters, digits, _ or - of your own choice into that file")
	if ok, _ := regexp.MatchString(`^[A-Za-z0-9_-]{1,256}$`, w.Secret.Reveal()); w.Secret.Set() && !ok {
		l.refuse(field+"secret_file", "holds something else than 1 to 256 letters, digits, _ and -", "put 1 to 256 of those of your own choice into that file")
	}
	return w
}

// webhookURL fills in the paths that are served.
func (l *loader) webhookURL(w *Webhook, u *url.URL, api string) {
	const field = "telegram.webhook.url"
	if u.Path == "" {
		u.Path = "/"
	}
	if path.Clean(u.Path) != u.Path || u.RawPath != "" {
		l.refuse(field, "has a path with a slash at its end, empty steps, dots or escapes", "write a plain path like /telegram")
		return
	}
	ports := []string{"", "443", "80", "88", "8443"}
	if api == telegramAPI && !slices.Contains(ports, u.Port()) {
		l.refuse(field, "has a port that Telegram does not deliver to", "use 443, 80, 88 or 8443")
	}
	w.Path = u.Path
	w.URL = u.String()
	u.Path = path.Join(u.Path, "desk")
	w.DeskPath, w.DeskURL = u.Path, u.String()
}
