package main

import (
	"bufio"
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"slices"
	"strings"
	"testing"
)

// reply is an answer of the demo's server.
type reply struct {
	status int
	head   http.Header
	body   string
}

// request makes a request with its headers given as name, value, name, value.
func request(t *testing.T, method, url, body string, headers ...string) reply {
	t.Helper()
	req, err := http.NewRequestWithContext(t.Context(), method, url, strings.NewReader(body))
	if err != nil {
		t.Fatal(err)
	}
	for i := 0; i+1 < len(headers); i += 2 {
		if headers[i] == "Host" {
			req.Host = headers[i+1]
			continue
		}
		req.Header.Set(headers[i], headers[i+1])
	}
	client := &http.Client{Transport: &http.Transport{DisableKeepAlives: true}, Timeout: patience}
	res, err := client.Do(req)
	if err != nil {
		t.Fatal(err)
	}
	defer res.Body.Close()
	text, err := io.ReadAll(res.Body)
	if err != nil {
		t.Fatal(err)
	}
	return reply{res.StatusCode, res.Header, string(text)}
}

// post asks the demo to do something.
func post(t *testing.T, url, path string, o order) reply {
	t.Helper()
	body, err := json.Marshal(o)
	if err != nil {
		t.Fatal(err)
	}
	return request(t, http.MethodPost, url+"/api/"+path, string(body))
}

// TestDemoHeaders proves that every answer, refusals included, carries the strict policy.
func TestDemoHeaders(t *testing.T) {
	url := startDemo(t)
	for _, path := range []string{"/", "/app.js", "/chat.js", "/guide.js", "/style.css", "/api/state", "/nothing"} {
		got := request(t, http.MethodGet, url+path, "")
		for name, want := range map[string]string{
			"Content-Security-Policy": demoPolicy, "X-Content-Type-Options": "nosniff", "Referrer-Policy": "no-referrer",
			"X-Frame-Options": "DENY", "Cache-Control": "no-store",
		} {
			if got.head.Get(name) != want {
				t.Errorf("%s: %s is %q, want %q", path, name, got.head.Get(name), want)
			}
		}
	}
	for _, loose := range []string{"unsafe-", "data:", "*", "http:", "https:"} {
		if strings.Contains(demoPolicy, loose) {
			t.Errorf("the policy allows %q", loose)
		}
	}
	page := request(t, http.MethodGet, url+"/", "").body
	for _, inline := range []string{"<style", " style=", "onclick", "http://", "https://"} {
		if strings.Contains(page, inline) {
			t.Errorf("the page holds %q", inline)
		}
	}
}

// TestDemoKeepsToItself proves that neither another site nor a name that was made to point here can read the
// page or act on it.
func TestDemoKeepsToItself(t *testing.T) {
	url := startDemo(t)
	_, port, _ := strings.Cut(strings.TrimPrefix(url, "http://"), ":")
	tests := map[string]struct {
		method, path string
		headers      []string
		want         int
	}{
		"own address":            {"GET", "/", nil, 200},
		"localhost":              {"GET", "/", []string{"Host", "localhost:" + port}, 200},
		"a name that was moved":  {"GET", "/api/state", []string{"Host", "evil.example:" + port}, 421},
		"another port":           {"GET", "/api/state", []string{"Host", "127.0.0.1:1"}, 421},
		"no port":                {"GET", "/api/state", []string{"Host", "127.0.0.1"}, 421},
		"a page of another site": {"POST", "/api/person", []string{"Sec-Fetch-Site", "cross-site"}, 403},
		"an older browser":       {"POST", "/api/person", []string{"Origin", "https://evil.example"}, 403},
		"the same site only":     {"POST", "/api/file?chat=defender&name=a", []string{"Sec-Fetch-Site", "same-site"}, 403},
		"its own page":           {"POST", "/api/person", []string{"Sec-Fetch-Site", "same-origin"}, 200},
		"its own older page":     {"POST", "/api/person", []string{"Origin", url}, 200},
	}
	for name, tt := range tests {
		t.Run(name, func(t *testing.T) {
			if got := request(t, tt.method, url+tt.path, `{"language":"en"}`, tt.headers...); got.status != tt.want {
				t.Errorf("answered %d %q, want %d", got.status, got.body, tt.want)
			}
		})
	}
}

