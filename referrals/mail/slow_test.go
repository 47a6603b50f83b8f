package mail

import (
	"bufio"
	"context"
	"errors"
	"io"
	"net"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"defenderline/referrals/mail/mailtest"
)

// mute is a server at the other end of a pipe that answers so many lines and then nothing more. Its
// time is that of the test's bubble.
func mute(t *testing.T, replies ...string) Options {
	t.Helper()
	dial := func(context.Context, string, string) (net.Conn, error) {
		ours, theirs := net.Pipe()
		go func() {
			defer theirs.Close()
			in := bufio.NewReader(theirs)
			for i, reply := range replies {
				var err error
				switch {
				case reply == "take": // the mail, to its final dot
					reply = "250 taken"
					_, err = mailtest.Dotted(in)
				case i > 0:
					_, err = in.ReadString('\n')
				}
				if err != nil {
					return
				}
				if _, err := io.WriteString(theirs, reply+"\r\n"); err != nil {
					return
				}
			}
			_, _ = io.Copy(io.Discard, in)
		}()
		return ours, nil
	}
	return Options{Host: "127.0.0.1", Port: 2525, From: "line@example.org", Now: time.Now,
		Random: strings.NewReader(strings.Repeat("r", 1024)), Dial: dial}
}

func TestASilentServerIsLeftAfterHalfAMinute(t *testing.T) {
	replies := []string{"220 hello", "250 ok", "250 ok", "250 ok", "354 go ahead"}
	for n := range len(replies) + 1 {
		synctest.Test(t, func(t *testing.T) {
			began := time.Now()
			err := sender(t, mute(t, replies[:n]...)).Send(t.Context(), alert())
			if ReasonOf(err) != Later {
				t.Errorf("silent after %d replies: %v", n, err)
			}
			if took := time.Since(began); took != sendWithin {
				t.Errorf("silent after %d replies: left after %v", n, took)
			}
			synctest.Wait()
		})
	}
}

func TestAServerThatIsSilentAtTheFarewellHasTheMail(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		began := time.Now()
		o := mute(t, "220 hello", "250 ok", "250 ok", "250 ok", "354 go ahead", "take")
		if err := sender(t, o).Send(t.Context(), alert()); err != nil {
			t.Error(err)
		}
		if took := time.Since(began); took > quitWithin {
			t.Errorf("waited %v", took)
		}
		synctest.Wait()
	})
}

func TestANetworkThatHangsIsLeftAfterTenSeconds(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		o := mute(t)
		o.Dial = func(ctx context.Context, _, _ string) (net.Conn, error) {
			<-ctx.Done()
			return nil, ctx.Err()
		}
		began := time.Now()
		err := sender(t, o).Send(t.Context(), alert())
		wantError(t, err, Later, StepConnect, 0)
		if took := time.Since(began); took != dialWithin {
			t.Errorf("left after %v", took)
		}
	})
}

func TestNoRandomnessIsForLater(t *testing.T) {
	o := mute(t)
	o.Random = strings.NewReader("short")
	err := sender(t, o).Send(t.Context(), alert())
	wantError(t, err, Later, StepAlert, 0)
	if errors.Unwrap(err) != nil {
		t.Errorf("a cause that nobody asked for: %v", errors.Unwrap(err))
	}
}
