package store

import (
	"context"
	"errors"
	"fmt"
	"io"
	"strconv"
	"time"

	"github.com/redis/go-redis/v9"

	"defenderline/referrals"
)

// pieceSize is the most of a file that is in memory, or in one value of Redis, at a time.
const pieceSize = 512 << 10

// pieceField is the n-th piece of a file in its hash, from zero.
func pieceField(name string, n int) string { return name + "/" + strconv.Itoa(n) }

// countField holds how many pieces a file has; a file without it is not complete.
func countField(name string) string { return name + "/n" }

// FileWriter writes the encrypted body of a file, which all desks share; what opens it is
// each desk's own document of the same name. Nobody can read the file before Close. Not safe
// for concurrent use.
type FileWriter struct {
	ctx    context.Context
	store  *Store
	key    string
	name   string
	keep   time.Duration
	buffer []byte
	pieces int
	err    error
}

// FileWriter begins the file of a case, which ends with the case's drop, or after keep. A file
// of the same name that was begun before is replaced. ctx ends the writing.
func (s *Store) FileWriter(ctx context.Context, origin string, code referrals.Code, name string, keep time.Duration) (*FileWriter, error) {
	if keep <= 0 || name == "" || code == "" {
		return nil, errors.New("write a file: it needs a case, a name and a time to keep it")
	}
	w := &FileWriter{ctx: ctx, store: s, key: s.filesKey(origin, code), name: name, keep: keep}
	if err := s.db.HDel(ctx, w.key, countField(name)).Err(); err != nil {
		return nil, fmt.Errorf("write a file: %w", clean(err))
	}
	return w, nil
}

// Write keeps p, in pieces.
func (w *FileWriter) Write(p []byte) (int, error) {
	written := 0
	for len(p) > 0 && w.err == nil {
		n := min(len(p), pieceSize-len(w.buffer))
		w.buffer = append(w.buffer, p[:n]...)
		p, written = p[n:], written+n
		if len(w.buffer) == pieceSize {
			w.flush()
		}
	}
	return written, w.err
}

func (w *FileWriter) flush() {
	w.put(pieceField(w.name, w.pieces), w.buffer)
	w.buffer = w.buffer[:0]
	w.pieces++
}

// put writes one field and lets the hash live as long as its longest file.
func (w *FileWriter) put(field string, value any) {
	pipe := w.store.db.Pipeline()
	pipe.HSet(w.ctx, w.key, field, value)
	pipe.ExpireGT(w.ctx, w.key, w.keep)
	pipe.ExpireNX(w.ctx, w.key, w.keep)
	if _, err := pipe.Exec(w.ctx); err != nil {
		w.err = fmt.Errorf("write a file: %w", clean(err))
	}
}

// Close keeps what is left and makes the file readable. After an error the file is not there;
// Abort it.
func (w *FileWriter) Close() error {
	if w.err == nil && len(w.buffer) > 0 {
		w.flush()
	}
	if w.err == nil {
		w.put(countField(w.name), w.pieces)
	}
	if w.err != nil {
		return w.err
	}
	w.err = errors.New("write a file: it is closed")
	return nil
}

// Abort deletes what was written, with a context of its own, because the writer's may have
// ended. What it cannot delete ends after keep.
func (w *FileWriter) Abort(ctx context.Context) error {
	fields := []string{countField(w.name)}
	for i := range w.pieces {
		fields = append(fields, pieceField(w.name, i))
	}
	w.err = errors.New("write a file: it was aborted")
	if err := w.store.db.HDel(ctx, w.key, fields...).Err(); err != nil {
		return fmt.Errorf("abort a file: %w", clean(err))
	}
	return nil
}

// FileReader reads the encrypted body of a file piece by piece, or returns ErrUnknown when
// there is none or it is not complete. ctx ends the reading.
func (s *Store) FileReader(ctx context.Context, origin string, code referrals.Code, name string) (io.ReadCloser, error) {
	r := &fileReader{ctx: ctx, store: s, key: s.filesKey(origin, code), name: name}
	var err error
	r.pieces, err = s.db.HGet(ctx, r.key, countField(name)).Int()
	switch {
	case errors.Is(err, redis.Nil):
		return nil, referrals.ErrUnknown
	case err != nil:
		return nil, fmt.Errorf("read a file: %w", clean(err))
	}
	return r, nil
}

type fileReader struct {
	ctx    context.Context
	store  *Store
	key    string
	name   string
	pieces int
	next   int
	piece  []byte
}

func (r *fileReader) Read(p []byte) (int, error) {
	for len(r.piece) == 0 {
		if r.next == r.pieces {
			return 0, io.EOF
		}
		piece, err := r.store.db.HGet(r.ctx, r.key, pieceField(r.name, r.next)).Bytes()
		if errors.Is(err, redis.Nil) { // dropped while it was read
			return 0, referrals.ErrUnknown
		}
		if err != nil {
			return 0, fmt.Errorf("read a file: %w", clean(err))
		}
		r.piece, r.next = piece, r.next+1
	}
	n := copy(p, r.piece)
	r.piece = r.piece[n:]
	return n, nil
}

// Close ends the reading.
func (r *fileReader) Close() error {
	r.next, r.piece = r.pieces, nil
	return nil
}
