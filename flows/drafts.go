package flows

import "slices"

// begin starts a conversation, or takes it up where it was left. What was written at the
// menu goes along; a draft under way waits.
func (t *turn) begin(flow, code string) error {
	d := t.s.Draft
	if d.Flow == flow && d.Case == code {
		t.note("note.waiting", nil)
		return nil
	}
	if t.refused(flow) {
		t.note("note.too_many", map[string]any{"Count": t.e.OpenCases})
		return nil
	}
	var carried []Item
	if t.home() {
		carried = d.Items
	} else {
		t.park()
	}
	t.finishAfter()
	if t.resume(flow, code, carried) {
		return nil
	}
	if flow != FlowAdd {
		code = ""
	}
	t.s.Draft = t.e.fresh(flow)
	t.s.Draft.Case, t.s.Draft.Items, t.s.Draft.Begun = code, slices.Clip(carried), t.in.At
	if flow == FlowAdd && len(carried) > 0 { // it is written already: to send it is all that is left
		return t.fire("nav:done")
	}
	return t.pass()
}

// fresh is a new draft of a conversation, with the answers that hold until others are given.
func (e *Engine) fresh(flow string) Draft {
	m := e.machines[flow]
	d := Draft{Flow: flow, At: m.table.Begin}
	for _, s := range m.table.Steps {
		if s.Default != "" {
			d.set(s.field(), s.Default)
		}
	}
	return d
}

// refused says whether a chat has too many open cases for another one. An emergency and
// an addition never are.
func (t *turn) refused(flow string) bool {
	if t.e.OpenCases == 0 || flow != FlowThreat && flow != FlowContact {
		return false
	}
	open := 0
	for _, c := range t.s.Cases {
		if c.Open() {
			open++
		}
	}
	return open >= t.e.OpenCases
}

// park lets the draft wait.
func (t *turn) park() {
	t.s.Parked = append(slices.Clip(t.s.Parked), t.s.Draft)
}

// unpark takes up the draft that waited last; what was written meanwhile joins it.
func (t *turn) unpark() {
	items := t.s.Draft.Items
	last := len(t.s.Parked) - 1
	t.s.Draft = t.s.Parked[last]
	t.s.Parked = t.s.Parked[:last:last]
	t.join(items)
	t.settle()
	t.note("note.unfinished", map[string]any{"Flow": Text{Key: "flow." + t.s.Draft.Flow}})
}

// resume takes up a waiting draft of the conversation, if there is one.
func (t *turn) resume(flow, code string, carried []Item) bool {
	i := slices.IndexFunc(t.s.Parked, func(d Draft) bool {
		return d.Flow == flow && (flow != FlowAdd || d.Case == code)
	})
	if i < 0 {
		return false
	}
	t.s.Draft = t.s.Parked[i]
	t.s.Parked = slices.Delete(slices.Clone(t.s.Parked), i, i+1)
	t.join(carried)
	t.settle()
	t.note("note.waiting", nil)
	return true
}

// join adds items to the draft. It does not count them against the limit: they were counted when kept.
func (t *turn) join(items []Item) {
	if len(items) > 0 {
		t.s.Draft.Items = append(slices.Clip(t.s.Draft.Items), items...)
	}
}

// open shows a page of home over whatever is under way.
func (t *turn) open(page string) error {
	if !t.home() {
		t.park()
		t.s.Draft = Draft{Flow: FlowHome, At: page}
		return nil
	}
	d := &t.s.Draft
	d.Trail = nil
	d.At, d.Page, d.Offered = page, 0, nil
	return nil
}
