package bot

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"mime/multipart"
	"net"
	"net/http"
	"net/url"
	"strings"
	"time"

	"github.com/go-json-experiment/json/jsontext"
)

// Client posts to the Bot API as JSON: go-telegram/bot always posts piped multipart, which costs
// more than twice as much. No error of it holds the token, a URL or a body.
type Client struct {
	base, files string
	at          *url.URL // of base; nil when it cannot be used
	http        *http.Client
	dated       func(http.Header) // hears when the server answered; nil: nobody wants to know
}

// NewClient makes a client for one bot. api is the server's address without a trailing slash; perHost
// is how many idle connections are kept.
func NewClient(api, token string, perHost int) *Client {
	dialer := &net.Dialer{Timeout: 10 * time.Second, KeepAlive: 30 * time.Second}
	base := strings.TrimRight(api, "/") + "/bot" + token + "/"
	at, err := url.Parse(base)
	if err != nil {
		at = nil
	}
	return &Client{
		base: base, at: at,
		files: strings.TrimRight(api, "/") + "/file/bot" + token + "/",
		http: &http.Client{Transport: &http.Transport{
			Proxy: http.ProxyFromEnvironment, DialContext: dialer.DialContext, ForceAttemptHTTP2: true,
			MaxIdleConns: perHost, MaxIdleConnsPerHost: perHost, IdleConnTimeout: 90 * time.Second,
			TLSHandshakeTimeout: 10 * time.Second, DisableCompression: true, WriteBufferSize: 2 << 10, ReadBufferSize: 2 << 10, // answers are short
		},
			// The Bot API never redirects, and following would tell another host the URL, which holds the token.
			CheckRedirect: func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse }},
	}
}

// HTTP is the client's own, for the library's calls at start.
func (c *Client) HTTP() *http.Client { return c.http }

// Close lets go of idle connections.
func (c *Client) Close() { c.http.CloseIdleConnections() }

// apiError is a refusal of the Bot API. Description is Telegram's own wording; it may quote
// what was sent and is therefore never printed.
type apiError struct {
	Code        int
	Description string
	RetryAfter  time.Duration
}

// Error says what kind of refusal it was, in words that hold nothing that was sent.
func (e *apiError) Error() string {
	return fmt.Sprintf("the Bot API answered %d (%s)", e.Code, e.reason())
}

// reasons are the refusals that have a consequence, by a part of Telegram's wording.
var reasons = [...]struct{ part, reason string }{
	{"bot was blocked", "blocked"},
	{"user is deactivated", "blocked"},
	{"bot can't initiate", "blocked"},
	{"bot was kicked", "blocked"},
	{"chat not found", "blocked"},
	{"message is not modified", "unchanged"},
	{"message to edit not found", "gone"},
	{"message can't be edited", "gone"},
	{"message to delete not found", "gone"},
	{"message can't be deleted", "gone"},
	{"message identifier is not specified", "gone"},
	{"query is too old", "late"},
	{"terminated by other getUpdates", "second_reader"},
	{"webhook is active", "webhook_set"},
	{"file is too big", "too_big"},
}

// reason is the refusal as one of a closed set, safe in logs and metrics.
func (e *apiError) reason() string {
	for _, r := range reasons {
		if strings.Contains(e.Description, r.part) {
			return r.reason
		}
	}
	switch {
	case e.Code == http.StatusTooManyRequests:
		return "too_many_requests"
	case e.Code >= 500:
		return "server"
	default:
		return "refused"
	}
}

// passing says that the same call may succeed later.
func passing(err error) bool {
	var refused *apiError
	if errors.As(err, &refused) {
		return refused.Code == http.StatusTooManyRequests || refused.Code >= 500
	}
	return err != nil
}

// refused says that the Bot API answered and will answer the same again.
func refused(err error) bool { return err != nil && !passing(err) }

// isReason says that the Bot API refused for that reason.
func isReason(err error, reason string) bool {
	var refused *apiError
	return errors.As(err, &refused) && refused.reason() == reason
}

