package telegramsim

import (
	"bytes"
	"errors"
	"io"
	"net/http"
)

// errCut is what a caller without a network sees when the server cuts the connection.
var errCut = errors.New("telegramsim: the server cut the connection")

type transport struct{ handler http.Handler }

// RoundTrip serves the request in its own goroutine, so that the caller may leave while it hangs.
func (t transport) RoundTrip(r *http.Request) (*http.Response, error) {
	if r.Body == nil {
		r = r.Clone(r.Context())
		r.Body = http.NoBody
	}
	answer := make(chan *memoryResponse, 1)
	go func() { answer <- t.serve(r) }()
	select {
	case <-r.Context().Done():
		return nil, r.Context().Err()
	case w := <-answer:
		if w.cut {
			return nil, errCut
		}
		return w.response(r), nil
	}
}

// serve runs the handler; the panic by which handlers cut connections is caught, and no other.
func (t transport) serve(r *http.Request) (w *memoryResponse) {
	w = &memoryResponse{header: http.Header{}, status: http.StatusOK}
	defer func() {
		_ = r.Body.Close()
		if cause := recover(); cause != nil {
			if cause != http.ErrAbortHandler {
				panic(cause)
			}
			w.cut = true
		}
	}()
	t.handler.ServeHTTP(w, r)
	return w
}

// memoryResponse gathers an answer in memory.
type memoryResponse struct {
	header http.Header
	status int
	body   bytes.Buffer
	cut    bool
}

func (w *memoryResponse) Header() http.Header         { return w.header }
func (w *memoryResponse) WriteHeader(status int)      { w.status = status }
func (w *memoryResponse) Write(b []byte) (int, error) { return w.body.Write(b) }

func (w *memoryResponse) response(r *http.Request) *http.Response {
	return &http.Response{
		Status: http.StatusText(w.status), StatusCode: w.status, Proto: "HTTP/1.1", ProtoMajor: 1, ProtoMinor: 1,
		Header: w.header, Body: io.NopCloser(&w.body), ContentLength: int64(w.body.Len()), Request: r,
	}
}
