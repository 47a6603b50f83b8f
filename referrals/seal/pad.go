package seal

import "math"

// The steps of padded documents. 4096 bytes hold most cases; 12 % steps keep the waste
// small and the number of different lengths low (PADMÉ, PoPETs 2019/4, argues likewise).
const (
	padFirst = 4096.0
	padStep  = 1.12
	padRound = 64
	padLabel = "padding:"
	// padOverhead is the least the last line takes: a line break that the text
	// may lack, the label, its own line break.
	padOverhead = len("\n" + padLabel + "\n")
)

// MaxDocument is the greatest plaintext of a document in bytes. Armored and padded it
// stays below the 50 MB that a Telegram bot may upload.
const MaxDocument = 32 << 20

// PaddedSize is the length in bytes of the padded plaintext of a text of n bytes:
// 4096 × 1.12^k rounded up to 64, the least such that text and padding line fit.
// No other length occurs.
func PaddedSize(n int) int {
	need := max(n, 0) + padOverhead
	step := padFirst
	for {
		size := int(math.Ceil(step/padRound)) * padRound
		if size >= need {
			return size
		}
		step *= padStep
	}
}

// pad writes text and the padding line into buf, which it fills exactly; buf has
// PaddedSize(len(text)) bytes.
func pad(buf, text []byte) {
	n := copy(buf, text)
	if n > 0 && buf[n-1] != '\n' {
		buf[n] = '\n'
		n++
	}
	n += copy(buf[n:], padLabel)
	for i := n; i < len(buf)-1; i++ {
		buf[i] = ' '
	}
	buf[len(buf)-1] = '\n'
}
