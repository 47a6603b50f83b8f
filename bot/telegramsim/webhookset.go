package telegramsim

import (
	"net"
	"net/url"
	"strings"
)

// setWebhook starts deliveries, or ends them with an empty url.
func (c *call) setWebhook() (any, *Error) {
	secret, target := c.str("secret_token"), c.str("url")
	if len(secret) > 256 {
		return nil, badRequest("secret token is too long")
	}
	if strings.ContainsFunc(secret, func(r rune) bool { return !isTokenRune(r) }) {
		return nil, badRequest("secret token contains unallowed characters")
	}
	if c.req.file("certificate") != nil {
		return nil, badRequest("method not simulated: setWebhook with a certificate")
	}
	if target == "" {
		return c.deleteWebhook()
	}
	if err := checkWebhookURL(target); err != nil {
		return nil, err
	}
	return true, c.bot.queue.setHook(c, target, secret)
}

func isTokenRune(r rune) bool {
	return r == '_' || r == '-' || r >= '0' && r <= '9' || r >= 'A' && r <= 'Z' || r >= 'a' && r <= 'z'
}

// checkWebhookURL wants https on one of four ports; on loopback anything goes, as with a local server.
func checkWebhookURL(text string) *Error {
	u, err := url.Parse(text)
	if err != nil || u.Host == "" || u.Scheme != "https" && u.Scheme != "http" {
		return badRequest("bad webhook: invalid URL specified")
	}
	if isLoopback(u.Hostname()) {
		return nil
	}
	if u.Scheme != "https" {
		return badRequest("bad webhook: An HTTPS URL must be provided for webhook")
	}
	switch u.Port() {
	case "", "443", "80", "88", "8443":
		return nil
	}
	return badRequest("bad webhook: Webhook can be set up only on ports 80, 88, 443 or 8443")
}

func isLoopback(host string) bool {
	return host == "localhost" || net.ParseIP(host).IsLoopback()
}

func (q *queue) setHook(c *call, target, secret string) *Error {
	q.mu.Lock()
	defer q.mu.Unlock()
	if err := q.allow(c); err != nil {
		return err
	}
	most := c.int("max_connections")
	if most <= 0 {
		most = 40
	}
	q.interrupt(conflict("terminated by setWebhook request"))
	q.dropHook(c.flag("drop_pending_updates"))
	q.expire()
	q.hook = newWebhook(q.bot, target, secret, int(min(most, 100)), c.srv.now())
	for _, u := range q.pending {
		q.hook.push(u)
	}
	q.pending = nil
	return nil
}

// dropHook ends a webhook and puts what it has not delivered back; the lock is held.
func (q *queue) dropHook(forget bool) {
	if q.hook != nil {
		q.pending = q.hook.end()
		q.hook = nil
	}
	if forget {
		q.pending = nil
	}
}

// deleteWebhook ends deliveries; polling works again.
func (c *call) deleteWebhook() (any, *Error) {
	q := &c.bot.queue
	q.mu.Lock()
	defer q.mu.Unlock()
	q.dropHook(c.flag("drop_pending_updates"))
	return true, nil
}

// getWebhookInfo tells the state; without a webhook the url is empty.
func (c *call) getWebhookInfo() (any, *Error) {
	q := &c.bot.queue
	q.mu.Lock()
	defer q.mu.Unlock()
	info := struct {
		URL         string   `json:"url"`
		Certificate bool     `json:"has_custom_certificate"`
		Pending     int      `json:"pending_update_count"`
		ErrorDate   int64    `json:"last_error_date,omitempty"`
		Error       string   `json:"last_error_message,omitempty"`
		Most        int      `json:"max_connections,omitempty"`
		Allowed     []string `json:"allowed_updates,omitempty"`
	}{Pending: q.waiting(), Allowed: q.allowed}
	if h := q.hook; h != nil {
		h.mu.Lock()
		defer h.mu.Unlock()
		info.URL, info.Most, info.Error = h.url, h.max, h.lastError
		if h.lastError != "" {
			info.ErrorDate = h.lastAt.Unix()
		}
	}
	return info, nil
}
