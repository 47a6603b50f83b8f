package desk

import (
	"context"
	"errors"
	"net/http"
	"strings"
	"time"

	"defenderline/referrals"
)

// call is one request on its way.
type call struct {
	*api
	w     http.ResponseWriter
	req   *http.Request
	guest *guest // nil where no token is needed
}

func (c *call) ctx() context.Context { return c.req.Context() }

// route is a path and what answers it. An error that is not a problem says that something behind the API failed.
type route struct {
	path      string
	public    bool // needs no token
	get, post func(*call) error
	put       func(*call) error
}

// root is where the API begins.
const root = "/api/v1"

// routes are all paths of the API. Those of organisations and those of missions differ in their name and in their acts.
func (a *api) routes() []route {
	all := []route{
		{path: root + "/openapi.json", public: true, get: describe},
		{path: root + "/problems/{kind}", public: true, get: explain},
		{path: root + "/events", get: stream},
		{path: root + "/desk", get: at(referrals.NGODesk, stands), put: at(referrals.NGODesk, opens)},
	}
	for _, kind := range []referrals.Kind{referrals.NGODesk, referrals.MissionDesk} {
		of := collection(kind)
		all = append(all,
			route{path: of, get: at(kind, list)},
			route{path: of + "/{code}", get: at(kind, one)},
			route{path: of + "/{code}/sealed", get: at(kind, sealed)},
			route{path: of + "/{code}/documents", get: at(kind, documents)},
			route{path: of + "/{code}/documents/{name}", get: at(kind, document)})
		for _, act := range kind.Acts() {
			all = append(all, route{path: of + "/{code}/" + string(act), post: at(kind, acting(act))})
		}
	}
	return all
}

// collection is where a desk's cases are.
func collection(k referrals.Kind) string {
	if k == referrals.NGODesk {
		return root + "/referrals"
	}
	return root + "/cases"
}

// at answers desks of a kind, missions and headquarters being one; to others there is nothing.
func at(kind referrals.Kind, do func(*call) error) func(*call) error {
	return func(c *call) error {
		if collection(c.guest.Kind) != collection(kind) {
			return notFound(c)
		}
		return do(c)
	}
}

func notFound(*call) error { return problemOf(unknown) }

// allowed are the methods that a route answers.
func (r route) allowed() string {
	var methods []string
	if r.get != nil {
		methods = append(methods, http.MethodGet, http.MethodHead)
	}
	if r.post != nil {
		methods = append(methods, http.MethodPost)
	}
	if r.put != nil {
		methods = append(methods, http.MethodPut)
	}
	return strings.Join(append(methods, http.MethodOptions), ", ")
}

// serving answers a route: who asks, whether they may, and what came of it.
func (a *api) serving(r route) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, req *http.Request) {
		h := w.Header()
		h.Set("Cache-Control", "no-store")
		h.Set("X-Content-Type-Options", "nosniff")
		h.Set("Date", a.Now().UTC().Format(http.TimeFormat)) // by the clock that the times in the answer are of
		c := &call{api: a, w: w, req: req}
		c.within(a.Limits.Answer)
		status, err := http.StatusOK, c.serve(r)
		if req.Method == http.MethodOptions {
			status = http.StatusNoContent
		}
		if err != nil {
			status = c.fail(r, err)
		}
		if a.Observe != nil {
			a.Observe(r.path, status)
		}
	})
}

// within lets the answer take so long from now, by the clock of the machine, whatever the server says. A writer
// that knows no deadlines has none.
func (c *call) within(d time.Duration) {
	_ = http.NewResponseController(c.w).SetWriteDeadline(time.Now().Add(d))
}

func (c *call) serve(r route) error {
	if !r.public {
		if err := c.admit(); err != nil {
			return err
		}
	}
	do := r.get
	switch c.req.Method {
	case http.MethodGet, http.MethodHead:
	case http.MethodPost:
		do = r.post
	case http.MethodPut:
		do = r.put
	case http.MethodOptions:
		c.w.Header().Set("Allow", r.allowed())
		c.w.WriteHeader(http.StatusNoContent)
		return nil
	default:
		do = nil
	}
	if do == nil {
		c.w.Header().Set("Allow", r.allowed())
		return problemOf(wrongMethod)
	}
	return do(c)
}

// fail answers with a problem. What is behind the API and failed is logged, not told.
func (c *call) fail(r route, err error) int {
	var p *problem
	if !errors.As(err, &p) {
		if c.ctx().Err() == nil {
			c.Log.Error("the desk API could not answer; is the store reachable?", "path", r.path, "err", err)
		}
		p = problemOf(unavailable)
	}
	c.refused(r, p)
	if p.Status == http.StatusServiceUnavailable {
		c.w.Header().Set("Retry-After", "5")
	}
	p.write(c.w)
	return p.Status
}
