package i18n

import "testing"

// The real texts: every language that is shipped, against all the others.
func TestShippedTextsAreComplete(t *testing.T) {
	languages := Shipped()
	if len(languages) == 0 {
		t.Fatal("no language is shipped")
	}
	c, err := Load(nil)
	if err != nil {
		t.Fatal(err)
	}
	for _, finding := range Check(c) {
		if finding.Warning {
			t.Log(finding)
			continue
		}
		t.Error(finding)
	}
}
