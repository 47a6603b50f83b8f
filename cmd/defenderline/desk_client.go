package main

import (
	"bytes"
	"context"
	"encoding/hex"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/url"
	"os"
	"strconv"
	"strings"
	"time"
)

// deskClient talks to the desk API of a line.
type deskClient struct {
	*deskCommand
	ctx  context.Context
	base string
	auth string
	http *http.Client
	date time.Time // of the last answer, by the line's clock; zero before
}

// deskAnswers is how long an answer may take to begin; sealed files and events may then go on.
const deskAnswers = 30 * time.Second

// client reads the token and where the API is. The token goes nowhere else: not in the clear over a network, and not
// along with a redirection.
func (d *deskCommand) client(ctx context.Context) (*deskClient, error) {
	base, err := deskURL(d.url)
	if err != nil {
		return nil, err
	}
	token, err := deskToken(d.token)
	if err != nil {
		return nil, err
	}
	transport := http.DefaultTransport.(*http.Transport).Clone()
	transport.ResponseHeaderTimeout = deskAnswers
	stay := func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse }
	return &deskClient{deskCommand: d, ctx: ctx, base: base, auth: "Bearer " + token, http: &http.Client{Transport: transport, CheckRedirect: stay}}, nil
}

// deskURL is where the API begins.
func deskURL(text string) (string, error) {
	u, err := url.Parse(text)
	switch {
	case err != nil || u.Host == "" || u.User != nil || u.RawQuery != "" || u.Fragment != "":
		return "", usageError("--url: give the line's address, like https://line.example.org")
	case u.Scheme != "https" && (u.Scheme != "http" || !isLoopback(u.Hostname())):
		return "", usageError("--url: must be https: the token would be readable on the way (http is for this machine only)")
	}
	return strings.TrimSuffix(strings.TrimSuffix(u.String(), "/"), "/api/v1") + "/api/v1", nil
}

func isLoopback(host string) bool {
	return host == "localhost" || host == "::1" || strings.HasPrefix(host, "127.")
}

// deskToken reads the token, which nobody else may read.
func deskToken(path string) (string, error) {
	info, err := os.Stat(path)
	switch {
	case err != nil:
		return "", errors.New("--token-file: cannot be read; look at its name and whose it is")
	case !info.Mode().IsRegular():
		return "", errors.New("--token-file: is not a regular file")
	case info.Mode().Perm()&0o077 != 0:
		return "", errors.New("--token-file: others can read it; change that with: chmod 600 FILE, and ask for a new token if others were there")
	}
	raw, err := os.ReadFile(path)
	if err != nil {
		return "", errors.New("--token-file: cannot be read; look at whose it is")
	}
	token := strings.TrimSpace(string(raw))
	if token == "" || strings.ContainsFunc(token, func(r rune) bool { return r <= ' ' || r > '~' }) {
		return "", errors.New("--token-file: holds no token: one line of letters, digits and signs")
	}
	return token, nil
}

// deskRefusal is what the API refused, with the command's exit status.
type deskRefusal struct {
	Title  string `json:"title"`
	Detail string `json:"detail"`
	State  string `json:"state"`
	status int
}

// Error says what to do.
func (r *deskRefusal) Error() string {
	text := r.Title + ". " + r.Detail
	if r.State != "" {
		text += " (" + r.State + ")"
	}
	return text
}

// exit is the exit status of a refusal.
func (r *deskRefusal) exit() int {
	switch r.status {
	case http.StatusConflict:
		return 3
	case http.StatusNotFound:
		return 4
	default:
		return 1
	}
}

// do makes a request and returns its answer if it is a good one. body is nil for a GET.
func (c *deskClient) do(method, path string, body []byte, headers map[string]string) (*http.Response, error) {
	req, err := http.NewRequestWithContext(c.ctx, method, c.base+path, bytes.NewReader(body))
	if err != nil {
		return nil, usageError("--url: give the line's address, like https://line.example.org")
	}
	req.Header.Set("Authorization", c.auth)
	for name, value := range headers {
		req.Header.Set(name, value)
	}
	res, err := c.http.Do(req)
	if err != nil {
		return nil, fmt.Errorf("%w at %s: %w", errNoAnswer, c.base, errors.Unwrap(err)) // its own words have the URL again
	}
	if c.date, err = http.ParseTime(res.Header.Get("Date")); err != nil {
		c.date = c.now()
	}
	if res.StatusCode == http.StatusOK {
		return res, nil
	}
	defer res.Body.Close()
	refused := &deskRefusal{status: res.StatusCode}
	raw, _ := io.ReadAll(io.LimitReader(res.Body, 64<<10))
	if res.Header.Get("Content-Type") != "application/problem+json" || json.Unmarshal(raw, refused) != nil {
		return res, fmt.Errorf("%w (status %d)", errNotTheAPI, res.StatusCode)
	}
	return res, refused
}