// reply is the envelope of every answer, and T what is read of the result.
type reply[T any] struct {
	OK          bool   `json:"ok"`
	Result      T      `json:"result"`
	Code        int    `json:"error_code"`
	Description string `json:"description"`
	Parameters  struct {
		RetryAfter int `json:"retry_after"`
	} `json:"parameters"`
}

// result reads an answer. What is no answer of the Bot API, such as a proxy's page, is trouble of the server.
func result[T any](raw []byte, status int) (none T, err error) {
	var r reply[T]
	if parse(raw, &r) != nil || !r.OK && r.Code == 0 {
		return none, &apiError{Code: max(status, http.StatusInternalServerError)}
	}
	if !r.OK {
		return none, &apiError{Code: r.Code, Description: r.Description, RetryAfter: time.Duration(r.Parameters.RetryAfter) * time.Second}
	}
	return r.Result, nil
}

// Call posts params, already JSON, to a method and returns the result.
func (c *Client) Call(ctx context.Context, method string, params []byte) (jsontext.Value, error) {
	raw, status, err := c.call(ctx, method, params)
	if err != nil {
		return nil, err
	}
	return result[jsontext.Value](raw, status)
}

// Done posts params to a method whose result nobody needs.
func (c *Client) Done(ctx context.Context, method string, params []byte) error {
	raw, status, err := c.call(ctx, method, params)
	if err == nil {
		_, err = result[nothing](raw, status)
	}
	return err
}

// nothing is a result that is passed over.
type nothing struct{}

// UnmarshalJSONFrom passes over the result, whatever it is.
func (*nothing) UnmarshalJSONFrom(d *jsontext.Decoder) error { return d.SkipValue() }

// Updates asks for updates and returns each as it came.
func (c *Client) Updates(ctx context.Context, params []byte) ([]jsontext.Value, error) {
	raw, status, err := c.call(ctx, "getUpdates", params)
	if err != nil {
		return nil, err
	}
	return result[[]jsontext.Value](raw, status)
}

// maxReply bounds what is read of an answer: a batch of 100 updates stays far below.
const maxReply = 16 << 20

// Headers are shared by all requests and never written.
var (
	jsonKind = http.Header{"Content-Type": {"application/json"}}
	errURL   = errors.New("telegram: the address of the Bot API cannot be used; check telegram.api_url")
)

// call posts JSON and returns the body of the answer.
func (c *Client) call(ctx context.Context, method string, params []byte) (raw []byte, status int, err error) {
	return c.post(ctx, method, jsonKind, bytes.NewReader(params))
}

// post makes one request and returns the body of the answer.
func (c *Client) post(ctx context.Context, method string, header http.Header, body io.Reader) (raw []byte, status int, err error) {
	if c.at == nil {
		return nil, 0, errURL
	}
	at := *c.at
	at.Path += method
	req := (&http.Request{Method: http.MethodPost, URL: &at, Host: at.Host, Header: header, Body: io.NopCloser(body)}).WithContext(ctx)
	if r, ok := body.(*bytes.Reader); ok {
		whole := *r
		req.ContentLength = r.Size()
		req.GetBody = func() (io.ReadCloser, error) { again := whole; return io.NopCloser(&again), nil }
	}
	resp, err := c.http.Transport.RoundTrip(req) // a Client would copy the headers and follow redirects
	if err != nil {
		return nil, 0, unreachable(ctx, err)
	}
	defer resp.Body.Close()
	if c.dated != nil {
		c.dated(resp.Header)
	}
	if raw, err = readAll(resp); err != nil {
		return nil, 0, unreachable(ctx, err)
	}
	return raw, resp.StatusCode, nil
}

// readAll reads an answer.
func readAll(resp *http.Response) ([]byte, error) {
	if n := resp.ContentLength; n >= 0 && n < maxReply {
		return exactly(resp.Body, n)
	}
	return io.ReadAll(io.LimitReader(resp.Body, maxReply))
}

