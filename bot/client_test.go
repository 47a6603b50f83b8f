package bot

import (
	"context"
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
	"testing/synctest"
	"time"
)

// clean fails when an error, printed in any way, holds what no error may hold.
func clean(t *testing.T, err error) {
	t.Helper()
	for _, s := range []string{fmt.Sprint(err), fmt.Sprintf("%+v", err), fmt.Sprintf("%q", err)} {
		for _, secret := range []string{testToken, "AAAAA", canary, "api.example.org", "http", "127.0.0.1"} {
			if strings.Contains(s, secret) {
				t.Errorf("an error holds %q: %s", secret, s)
			}
		}
	}
}

func TestClientAnswers(t *testing.T) {
	long := strings.Repeat("x", 1<<16) + canary
	tests := map[string]struct {
		status  int
		answer  string
		passing bool
		reason  string
		after   time.Duration
	}{
		"html":              {502, "<html>" + canary + "</html>", true, "server", 0},
		"html with 200":     {200, "<html>" + canary + "</html>", true, "server", 0},
		"html with 404":     {404, "<html>" + canary, true, "server", 0},
		"empty":             {200, "", true, "server", 0},
		"cut":               {200, `{"ok":true,"result":{"text":"` + canary, true, "server", 0},
		"another type":      {200, `{"ok":"` + canary + `"}`, true, "server", 0},
		"not ok, no code":   {200, `{"ok":false,"description":"` + canary + `"}`, true, "server", 0},
		"long":              {400, long, true, "server", 0},
		"redirect":          {302, "https://elsewhere.example.org/" + canary, true, "server", 0},
		"unreachable":       {0, canary, true, "", 0},
		"too many":          {429, `{"ok":false,"error_code":429,"description":"Too Many Requests","parameters":{"retry_after":13}}`, true, "too_many_requests", 13 * time.Second},
		"own trouble":       {500, `{"ok":false,"error_code":500,"description":"Internal"}`, true, "server", 0},
		"quotes the person": {400, `{"ok":false,"error_code":400,"description":"Bad Request: can't parse ` + canary + `"}`, false, "refused", 0},
		"blocked":           {403, `{"ok":false,"error_code":403,"description":"Forbidden: bot was blocked by the user"}`, false, "blocked", 0},
		"token revoked":     {401, `{"ok":false,"error_code":401,"description":"Unauthorized"}`, false, "refused", 0},
	}
	for name, tt := range tests {
		t.Run(name, func(t *testing.T) {
			calls := 0
			c := clientOf(server(func(string, []byte, *http.Request) (int, string) { calls++; return tt.status, tt.answer }))
			_, err := c.Call(t.Context(), "sendMessage", []byte(`{"text":"`+canary+`"}`))
			if err == nil || calls != 1 {
				t.Fatalf("error %v after %d calls", err, calls)
			}
			clean(t, err)
			if passing(err) != tt.passing || refused(err) == tt.passing {
				t.Errorf("passing %v, want %v", passing(err), tt.passing)
			}
			var e *apiError
			if tt.reason != "" && (!errors.As(err, &e) || e.reason() != tt.reason || e.RetryAfter != tt.after) {
				t.Errorf("error %#v, want reason %q after %v", err, tt.reason, tt.after)
			}
		})
	}
}

func TestClientReturnsTheResult(t *testing.T) {
	c := clientOf(server(func(method string, body []byte, r *http.Request) (int, string) {
		if method != "getMe" || string(body) != `{"a":1}` || r.Header.Get("Content-Type") != "application/json" || r.Method != http.MethodPost {
			t.Errorf("%s %s %q %q", r.Method, method, body, r.Header.Get("Content-Type"))
		}
		return 200, `{"ok":true,"result":{"id":9}}`
	}))
	got, err := c.Call(t.Context(), "getMe", []byte(`{"a":1}`))
	if err != nil || string(got) != `{"id":9}` {
		t.Errorf("%s, %v", got, err)
	}
}

// The token in the URL never reaches a host that the Bot API's own server points to.
func TestClientFollowsNoRedirect(t *testing.T) {
	elsewhere := 0
	other := httptest.NewServer(http.HandlerFunc(func(http.ResponseWriter, *http.Request) { elsewhere++ }))
	defer other.Close()
	api := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		http.Redirect(w, r, other.URL+r.URL.Path, http.StatusTemporaryRedirect)
	}))
	defer api.Close()
	c := NewClient(api.URL+"/", testToken, 1)
	defer c.Close()
	_, err := c.Call(t.Context(), "getMe", []byte("{}"))
	if err == nil || elsewhere != 0 {
		t.Errorf("error %v, %d calls elsewhere", err, elsewhere)
	}
	clean(t, err)
}

func TestClientWithAddressNobodyCanUse(t *testing.T) {
	for _, token := range []string{testToken + "\n", "%zz" + testToken} {
		_, err := NewClient("https://api.example.org", token, 1).Call(t.Context(), "getMe", nil)
		if err == nil {
			t.Fatal("no error")
		}
		clean(t, err)
	}
}

func TestClientEndsWithItsContext(t *testing.T) {
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	_, err := clientOf(always(200, fine)).Call(ctx, "getMe", nil)
	if !errors.Is(err, context.Canceled) {
		t.Errorf("error %v", err)
	}
	clean(t, err)
}