// TestDemoRefusals proves that what cannot be done is said in words that help, and changes nothing.
func TestDemoRefusals(t *testing.T) {
	url := startDemo(t)
	tests := map[string]struct {
		path string
		o    order
		want string
	}{
		"too long a text":      {"send", order{Chat: "defender", Text: strings.Repeat("a", 4097)}, "1 to 4096"},
		"no text":              {"send", order{Chat: "defender"}, "1 to 4096"},
		"no such chat":         {"send", order{Chat: "nobody", Text: "a"}, "no such chat"},
		"start of no chat":     {"start", order{Chat: "nobody"}, "no such chat"},
		"no such message":      {"press", order{Chat: "defender", Message: 9, Data: "safe:yes"}, "no longer there"},
		"nothing to edit":      {"edit", order{Chat: "defender", Message: 9, Text: "a"}, "no longer there"},
		"nothing to delete":    {"delete", order{Chat: "defender", Message: 9}, "no longer there"},
		"nothing to open":      {"open", order{Chat: "lima-1", Message: 9}, "no longer there"},
		"unknown language":     {"person", order{Language: "xx"}, "no phone in that language"},
		"unknown sample":       {"sample", order{Chat: "defender", Kind: "gun"}, "a sample photo"},
		"a sample for no chat": {"sample", order{Chat: "nobody", Kind: "photo"}, "no such chat"},
	}
	for name, tt := range tests {
		t.Run(name, func(t *testing.T) {
			if got := post(t, url, tt.path, tt.o); got.status != http.StatusBadRequest || !strings.Contains(got.body, tt.want) || strings.Contains(got.body, "telegramsim") {
				t.Errorf("answered %d %s, want 400 with %q", got.status, got.body, tt.want)
			}
		})
	}
	for name, body := range map[string]string{"no JSON": "{", "no body": "", "too much": `{"text":"` + strings.Repeat("a", mostOrder) + `"}`} {
		if got := request(t, http.MethodPost, url+"/api/send", body); got.status != http.StatusBadRequest || !strings.Contains(got.body, "does not understand") {
			t.Errorf("%s: answered %d %s", name, got.status, got.body)
		}
	}
	for name, body := range map[string]string{"empty": "", "too large": strings.Repeat("a", mostUpload+1)} {
		if got := request(t, http.MethodPost, url+"/api/file?chat=defender&name=a.txt", body); got.status != http.StatusBadRequest || !strings.Contains(got.body, "8 MB") {
			t.Errorf("a file that is %s: answered %d %s", name, got.status, got.body)
		}
	}
	if state := request(t, http.MethodGet, url+"/api/state", ""); strings.Contains(state.body, strings.Repeat("a", 20)) {
		t.Error("something refused stands in a chat")
	}
}

// streamed reads server-sent events until one of a name is accepted, and gives its id.
func streamed(t *testing.T, from *bufio.Reader, name string, accept func(data string) bool) (id int64) {
	t.Helper()
	event := ""
	for {
		line, err := from.ReadString('\n')
		if err != nil {
			t.Fatalf("the stream ended before %s came: %v", name, err)
		}
		field, value, _ := strings.Cut(strings.TrimSuffix(line, "\n"), ": ")
		switch field {
		case "id":
			if _, err := fmt.Sscan(value, &id); err != nil {
				t.Fatalf("id %q: %v", value, err)
			}
		case "event":
			event = value
		case "data":
			if event == name && accept(value) {
				return id
			}
		}
	}
}

// listen opens the stream of events.
func listen(t *testing.T, url, lastID string) *bufio.Reader {
	t.Helper()
	req, err := http.NewRequestWithContext(t.Context(), http.MethodGet, url+"/api/events", nil)
	if err != nil {
		t.Fatal(err)
	}
	req.Header.Set("Last-Event-ID", lastID)
	res, err := (&http.Client{Transport: &http.Transport{DisableKeepAlives: true}}).Do(req)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { res.Body.Close() })
	if kind := res.Header.Get("Content-Type"); kind != "text/event-stream" {
		t.Fatalf("the stream is %q", kind)
	}
	return bufio.NewReader(res.Body)
}

