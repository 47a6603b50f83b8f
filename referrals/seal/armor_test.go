package seal

import (
	"testing"

	"github.com/ProtonMail/gopenpgp/v2/armor"
	"pgregory.net/rapid"
)

// Our armor is the library's, checksum included, for every length of the last line.
func TestArmorIsTheLibrarys(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		raw := rapid.SliceOfN(rapid.Byte(), 1, 400).Draw(t, "raw")
		want, err := armor.ArmorWithTypeAndCustomHeaders(raw, messageType, "", "")
		if err != nil {
			t.Fatal(err)
		}
		if got := string(enarmor(messageType, raw)); got != want && got != want+"\n" {
			t.Fatalf("armored as\n%s\nwant\n%s", got, want)
		}
	})
}