func TestReasonsOfRefusals(t *testing.T) {
	for _, r := range reasons {
		e := &apiError{Code: 400, Description: "Bad Request: " + r.part + " " + canary}
		if e.reason() != r.reason {
			t.Errorf("%q is %q, want %q", r.part, e.reason(), r.reason)
		}
		clean(t, e)
	}
}

func TestUploadStreams(t *testing.T) {
	api := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		f, h, err := r.FormFile("document")
		if err != nil || h.Filename != "AAAA-BBBB.asc" || r.FormValue("chat_id") != "5" || r.ContentLength != -1 {
			t.Errorf("file %v, %v; length %d", h, err, r.ContentLength)
			return
		}
		raw, _ := io.ReadAll(f)
		if string(raw) != "sealed" {
			t.Errorf("body %q", raw)
		}
		io.WriteString(w, fine)
	}))
	defer api.Close()
	c := NewClient(api.URL, testToken, 1)
	defer c.Close()
	got, err := c.Upload(t.Context(), map[string]string{"chat_id": "5"}, "AAAA-BBBB.asc", strings.NewReader("sealed"))
	if err != nil || messageID(got) != 77 {
		t.Errorf("%s, %v", got, err)
	}
}

// endless is a source without end.
type endless struct{}

func (endless) Read(p []byte) (int, error) { return len(p), nil }

// A server that answers before it has read everything must not leave the writer behind: goleak would find it.
func TestUploadEndsWhenTheServerAnswersEarly(t *testing.T) {
	api := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		w.Header().Set("Connection", "close")
		w.WriteHeader(413)
		io.WriteString(w, `{"ok":false,"error_code":413,"description":"Request Entity Too Large"}`)
	}))
	defer api.Close()
	c := NewClient(api.URL, testToken, 1)
	defer c.Close()
	_, err := c.Upload(t.Context(), nil, "x", endless{})
	if err == nil {
		t.Error("an endless upload succeeded")
	}
	clean(t, err)
}

func TestUploadEndsWithItsContext(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		ctx, cancel := context.WithTimeout(t.Context(), time.Second)
		defer cancel()
		c := clientOf(roundTrip(func(r *http.Request) (*http.Response, error) { <-r.Context().Done(); return nil, r.Context().Err() }))
		_, err := c.Upload(ctx, nil, "x", endless{})
		if !errors.Is(err, context.DeadlineExceeded) {
			t.Errorf("error %v", err)
		}
	})
}

// roundTrip is a transport made of a function.
type roundTrip func(*http.Request) (*http.Response, error)

func (f roundTrip) RoundTrip(r *http.Request) (*http.Response, error) { return f(r) }

func TestUploadTellsWhenTheSourceFails(t *testing.T) {
	broken := io.MultiReader(strings.NewReader("half"), failing{})
	c := clientOf(roundTrip(func(r *http.Request) (*http.Response, error) {
		_, err := io.Copy(io.Discard, r.Body)
		if err == nil {
			t.Error("half a document was sent as a whole")
		}
		return nil, err
	}))
	_, err := c.Upload(t.Context(), nil, "x", broken)
	if err == nil {
		t.Error("no error")
	}
	clean(t, err)
}

type failing struct{}

func (failing) Read([]byte) (int, error) { return 0, errors.New("source " + canary) }

func TestDownload(t *testing.T) {
	tests := map[string]struct {
		getFile string
		status  int
		want    string
		passing bool
	}{
		"there":          {`{"ok":true,"result":{"file_path":"voice/1.oga"}}`, 200, "words", false},
		"too big":        {`{"ok":false,"error_code":400,"description":"Bad Request: file is too big"}`, 200, "", false},
		"no path":        {`{"ok":true,"result":{}}`, 200, "", true},
		"not a path":     {`{"ok":true,"result":{"file_path":"%zz` + canary + `"}}`, 200, "", true},
		"gone":           {`{"ok":true,"result":{"file_path":"voice/1.oga"}}`, 404, "", false},
		"server trouble": {`{"ok":true,"result":{"file_path":"voice/1.oga"}}`, 502, "", true},
	}
	for name, tt := range tests {
		t.Run(name, func(t *testing.T) {
			c := clientOf(server(func(method string, body []byte, r *http.Request) (int, string) {
				if method == "getFile" {
					if string(body) != `{"file_id":"ref"}` {
						t.Errorf("asked for %s", body)
					}
					return 200, tt.getFile
				}
				if !strings.Contains(r.URL.Path, "/file/bot"+testToken+"/voice/1.oga") {
					t.Errorf("fetched %s", r.URL.Path)
				}
				return tt.status, "words"
			}))
			body, err := c.Download(t.Context(), "ref")
			if tt.want == "" {
				clean(t, err)
				if err == nil || passing(err) != tt.passing {
					t.Errorf("error %v, passing %v", err, passing(err))
				}
				return
			}
			if err != nil {
				t.Fatal(err)
			}
			defer body.Close()
			if raw, _ := io.ReadAll(body); string(raw) != tt.want {
				t.Errorf("got %q", raw)
			}
		})
	}
}
