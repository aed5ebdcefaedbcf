package store

import (
	"github.com/uzel-hub/uzel/core"
)

// WorkClocks count the time operators work on appeals.
var WorkClocks = Define[core.WorkClock]("work_clocks").WithoutHistory()

// The facets of the index "appeal" of Documents: what lists of appeals are asked
// for. A document that is no appeal has none.
const (
	// FacetView is one of the views below.
	FacetView        = "view"
	FacetState       = "state"
	FacetLine        = "line"
	FacetOperator    = "operator"
	FacetReasonGroup = "reason_group"
	FacetReason      = "reason"
	FacetSource      = "source"
	FacetTag         = "tag"
	FacetAccount     = "account"     // number of the account
	FacetParty       = "party"       // who the applicant was recognised as
	FacetApplicant   = "applicant"   // core.Address.Key of each address of the applicant
	FacetMergedInto  = "merged_into" // the appeal it ends with
)

// The values of FacetView. An appeal merged into another is worked on there, so
// it is in ViewAll only.
const (
	ViewAll       = "all"
	ViewOpen      = "open"        // has not ended
	ViewNotInWork = "not_in_work" // waits to be taken
)

// AppealFacet is the value of the index "appeal" for a facet.
func AppealFacet(facet, value string) string { return facet + "\x1f" + value }

func appealFacets(d *core.Document) []string {
	a := d.Appeal
	if a == nil {
		return nil
	}
	out := []string{AppealFacet(FacetView, ViewAll), AppealFacet(FacetState, string(a.State))}
	add := func(facet, value string) {
		if value != "" {
			out = append(out, AppealFacet(facet, value))
		}
	}
	if appealOpen(d) {
		add(FacetView, ViewOpen)
	}
	if a.State == core.AppealNew && a.MergedInto == "" {
		add(FacetView, ViewNotInWork)
	}
	add(FacetLine, string(a.Line))
	add(FacetOperator, string(a.Operator))
	add(FacetReasonGroup, string(a.ReasonGroup))
	add(FacetReason, string(a.Reason))
	add(FacetSource, string(a.Source))
	add(FacetParty, string(a.Applicant.Party))
	add(FacetMergedInto, string(a.MergedInto))
	for _, tag := range a.Tags {
		add(FacetTag, string(tag))
	}
	for _, account := range a.Accounts {
		add(FacetAccount, account.Number)
	}
	for _, key := range addressKeys(a.Applicant.Addresses) {
		add(FacetApplicant, key)
	}
	return out
}

// appealOpen tells that somebody has yet to work on it for its own sake.
func appealOpen(d *core.Document) bool {
	return d.Appeal != nil && !d.Appeal.State.Ended() && d.Appeal.MergedInto == ""
}

// AppealThreadKey is the value of the index "appeal_thread": the appeals of a
// matter that have ended, and those that have not.
func AppealThreadKey(thread core.ThreadID, ended bool) string {
	if ended {
		return string(thread) + "\x1fended"
	}
	return string(thread) + "\x1fopen"
}

func appealThread(d *core.Document) []string {
	if d.Appeal == nil {
		return nil
	}
	return []string{AppealThreadKey(d.Thread, d.Appeal.State.Ended())}
}

// appealDue has the terms of open appeals.
func appealDue(d *core.Document) []string {
	if !appealOpen(d) || d.DueAt == nil {
		return nil
	}
	return []string{MomentKey(*d.DueAt)}
}

func appealPlanned(d *core.Document) []string {
	if !appealOpen(d) || d.Appeal.State != core.AppealWaiting || d.Appeal.PlannedAt == nil {
		return nil
	}
	return []string{MomentKey(*d.Appeal.PlannedAt)}
}
