package telegramsim

import (
	"fmt"
	"mime"
	"net/http"
	"path"
	"strings"
	"sync"
	"time"
)

// Limits of files in bytes: what a bot may download, and send as a photo.
const (
	MaxDownload = 20 << 20
	MaxPhoto    = 10 << 20
)

// linkLife is how long a file_path works.
const linkLife = time.Hour

type storedFile struct {
	file  File
	data  []byte
	until time.Time // the end of its link
}

// fileStore keeps files of people and bots by id and by path.
type fileStore struct {
	mu     sync.Mutex
	most   int // 0: no bound
	n      int
	byID   map[string]*storedFile
	byPath map[string]*storedFile
	order  []*storedFile
}

func (s *fileStore) init(load bool) {
	s.byID, s.byPath = map[string]*storedFile{}, map[string]*storedFile{}
	if load {
		s.most = 1000
	}
}

// put stores a file. Its kind is the folder of its path: documents, photos, voice, videos, stickers.
func (s *fileStore) put(kind, name, mimeType string, data []byte) *File {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.n++
	if mimeType == "" {
		mimeType = mime.TypeByExtension(path.Ext(name))
	}
	stored := &storedFile{data: data, file: File{
		FileID:       fmt.Sprintf("BQACAgIAAxkBAAI%09dsim", s.n),
		FileUniqueID: fmt.Sprintf("AgAD%09d", s.n),
		FileSize:     int64(len(data)),
		FilePath:     fmt.Sprintf("%s/file_%d%s", kind, s.n, path.Ext(name)),
		FileName:     name,
		MimeType:     mimeType,
	}}
	s.byID[stored.file.FileID] = stored
	s.byPath[stored.file.FilePath] = stored
	s.order = append(s.order, stored)
	if s.most > 0 && len(s.order) > s.most {
		oldest := s.order[0]
		s.order = s.order[1:]
		delete(s.byID, oldest.file.FileID)
		delete(s.byPath, oldest.file.FilePath)
	}
	return stored.shown()
}

// shown is the file as messages show it, without the path.
func (f *storedFile) shown() *File {
	file := f.file
	file.FilePath = ""
	return &file
}

func (s *fileStore) get(id string) *storedFile {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.byID[id]
}

// Bytes gives the content of a file that anybody sent, by its file_id; nil when there is none.
func (s *Server) Bytes(fileID string) []byte {
	if f := s.files.get(fileID); f != nil {
		return f.data
	}
	return nil
}

// media gives the file a parameter names: an uploaded part, attach://part, or the id of a stored file.
func (c *call) media(field string) (*File, *Error) {
	u := c.req.file(field)
	if part, attached := strings.CutPrefix(c.str(field), "attach://"); attached {
		if u = c.req.file(part); u == nil {
			return nil, badRequest("file %q to attach not found", part)
		}
	}
	if u != nil {
		return c.upload(field, u)
	}
	if strings.Contains(c.str(field), "://") {
		return nil, badRequest("method not simulated: %s by URL", c.method)
	}
	f := c.srv.files.get(c.str(field))
	if f == nil {
		return nil, badRequest("wrong remote file identifier specified: Wrong string length")
	}
	return f.shown(), nil
}

func (c *call) upload(field string, u *upload) (*File, *Error) {
	switch size := len(u.data); {
	case size == 0:
		return nil, badRequest("file must be non-empty")
	case size > MaxUpload:
		return nil, &Error{Code: http.StatusRequestEntityTooLarge, Description: "Request Entity Too Large"}
	case field == "photo" && size > MaxPhoto:
		return nil, badRequest("file of size %d bytes is too big for a photo; the maximum size is %d bytes", size, MaxPhoto)
	}
	return c.srv.files.put(field+"s", u.name, knownMime(u.mime), u.data), nil
}

// knownMime drops the type that clients send when they know none.
func knownMime(mimeType string) string {
	if mimeType == "application/octet-stream" {
		return ""
	}
	return mimeType
}

func (c *call) getFile() (any, *Error) {
	s := &c.srv.files
	s.mu.Lock()
	defer s.mu.Unlock()
	f := s.byID[c.str("file_id")]
	if f == nil {
		return nil, badRequest("wrong file_id or the file is temporarily unavailable")
	}
	if f.file.FileSize > MaxDownload {
		return nil, badRequest("file is too big")
	}
	f.until = c.srv.now().Add(linkLife)
	return File{
		FileID: f.file.FileID, FileUniqueID: f.file.FileUniqueID, FileSize: f.file.FileSize, FilePath: f.file.FilePath,
	}, nil
}

// serveFile answers a download while its link lives. For faults its method is "file".
func (s *Server) serveFile(w http.ResponseWriter, r *http.Request, name string) {
	f := s.faults.match(&call{srv: s, method: "file"})
	if f.ends() {
		f.refuse(w, r, s)
		return
	}
	if f != nil {
		s.sleep(r, f.Latency)
	}
	s.download(w, r, name)
	if f != nil && f.Kind == FaultCutAfter {
		panic(http.ErrAbortHandler)
	}
}

func (s *Server) download(w http.ResponseWriter, r *http.Request, name string) {
	s.files.mu.Lock()
	f := s.files.byPath[name]
	alive := f != nil && s.now().Before(f.until)
	s.files.mu.Unlock()
	if !alive || r.Method != http.MethodGet {
		writeError(w, &Error{Code: http.StatusNotFound, Description: "Not Found"})
		return
	}
	w.Header().Set("Content-Type", "application/octet-stream")
	_, _ = w.Write(f.data) // a caller that is gone is no concern of the server
}
