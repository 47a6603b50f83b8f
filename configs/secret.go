package configs

import (
	"errors"
	"fmt"
	"io"
	"io/fs"
	"log/slog"
	"os"
	"path/filepath"
	"strings"
)

// hidden is what every way of printing a Secret shows.
const hidden = "(hidden)"

// Secret is the content of a secret file. However it is printed or encoded it shows nothing of it;
// the content stands behind a pointer so that even printing it as part of an unexported field does not.
// The zero value is no secret.
type Secret struct{ value *string }

// NewSecret hides a value.
func NewSecret(value string) Secret { return Secret{&value} }

// Reveal returns the content, empty for the zero value. The caller must not log it or put it in an error.
func (s Secret) Reveal() string {
	if s.value == nil {
		return ""
	}
	return *s.value
}

// Set says that there is a secret.
func (s Secret) Set() bool { return s.value != nil }

// String hides the content.
func (Secret) String() string { return hidden }

// GoString hides the content from %#v.
func (Secret) GoString() string { return hidden }

// Format hides the content from every verb.
func (Secret) Format(f fmt.State, _ rune) { _, _ = io.WriteString(f, hidden) }

// MarshalText hides the content from JSON, YAML and XML.
func (Secret) MarshalText() ([]byte, error) { return []byte(hidden), nil }

// LogValue hides the content from structured logs.
func (Secret) LogValue() slog.Value { return slog.StringValue(hidden) }

// maxFile is the size in bytes above which no file named by the configuration is read.
const maxFile = 1 << 20

// secret reads the secret file named by a field, and refuses what is wrong with it. The zero
// Secret is returned for an empty name and after a refusal. The name is never repeated: people
// write the secret itself there by mistake, and findings are shown, logged and sent around.
func (l *loader) secret(field, name, remedy string) Secret {
	if name == "" {
		return Secret{}
	}
	content, err := readFile(l.resolve(name), true)
	if err != nil {
		l.refuse(field, "names a file that "+err.Error(), fileRemedy(err, remedy))
		return Secret{}
	}
	return NewSecret(strings.TrimSuffix(strings.TrimSuffix(string(content), "\n"), "\r"))
}

// required reads a secret file that must be there.
func (l *loader) required(field, name, remedy string) Secret {
	if name == "" {
		l.missing(field, remedy)
	}
	return l.secret(field, name, remedy)
}

// resolve makes a path of the configuration relative to the configuration's folder.
func (l *loader) resolve(name string) string {
	if filepath.IsAbs(name) {
		return name
	}
	return filepath.Join(l.folder, name)
}

var errExposed = errors.New("may be read or changed by more than its owner")

func fileRemedy(err error, remedy string) string {
	if errors.Is(err, errExposed) {
		return "run chmod 600 on it, and replace the secret if others had access to the machine"
	}
	return remedy
}

// readFile reads a regular file that is not empty. Its errors are the end of a sentence that begins
// with the file's name.
func readFile(path string, private bool) ([]byte, error) {
	// Asked before opening, because opening a pipe waits for a writer.
	if info, err := os.Stat(path); err == nil && !info.Mode().IsRegular() {
		return nil, errors.New("is not a regular file")
	}
	f, err := os.Open(path)
	if err != nil {
		return nil, fileError(err)
	}
	defer f.Close()
	info, err := f.Stat()
	if err != nil {
		return nil, fileError(err)
	}
	if private && info.Mode().Perm()&0o077 != 0 {
		return nil, errExposed
	}
	content, err := io.ReadAll(io.LimitReader(f, maxFile+1))
	switch {
	case err != nil:
		return nil, fileError(err)
	case len(content) > maxFile:
		return nil, fmt.Errorf("is larger than %d bytes", maxFile)
	case strings.TrimSpace(string(content)) == "":
		return nil, errors.New("is empty")
	default:
		return content, nil
	}
}

func fileError(err error) error {
	switch {
	case errors.Is(err, fs.ErrNotExist):
		return errors.New("does not exist")
	case errors.Is(err, fs.ErrPermission):
		return errors.New("may not be read by this process")
	default:
		return errors.New("cannot be read")
	}
}
