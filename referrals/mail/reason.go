package mail

import (
	"crypto/tls"
	"errors"
	"net/textproto"
	"strconv"
)

// Reason is what the caller should do about a mail that was not sent. The set is closed, so that a
// Reason may be a metric label.
type Reason string

// The reasons.
const (
	// Refused: this mail or this address, for good. The rung cannot be reached so.
	Refused Reason = "refused"
	// Later: the network or the server, for now. Try again after a pause.
	Later Reason = "later"
	// Settings: the server's name, certificate, password or sender's address. No mail will pass until
	// somebody mends the configuration; an operator must see it.
	Settings Reason = "settings"
)

// Step is how far sending came. The set is closed too.
type Step string

// The steps, in their order.
const (
	StepAlert   Step = "alert"   // nothing was dialled
	StepConnect Step = "connect" // no connection
	StepGreet   Step = "greet"   // the server's greeting and our EHLO
	StepTLS     Step = "tls"     // STARTTLS, the handshake, the certificate
	StepAuth    Step = "auth"    // the password
	StepFrom    Step = "from"    // the sender's address
	StepTo      Step = "to"      // the recipient's address
	StepMessage Step = "message" // the mail itself
)

// Error is the only error type of this package. It holds no address and no word of the server.
type Error struct {
	Reason  Reason
	Step    Step
	Code    int    // the server's reply (RFC 5321, section 4.2), 0 when it gave none
	Problem string // what is wrong, in fixed words
	Remedy  string // what to do about it
	cause   error  // of the caller's context only
}

// Error gives step, problem, reply code and remedy in one line.
func (e *Error) Error() string {
	text := "mail: " + string(e.Step) + ": " + e.Problem
	if e.Code != 0 {
		text += " (reply " + strconv.Itoa(e.Code) + ")"
	}
	return text + "; " + e.Remedy
}

// Unwrap is the error of the context that ended the sending, else nil.
func (e *Error) Unwrap() error { return e.cause }

// ReasonOf gives the reason of an error of this package, "" for nil and [Later] for any other.
func ReasonOf(err error) Reason {
	if err == nil {
		return ""
	}
	if e, ok := errors.AsType[*Error](err); ok {
		return e.Reason
	}
	return Later
}

func refuse(step Step, problem, remedy string) *Error {
	return &Error{Reason: Refused, Step: step, Problem: problem, Remedy: remedy}
}

func misset(step Step, problem, remedy string) *Error {
	return &Error{Reason: Settings, Step: step, Problem: problem, Remedy: remedy}
}

// failed judges what went wrong in a step, from the kind of error and the server's code alone.
func failed(step Step, err error) *Error {
	if e, ok := errors.AsType[*Error](err); ok {
		return e
	}
	if reply, ok := errors.AsType[*textproto.Error](err); ok && reply.Code >= 400 && reply.Code <= 599 {
		return answered(step, reply.Code)
	}
	if untrusted(err) {
		return misset(StepTLS, "the server's certificate or TLS is not good for its name", "give smtp.host the name on its certificate, and this machine the authority that signed it")
	}
	return &Error{Reason: Later, Step: step, Problem: "the server was not reached, stopped answering or answered what is no SMTP", Remedy: "try again; if it stays, check smtp.host, smtp.port and the network"}
}

// answered judges a negative reply.
func answered(step Step, code int) *Error {
	switch {
	case code < 500:
		return &Error{Reason: Later, Step: step, Code: code, Problem: "the server does not take it now", Remedy: "try again"}
	case code == 530 || code == 534 || code == 535 || code == 538 || step == StepAuth: // RFC 4954, section 6
		return &Error{Reason: Settings, Step: StepAuth, Code: code, Problem: "the server does not accept this login", Remedy: "check smtp.username and smtp.password_file; a password needs smtp.tls: required"}
	case step == StepTo || step == StepMessage:
		return &Error{Reason: Refused, Step: step, Code: code, Problem: "the server refused it for good", Remedy: "check the rung's email with the desk; the next rung is alerted meanwhile"}
	default:
		return &Error{Reason: Settings, Step: step, Code: code, Problem: "the server takes no mail from this line", Remedy: "check smtp.host, smtp.port and smtp.from with whoever runs the server"}
	}
}

// untrusted says whether TLS itself failed, as opposed to the network under it.
func untrusted(err error) bool {
	_, certificate := errors.AsType[*tls.CertificateVerificationError](err)
	_, record := errors.AsType[tls.RecordHeaderError](err)
	_, alert := errors.AsType[tls.AlertError](err)
	return certificate || record || alert
}
