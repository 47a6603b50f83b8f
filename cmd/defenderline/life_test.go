package main

import (
	"strings"
	"testing"
)

// TestAFullOrganisationIsPassedOver lets an organisation that takes one at a time have one: a second case goes past it to
// headquarters at once, a claim of what it was offered before is refused with how much is open, and once it has room it is offered
// what waited.
func TestAFullOrganisationIsPassedOver(t *testing.T) {
	beside(t, waiting)
	r := newRig(t, func(_ *rig, config *string) { *config = strings.ReplaceAll(*config, "capacity: 20", "capacity: 1") })
	fld, hq := r.desk(fldChat), r.desk(hqChat)
	_, first := r.sent("the first", "front-line-defenders")
	fld.offered("claim:" + first + "-1")
	_, second := r.sent("offered while there was room", "front-line-defenders")
	fld.offered("claim:" + second + "-1")
	fld.press("claim:" + first + "-1")
	fld.document(first + ".asc")
	if toast := fld.press("claim:" + second + "-1"); !strings.Contains(toast.Text, "1 are open") {
		t.Errorf("a second claim is answered with %q", toast.Text)
	}
	d, third := r.sent("past it to headquarters", "front-line-defenders", "headquarters")
	hq.document(third + ".asc")
	if said := transcript(fld.View()); strings.Contains(said, third) {
		t.Errorf("a full organisation was offered a case:\n%s", said)
	}
	fld.press("accept:" + first + "-1")
	fld.press("complete:" + first + "-1")
	fld.press("outcome:funded")
	fld.offered("claim:" + third + "-1")
	d.reads("Front Line Defenders")
}

// TestConsentTakenBackFromOne takes consent back from the organisation that has a case: it is told and its copy is gone, the next
// one is offered the case, and the mission keeps it.
func TestConsentTakenBackFromOne(t *testing.T) {
	beside(t, waiting)
	r := newRig(t)
	lima, fld, pbi := r.desk(lima1), r.desk(fldChat), r.desk(pbiChat)
	d, code := r.sent("not for them any more", "mission", "front-line-defenders", "pbi")
	lima.document(code + ".asc")
	pbi.press("claim:" + code + "-1")
	pbi.document(code + ".asc")
	before := r.copies(code)
	d.says("/cases")
	d.press("case:" + code)
	d.press("caseact:withdraw")
	d.press("consent:pbi")
	d.reads("for Peace Brigades International alone") // asked again before it is done
	d.press("consent:pbi")
	pbi.reads("taken this case back")
	fld.press("claim:" + code + "-2")
	if text := r.open("front-line-defenders", fld.document(code+".asc")); !strings.Contains(string(text), "not for them any more") {
		t.Errorf("the next one reads:\n%s", text)
	}
	if n := r.copies(code); n != before-1 {
		t.Errorf("%d copies are kept of %d", n, before)
	}
	lima.press("ack:" + code)
}

// TestAnOrganisationPausesInItsChat pauses in the chat of one replica, and another passes the case over at once.
func TestAnOrganisationPausesInItsChat(t *testing.T) {
	beside(t, waiting)
	r := newRigWith(t, rigOptions{replicas: 2, webhook: true})
	fld, hq := r.desk(fldChat), r.desk(hqChat)
	d := r.person(0, "en")
	d.start(t)
	d.emergency("agreed to before the pause", "front-line-defenders", "headquarters")
	held := d.code()
	fld.offered("claim:" + held + "-1")
	fld.says("/duty")
	fld.press("accepting:no#front-line-defenders")
	fld.offered("accepting:yes#front-line-defenders")
	fld.press("decline:" + held + "-1") // offers already made stay
	fld.press("reason:capacity")
	hq.document(held + ".asc")
	fld.says("/duty")
	fld.press("accepting:yes#front-line-defenders")
	fld.offered("accepting:no#front-line-defenders")
}
