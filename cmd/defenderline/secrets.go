package main

import (
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"

	"github.com/spf13/cobra"

	"defenderline/configs"
	"defenderline/referrals/seal"
	"defenderline/referrals/store"
)

func newSecrets(h host) *cobra.Command {
	cmd := &cobra.Command{
		Use:   "secrets",
		Short: "Make the line's own secrets",
		Args:  cobra.NoArgs,
		RunE:  func(*cobra.Command, []string) error { return usageError("secrets: name what to do: init") },
	}
	cmd.AddCommand(&cobra.Command{
		Use:   "init DIR",
		Short: "Write state-keys.json, signing.asc and signing.pub.asc fresh into DIR",
		Long: "Writes state-keys.json and signing.asc, mode 0600, and signing.pub.asc, which is for publishing. All or none:\n" +
			"when one of them exists already nothing is written. Where DIR has no line-token yet, it gets one with a\n" +
			"placeholder, which only `check --offline` lets pass: put the token that BotFather gave you into it.",
		Args: cobra.ExactArgs(1),
		RunE: act(func(_ *cobra.Command, args []string) error { return h.initSecrets(args[0]) }),
	})
	return cmd
}

// newFile is a file to be written.
type newFile struct {
	name    string
	content []byte
	mode    os.FileMode
}

// initSecrets makes everything before it writes anything.
func (h host) initSecrets(dir string) error {
	stateKeys, err := store.NewStateKeys(h.random)
	if err != nil {
		return err
	}
	private, public, err := seal.NewSigningKey(h.now())
	if err != nil {
		return err
	}
	defer clear(private)
	signing, err := seal.ParseSigningKey(private)
	if err != nil {
		return err
	}
	files := []newFile{
		{"state-keys.json", stateKeys, 0o600},
		{"signing.asc", private, 0o600},
		{"signing.pub.asc", public, 0o644},
	}
	const token = "line-token"
	if _, err := os.Lstat(filepath.Join(dir, token)); errors.Is(err, fs.ErrNotExist) {
		files = append(files, newFile{token, []byte(configs.PlaceholderToken + "\n"), 0o600})
	}
	if err := writeNew(dir, files); err != nil {
		return err
	}
	for _, f := range files {
		fmt.Fprintf(h.out, "wrote %s\n", filepath.Join(dir, f.name))
	}
	fmt.Fprintf(h.out, "\nPublish signing.pub.asc and its fingerprint where desks and defenders can compare them:\n%s\n", signing.Fingerprint())
	fmt.Fprintf(h.out, "Keep state-keys.json apart from the backups of Redis.\n")
	if len(files) > 3 {
		fmt.Fprintf(h.out, "Still to do: put the token that BotFather gave you into %s.\n", filepath.Join(dir, token))
	}
	return nil
}

// writeNew writes all files into dir or, when one of them exists or cannot be written, none.
func writeNew(dir string, files []newFile) (err error) {
	if err := os.MkdirAll(dir, 0o700); err != nil {
		return fmt.Errorf("%s cannot be made: name a folder that you may write to", dir)
	}
	var written []string
	defer func() {
		if err != nil {
			for _, path := range written {
				err = errors.Join(err, os.Remove(path))
			}
		}
	}()
	for _, f := range files {
		path := filepath.Join(dir, f.name)
		file, err := os.OpenFile(path, os.O_WRONLY|os.O_CREATE|os.O_EXCL, f.mode)
		switch {
		case errors.Is(err, fs.ErrExist):
			return fmt.Errorf("%s exists already; nothing was written: name another folder, or move it away if you are sure that nothing needs it", path)
		case err != nil:
			return fmt.Errorf("%s cannot be written: name a folder that you may write to", path)
		}
		written = append(written, path)
		if err := fill(file, f.content); err != nil {
			return fmt.Errorf("%s cannot be written; look at the disk: %w", path, err)
		}
	}
	return nil
}

// fill writes content to disk and closes the file.
func fill(file *os.File, content []byte) error {
	_, err := file.Write(content)
	return errors.Join(err, file.Sync(), file.Close())
}
