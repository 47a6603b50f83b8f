package telegramsim

import (
	"context"
	"encoding/json"
	"errors"
	"net/http"
	"strconv"
	"time"
)

// Control drives the simulation from another process. It is a handler of its own, so that a bot under test
// cannot reach it. Every path takes POST with a JSON object and answers JSON; what cannot be done is
// answered 400 with {"problem": …}.
//
//	/sim/bot     {token, username}                          a bot
//	/sim/person  {id, first_name, username, language_code}  a person; id 0 or absent: a fresh one; answers the User
//	/sim/start   {bot, person, payload}                     bot by username, person by id; answers the message
//	/sim/send    {bot, person, text}                        likewise
//	/sim/file    {bot, person, kind, name, mime, data, caption}  data in base64
//	/sim/press   {bot, person, button, wait}                answers the query id; with wait the toast, that may take
//	                                                        so many milliseconds
//	/sim/edit    {bot, person, message, text}               changes a message of the person
//	/sim/delete  {bot, person, messages}                    deletes messages
//	/sim/block   {bot, person, blocked}                     blocks the bot, or takes it back
//	/sim/chat    {bot, person}                              {messages, deleted, buttons} as the phone shows them
//	/sim/update  {bot, kind, body}                          offers an update as it stands; body is JSON, or
//	                                                        text instead of it is anything, broken JSON too
//	/sim/fault   Fault                                      makes calls fail
//	/sim/webhook WebhookFault and bot                       disturbs deliveries
//	/sim/limits  {on, factor}                               speed limits on, times a factor, or off
//	/sim/clear   {}                                         removes all faults
//	/sim/calls   {methods}                                  recorded calls: bot, method, chat, params, error
//	/sim/counts  {}                                         calls by method, answers 429 by method, connections
//	/sim/events  {}                                         a stream of Events, one JSON object a line
func (s *Server) Control() http.Handler {
	mux := http.NewServeMux()
	for path, act := range map[string]func(*order) (any, error){
		"bot": (*order).addBot, "person": (*order).addPerson, "update": (*order).update, "fault": (*order).fault,
		"webhook": (*order).webhook, "limits": (*order).limits, "clear": (*order).clear, "calls": (*order).calls,
		"counts": (*order).counts,
	} {
		mux.HandleFunc("POST /sim/"+path, s.obey(act))
	}
	for path, act := range map[string]func(*order) (any, error){
		"start": (*order).start, "send": (*order).send, "file": (*order).file, "press": (*order).press,
		"edit": (*order).edit, "delete": (*order).delete, "block": (*order).block, "chat": (*order).view,
	} {
		mux.HandleFunc("POST /sim/"+path, s.obey(byPerson(act)))
	}
	mux.HandleFunc("POST /sim/events", s.streamEvents)
	return mux
}

// order is one control request. Which fields are read depends on the path.
type order struct {
	srv   *Server
	http  *http.Request
	phone *Phone

	Token    string          `json:"token"`
	Bot      string          `json:"bot"`
	Person   int64           `json:"person"`
	Payload  string          `json:"payload"`
	Text     string          `json:"text"`
	Name     string          `json:"name"`
	Mime     string          `json:"mime"`
	Data     []byte          `json:"data"`
	Caption  string          `json:"caption"`
	Button   string          `json:"button"`
	Wait     int             `json:"wait"`
	Message  int64           `json:"message"`
	Messages []int64         `json:"messages"`
	Blocked  bool            `json:"blocked"`
	Body     json.RawMessage `json:"body"`
	On       bool            `json:"on"`
	Factor   float64         `json:"factor"`
	Methods  []string        `json:"methods"`
	User
	Fault
	WebhookFault
}

func (s *Server) obey(act func(*order) (any, error)) http.HandlerFunc {
	return func(w http.ResponseWriter, r *http.Request) {
		o := &order{srv: s, http: r}
		err := json.NewDecoder(http.MaxBytesReader(w, r.Body, 2*MaxUpload)).Decode(o)
		if err == nil {
			err = o.find()
		}
		var result any
		if err == nil {
			result, err = act(o)
		}
		w.Header().Set("Content-Type", "application/json")
		if err != nil {
			w.WriteHeader(http.StatusBadRequest)
			result = map[string]string{"problem": err.Error()}
		}
		_ = json.NewEncoder(w).Encode(result) // a caller that is gone is no concern of the server
	}
}

// find looks up the bot and the person an order names.
func (o *order) find() error {
	if o.Person == 0 {
		return nil
	}
	b, p := o.srv.Bot(o.Bot), o.srv.person(o.Person)
	if b == nil || p == nil {
		return errors.New("no such bot or person; add them first")
	}
	o.phone = p.With(b)
	return nil
}

