package configs

import (
	"os"
	"path/filepath"
	"testing"
)

// FuzzInspect: whatever stands in the file, the loader neither fails nor serves something without a
// headquarters, and each finding says what to do.
func FuzzInspect(f *testing.F) {
	seeds, err := filepath.Glob("testdata/refused/yaml-*.yaml")
	if err != nil || len(seeds) < 5 {
		f.Fatalf("%d seeds (%v)", len(seeds), err)
	}
	for _, name := range append(seeds, "testdata/full.yaml", "testdata/least.yaml", "testdata/many.yaml") {
		f.Add([]byte(read(f, name)))
	}
	dir := folder(f)
	f.Fuzz(func(t *testing.T, content []byte) {
		path := filepath.Join(dir, "fuzzed.yaml")
		if err := os.WriteFile(path, content, 0o600); err != nil {
			t.Fatal(err)
		}
		c, findings := Load(path, testOptions())
		if (c == nil) != Refused(findings) {
			t.Fatalf("config %v with %v", c, findings)
		}
		if c != nil && c.Directory().Headquarters() == nil {
			t.Fatal("served without headquarters")
		}
		for _, finding := range findings {
			if finding.Problem == "" || finding.Remedy == "" {
				t.Fatalf("a finding that does not help: %+v", finding)
			}
		}
	})
}
