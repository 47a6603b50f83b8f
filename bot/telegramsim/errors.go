package telegramsim

import (
	"fmt"
	"net/http"
	"strconv"
)

// Error is a refusal as the Bot API answers it.
type Error struct {
	Code        int    // HTTP status and error_code
	Description string // as the real server words it, where that is known
	RetryAfter  int    // seconds; only with 429
}

// Error says the code and the description.
func (e *Error) Error() string { return strconv.Itoa(e.Code) + " " + e.Description }

func badRequest(format string, args ...any) *Error {
	return &Error{Code: http.StatusBadRequest, Description: "Bad Request: " + fmt.Sprintf(format, args...)}
}

func forbidden(what string) *Error {
	return &Error{Code: http.StatusForbidden, Description: "Forbidden: " + what}
}

func conflict(what string) *Error {
	return &Error{Code: http.StatusConflict, Description: "Conflict: " + what}
}

func tooMany(seconds int) *Error {
	return &Error{
		Code:        http.StatusTooManyRequests,
		Description: "Too Many Requests: retry after " + strconv.Itoa(seconds),
		RetryAfter:  seconds,
	}
}