// TestDemoResumes proves that a page whose connection was cut learns everything again, with rising ids.
func TestDemoResumes(t *testing.T) {
	url := startDemo(t)
	first := listen(t, url, "")
	if line, err := first.ReadString('\n'); err != nil || line != "retry: 1000\n" {
		t.Fatalf("the stream begins with %q, %v", line, err)
	}
	if got := post(t, url, "start", order{Chat: "defender"}); got.status != http.StatusOK {
		t.Fatalf("start: %d %s", got.status, got.body)
	}
	menu := func(data string) bool {
		return strings.Contains(data, `"id":"defender"`) && strings.Contains(data, "menu:emergency")
	}
	id := streamed(t, first, "chat", menu)
	second := listen(t, url, fmt.Sprint(id))
	if again := streamed(t, second, "chat", menu); again <= id {
		t.Errorf("the same chat came again with id %d, want more than %d", again, id)
	}
}

// TestDemoActs proves what a person can do besides pressing and writing: samples, files, editing, deleting,
// being somebody else.
func TestDemoActs(t *testing.T) {
	url := startDemo(t)
	stream := listen(t, url, "")
	can := func(path string, o order) {
		t.Helper()
		if got := post(t, url, path, o); got.status != http.StatusOK {
			t.Fatalf("%s: %d %s", path, got.status, got.body)
		}
	}
	shown := func(words ...string) (view chatView) {
		t.Helper()
		streamed(t, stream, "chat", func(data string) bool {
			if json.Unmarshal([]byte(data), &view) != nil || view.ID != "defender" {
				return false
			}
			for _, w := range words {
				if !strings.Contains(data, w) {
					return false
				}
			}
			return true
		})
		return view
	}
	can("start", order{Chat: "defender"})
	for _, kind := range []string{"photo", "voice", "place"} {
		can("sample", order{Chat: "defender", Kind: kind})
	}
	shown(`"kind":"photo"`, `"kind":"voice"`, `"place":"-13.1604, -74.2258"`)
	if got := request(t, http.MethodPost, url+"/api/file?chat=defender&name=notes.txt", "made up"); got.status != http.StatusOK {
		t.Fatalf("file: %d %s", got.status, got.body)
	}
	shown(`"name":"notes.txt"`)
	can("send", order{Chat: "defender", Text: "a first try"})
	var id int64
	for _, m := range shown("a first try").Messages {
		if m.Text == "a first try" {
			id = m.ID
		}
	}
	can("edit", order{Chat: "defender", Message: id, Text: "a second try"})
	shown("a second try", `"edited":true`)
	can("delete", order{Chat: "defender", Message: id})
	for !slices.Contains(shown(`"deleted":[`).Deleted, id) { // the line deletes screens that repeat a question
	}
	can("person", order{Language: "ar"})
	if v := shown(`"messages":[]`); len(v.Deleted) != 0 {
		t.Errorf("the new person's chat begins with %v", v)
	}
}

// TestDemoIsFullOnce proves that uploads cannot fill the machine: all of them together have a limit, which what was
// refused does not use up, and which is said.
func TestDemoIsFullOnce(t *testing.T) {
	url := startDemo(t) + "/api/file?chat=defender&name=film.mp4"
	file := strings.Repeat("a", mostUpload)
	for range 3 { // too large: does not count
		request(t, http.MethodPost, url, file+"a")
	}
	for sent := 0; sent < mostUploads; sent += mostUpload {
		if got := request(t, http.MethodPost, url, file); got.status != http.StatusOK {
			t.Fatalf("after %d bytes: answered %d %s", sent, got.status, got.body)
		}
	}
	for _, more := range []string{file, "a"} {
		got := request(t, http.MethodPost, url, more)
		if got.status != http.StatusBadRequest || !strings.Contains(got.body, "32 MB") || !strings.Contains(got.body, "start it again") {
			t.Errorf("%d bytes more: answered %d %s", len(more), got.status, got.body)
		}
	}
}

// TestDemoTakesNoFileOfUnknownSize proves that a file's room is known before it is read.
func TestDemoTakesNoFileOfUnknownSize(t *testing.T) {
	url := startDemo(t) + "/api/file?chat=defender&name=a.txt"
	res, err := http.Post(url, "", io.MultiReader(strings.NewReader("sent in chunks")))
	if err != nil {
		t.Fatal(err)
	}
	defer res.Body.Close()
	if res.StatusCode != http.StatusBadRequest {
		t.Errorf("answered %d", res.StatusCode)
	}
}
