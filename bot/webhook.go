package bot

import (
	"crypto/sha256"
	"crypto/subtle"
	"io"
	"net/http"
	"strconv"

	"github.com/go-json-experiment/json/jsontext"
)

// largestUpdate bounds what is read of a delivery. Telegram's own are far smaller.
const largestUpdate = 1 << 20

// secretHeader carries the secret that was given to setWebhook.
const secretHeader = "X-Telegram-Bot-Api-Secret-Token"

// webhook receives deliveries. The library's handler answers 200 to everything; this one does so only
// after the update was kept, and Telegram repeats the rest.
type webhook struct {
	*receiver
	secret [sha256.Size]byte
}

// ServeHTTP keeps one update: 200 when it is kept or can never be, 503 when Telegram shall try again.
func (h *webhook) ServeHTTP(w http.ResponseWriter, req *http.Request) {
	given := sha256.Sum256([]byte(req.Header.Get(secretHeader)))
	if subtle.ConstantTimeCompare(given[:], h.secret[:]) != 1 {
		h.meters.Refused.WithLabelValues("secret").Inc()
		w.WriteHeader(http.StatusUnauthorized)
		return
	}
	if req.Method != http.MethodPost {
		w.WriteHeader(http.StatusMethodNotAllowed)
		return
	}
	raw, err := delivered(w, req)
	if err != nil {
		h.meters.Refused.WithLabelValues("body").Inc()
		w.WriteHeader(http.StatusRequestEntityTooLarge)
		return
	}
	if _, err := h.keep(req.Context(), []jsontext.Value{raw}); err != nil {
		h.log.Warn("a delivery could not be kept; Telegram repeats it", "err", err)
		w.WriteHeader(http.StatusServiceUnavailable)
		return
	}
	w.WriteHeader(http.StatusOK)
}

// delivered reads a delivery.
func delivered(w http.ResponseWriter, req *http.Request) ([]byte, error) {
	if n := req.ContentLength; n >= 0 && n <= largestUpdate {
		return exactly(req.Body, n)
	}
	return io.ReadAll(http.MaxBytesReader(w, req.Body, largestUpdate))
}

func formatID(id int64) string { return strconv.FormatInt(id, 10) }