// Bot gives the bot with the username, or nil.
func (s *Server) Bot(username string) *Bot {
	s.mu.RLock()
	defer s.mu.RUnlock()
	for _, b := range s.bots {
		if b.user.Username == username {
			return b
		}
	}
	return nil
}

// byPerson refuses an order that names nobody.
func byPerson(act func(*order) (any, error)) func(*order) (any, error) {
	return func(o *order) (any, error) {
		if o.phone == nil {
			return nil, errors.New("the order names no person")
		}
		return act(o)
	}
}

func (o *order) addBot() (any, error) {
	b, err := o.srv.AddBot(o.Token, o.Username)
	if err != nil {
		return nil, err
	}
	return b.user, nil
}

func (o *order) addPerson() (any, error) {
	p, err := o.srv.AddPerson(o.User)
	if err != nil {
		return nil, err
	}
	return p.user, nil
}

func (o *order) start() (any, error) {
	return o.phone.Start(o.Payload)
}

func (o *order) send() (any, error) {
	return o.phone.Send(o.Text)
}

func (o *order) file() (any, error) {
	return o.phone.SendFile(Attachment{
		Kind: string(o.Kind), Name: o.Name, Mime: o.Mime, Data: o.Data, Caption: o.Caption,
	})
}

func (o *order) press() (any, error) {
	p, err := o.phone.Press(o.Button)
	if err != nil || o.Wait == 0 {
		return p, err
	}
	ctx, cancel := context.WithTimeout(o.http.Context(), time.Duration(o.Wait)*time.Millisecond)
	defer cancel()
	return p.Wait(ctx)
}

func (o *order) edit() (any, error) {
	return o.phone.Edit(o.Message, o.Text)
}

func (o *order) delete() (any, error) {
	o.phone.Delete(o.Messages...)
	return true, nil
}

func (o *order) block() (any, error) {
	o.phone.setBlocked(o.Blocked)
	return true, nil
}

func (o *order) view() (any, error) {
	v := o.phone.View()
	return struct {
		Messages []*Message `json:"messages"`
		Deleted  []int64    `json:"deleted"`
		Buttons  []string   `json:"buttons"`
	}{v.Messages, v.Deleted, v.Buttons()}, nil
}

func (o *order) update() (any, error) {
	b := o.srv.Bot(o.Bot)
	if b == nil {
		return nil, errors.New("no such bot; add it first")
	}
	body := string(o.Body)
	if o.Text != "" {
		body = o.Text
	}
	b.Offer(string(o.Kind), body)
	return true, nil
}

func (o *order) fault() (any, error) {
	o.srv.Inject(o.Fault)
	return true, nil
}

func (o *order) webhook() (any, error) {
	b := o.srv.Bot(o.Bot)
	if b == nil || !b.DisturbWebhook(o.WebhookFault) {
		return nil, errors.New("no such bot, or it has no webhook")
	}
	return true, nil
}

func (o *order) limits() (any, error) {
	o.srv.Limit(nil)
	if o.On {
		l := Limits{}.filled()
		if o.Factor > 0 {
			l = l.Times(o.Factor)
		}
		o.srv.Limit(&l)
	}
	return true, nil
}

func (o *order) clear() (any, error) {
	o.srv.ClearFaults()
	return true, nil
}

func (o *order) calls() (any, error) {
	type shown struct {
		Bot    string            `json:"bot"`
		Method string            `json:"method"`
		Chat   int64             `json:"chat"`
		Params map[string]string `json:"params"`
		Error  string            `json:"error,omitempty"`
	}
	list := []shown{}
	for _, c := range o.srv.Calls(o.Methods...) {
		one := shown{Bot: c.Bot, Method: c.Method, Chat: c.Chat, Params: c.Params()}
		if c.Err != nil {
			one.Error = strconv.Itoa(c.Err.Code) + " " + c.Err.Description
		}
		list = append(list, one)
	}
	return list, nil
}

func (o *order) counts() (any, error) {
	return struct {
		Calls       map[string]int64 `json:"calls"`
		TooMany     map[string]int64 `json:"too_many"`
		Connections int64            `json:"connections"`
	}{o.srv.Counts(), o.srv.TooMany(), o.srv.Connections()}, nil
}

func (s *Server) streamEvents(w http.ResponseWriter, r *http.Request) {
	next := s.Events(r.Context())
	flush := http.NewResponseController(w)
	w.Header().Set("Content-Type", "application/x-ndjson")
	encoder := json.NewEncoder(w)
	if flush.Flush() != nil {
		return
	}
	for {
		e, more := next()
		if !more || encoder.Encode(e) != nil || flush.Flush() != nil {
			return
		}
	}
}