// exactly reads a body whose length is known: into a buffer that grows with what has come, if it is said to be large.
func exactly(body io.Reader, n int64) ([]byte, error) {
	const trusted = 64 << 10
	if n > trusted {
		raw, err := io.ReadAll(io.LimitReader(body, n))
		if err == nil && int64(len(raw)) < n {
			err = io.ErrUnexpectedEOF
		}
		return raw, err
	}
	raw := make([]byte, n)
	_, err := io.ReadFull(body, raw)
	return raw, err
}

// unreachable describes a failed connection without the URL, which holds the token.
func unreachable(ctx context.Context, err error) error {
	if ctx.Err() != nil {
		return ctx.Err()
	}
	var timeout net.Error
	if errors.As(err, &timeout) && timeout.Timeout() {
		return errors.New("telegram: no answer in time")
	}
	return errors.New("telegram: the connection failed")
}

// Upload posts a document, streamed, with further fields.
func (c *Client) Upload(ctx context.Context, fields map[string]string, name string, src io.Reader) (jsontext.Value, error) {
	return c.UploadAs(ctx, "sendDocument", "document", fields, name, src)
}

// UploadAs posts a file, streamed, to a method as the parameter that takes it, with further fields.
func (c *Client) UploadAs(ctx context.Context, method, field string, fields map[string]string, name string, src io.Reader) (jsontext.Value, error) {
	pr, pw := io.Pipe()
	form := multipart.NewWriter(pw)
	done := make(chan struct{})
	go func() {
		defer close(done)
		pw.CloseWithError(writeForm(form, fields, field, name, src))
	}()
	raw, status, err := c.post(ctx, method, http.Header{"Content-Type": {form.FormDataContentType()}}, pr)
	pr.CloseWithError(io.ErrClosedPipe) // ends the writer when the server answered early
	<-done
	if err != nil {
		return nil, err
	}
	return result[jsontext.Value](raw, status)
}

func writeForm(form *multipart.Writer, fields map[string]string, field, name string, src io.Reader) error {
	for k, v := range fields {
		if err := form.WriteField(k, v); err != nil {
			return err
		}
	}
	part, err := form.CreateFormFile(field, name)
	if err != nil {
		return err
	}
	if _, err := io.Copy(part, src); err != nil {
		return err
	}
	return form.Close()
}

// Download opens a file by its reference. The caller closes it.
func (c *Client) Download(ctx context.Context, ref string) (io.ReadCloser, error) {
	params, err := json.Marshal(map[string]string{"file_id": ref})
	if err != nil {
		return nil, fmt.Errorf("telegram: %w", err)
	}
	found, err := c.Call(ctx, "getFile", params)
	if err != nil {
		return nil, err
	}
	var file struct {
		Path string `json:"file_path"`
	}
	if err := parse(found, &file); err != nil || file.Path == "" {
		return nil, errors.New("telegram: the file has no path")
	}
	req, err := http.NewRequestWithContext(ctx, http.MethodGet, c.files+file.Path, nil)
	if err != nil {
		return nil, errors.New("telegram: the file's path cannot be used")
	}
	resp, err := c.http.Do(req)
	if err != nil {
		return nil, unreachable(ctx, err)
	}
	if resp.StatusCode != http.StatusOK {
		resp.Body.Close()
		return nil, &apiError{Code: resp.StatusCode}
	}
	return bounded{io.LimitReader(resp.Body, largestFile+1), resp.Body, new(int64)}, nil
}

// errTooBig is returned while reading a file that is larger than Telegram lets a bot fetch.
var errTooBig = &apiError{Code: http.StatusRequestEntityTooLarge, Description: "file is too big"}

// bounded is a download that ends with an error where a file may not go on.
type bounded struct {
	io.Reader
	io.Closer
	read *int64
}

func (b bounded) Read(p []byte) (int, error) {
	n, err := b.Reader.Read(p)
	if *b.read += int64(n); *b.read > largestFile {
		return 0, errTooBig
	}
	return n, err
}