// mostTries is how often a request is made whose answer is lost or that comes at a bad moment: for about half a minute.
const mostTries = 8

// try makes a request until it is answered for good. What is repeated changes nothing: a GET, or an act with its key.
func (c *deskClient) try(method, path string, body []byte, headers map[string]string) (*http.Response, error) {
	for n := 1; ; n++ {
		res, err := c.do(method, path, body, headers)
		if !passing(err) || n == mostTries || c.pause(res, n) != nil {
			return res, err
		}
	}
}

// passing says of an error that it may be gone in a moment.
func passing(err error) bool {
	var refused *deskRefusal
	if errors.As(err, &refused) {
		return refused.status == http.StatusTooManyRequests || refused.status == http.StatusServiceUnavailable
	}
	return errors.Is(err, errNoAnswer)
}

// errNoAnswer says that nothing came back.
var errNoAnswer = errors.New("the line does not answer")

// pause waits as long as the answer says, else longer each time.
func (c *deskClient) pause(res *http.Response, n int) error {
	wait := min(250*time.Millisecond<<(n-1), 10*time.Second)
	if res != nil {
		if seconds, err := strconv.Atoi(res.Header.Get("Retry-After")); err == nil {
			wait = min(time.Duration(seconds)*time.Second, 10*time.Second)
		}
	}
	t := time.NewTimer(wait)
	defer t.Stop()
	select {
	case <-c.ctx.Done():
		return c.ctx.Err()
	case <-t.C:
		return nil
	}
}

// get returns the JSON at a path.
func (c *deskClient) get(path string) ([]byte, error) {
	res, err := c.try(http.MethodGet, path, nil, nil)
	if err != nil {
		return nil, err
	}
	return readJSON(res)
}

// longestAnswer is more than any page has.
const longestAnswer = 4 << 20

func readJSON(res *http.Response) ([]byte, error) {
	defer res.Body.Close()
	raw, err := io.ReadAll(io.LimitReader(res.Body, longestAnswer))
	if err != nil {
		return nil, errors.New("the answer was cut on its way; ask again")
	}
	if !json.Valid(raw) {
		return nil, errNotTheAPI
	}
	return bytes.TrimSpace(raw), nil
}

// act does an act once, however often it must be sent, and returns the case as it is then.
func (c *deskClient) act(path string, said map[string]any, key string) ([]byte, error) {
	body, err := json.Marshal(said)
	if err != nil {
		return nil, err
	}
	if key == "" {
		var raw [16]byte
		if _, err := io.ReadFull(c.random, raw[:]); err != nil {
			return nil, err
		}
		key = hex.EncodeToString(raw[:])
	}
	res, err := c.try(http.MethodPost, path, body, map[string]string{"Content-Type": "application/json", "Idempotency-Key": key})
	if err != nil {
		return nil, err
	}
	return readJSON(res)
}

// list returns all cases in the states, page by page. A token tells by itself whether it is an NGO's or a mission's.
func (c *deskClient) list(states []string) ([]json.RawMessage, error) {
	items, err := c.listAt("/referrals", states)
	var refused *deskRefusal
	if errors.As(err, &refused) && refused.status == http.StatusNotFound {
		return c.listAt("/cases", states)
	}
	return items, err
}

func (c *deskClient) listAt(path string, states []string) ([]json.RawMessage, error) {
	items := []json.RawMessage{}
	query := url.Values{"limit": {"200"}, "state": states}
	for {
		body, err := c.get(path + "?" + query.Encode())
		if err != nil {
			return nil, err
		}
		var page struct {
			Items []json.RawMessage `json:"items"`
			Next  string            `json:"next_cursor"`
		}
		if json.Unmarshal(body, &page) != nil {
			return nil, errNotTheAPI
		}
		items = append(items, page.Items...)
		if page.Next == "" {
			return items, nil
		}
		query.Set("cursor", page.Next)
	}
}

// open writes a sealed document. One that was cut is an error, after what came of it.
func (c *deskClient) open(path string, out io.Writer) error {
	res, err := c.try(http.MethodGet, path, nil, nil)
	if err != nil {
		return err
	}
	defer res.Body.Close()
	if _, err := io.Copy(out, res.Body); err != nil {
		return errors.New("the document was cut on its way, or could not be written; what was written is not whole, open it again")
	}
	return nil
}
