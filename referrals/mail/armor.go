package mail

import "bytes"

// The lines around an armored message (RFC 4880, section 6.2), and the greatest length of a line
// between them.
const (
	armorBegin = "-----BEGIN PGP MESSAGE-----"
	armorEnd   = "-----END PGP MESSAGE-----"
	armorWidth = 76
)

// bare gives an armored message without its armor headers (a program's name and version, somebody's comment), lines
// ending in CRLF. It reports false for anything else than exactly one armored message, so that nothing in the clear can be
// taken for one. That it decrypts is not known here.
func bare(sealed []byte) ([]byte, bool) {
	lines := bytes.Split(bytes.TrimRight(sealed, "\r\n"), []byte("\n"))
	for i := range lines {
		lines[i] = bytes.TrimRight(lines[i], "\r")
	}
	last := len(lines) - 1
	if last < 3 || string(lines[0]) != armorBegin || string(lines[last]) != armorEnd {
		return nil, false
	}
	start := 1
	for start < last && bytes.Contains(lines[start], []byte(": ")) {
		start++
	}
	if start+1 >= last || len(lines[start]) != 0 {
		return nil, false
	}
	out := make([]byte, 0, len(sealed)+len(lines)+4)
	out = append(out, armorBegin+"\r\n\r\n"...)
	for _, line := range lines[start+1 : last] {
		if !isRadix64(line) {
			return nil, false
		}
		out = append(append(out, line...), "\r\n"...)
	}
	return append(out, armorEnd+"\r\n"...), true
}

func isRadix64(line []byte) bool {
	if len(line) == 0 || len(line) > armorWidth {
		return false
	}
	for _, c := range line {
		switch {
		case 'A' <= c && c <= 'Z', 'a' <= c && c <= 'z', '0' <= c && c <= '9', c == '+', c == '/', c == '=':
		default:
			return false
		}
	}
	return true
}
