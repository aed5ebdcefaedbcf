package emulator

import (
	"fmt"
	"regexp"
	"strings"
	"unicode/utf8"

	"github.com/beevik/etree"
)

// The namespaces of requests.
const (
	nsEnvelope = "http://schemas.xmlsoap.org/soap/envelope/"
	nsAppeals  = "http://dom.gosuslugi.ru/schema/integration/appeals/"
	nsBase     = "http://dom.gosuslugi.ru/schema/integration/base/"
	nsNSIBase  = "http://dom.gosuslugi.ru/schema/integration/nsi-base/"
	nsRegistry = "http://dom.gosuslugi.ru/schema/integration/organizations-registry-base/"
	nsOrgs     = "http://dom.gosuslugi.ru/schema/integration/organizations-registry-common/"
	nsNSI      = "http://dom.gosuslugi.ru/schema/integration/nsi-common/"
	nsDSig     = "http://www.w3.org/2000/09/xmldsig#"
)

// rule is what the schemas say about one element: how often it stands at its
// place, and its text or its children in their order.
type rule struct {
	space, name string
	min, max    int
	text        *regexp.Regexp // of a leaf
	runes       int            // longest text, 0 = any
	children    []rule         // of any other
	any         bool           // children are not looked at
}

var (
	guidText  = regexp.MustCompile(`^[0-9a-fA-F]{8}(-[0-9a-fA-F]{4}){3}-[0-9a-fA-F]{12}$`)
	dateText  = regexp.MustCompile(`^\d{4}-\d\d-\d\d(Z|[+-]\d\d:\d\d)?$`)
	timeText  = regexp.MustCompile(`^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(\.\d+)?(Z|[+-]\d\d:\d\d)?$`)
	trueText  = regexp.MustCompile(`^(true|1)$`)
	anyText   = regexp.MustCompile(`(?s)^.*$`)
	someText  = regexp.MustCompile(`(?s)^.+$`)
	nsiNumber = regexp.MustCompile(`^[1-9]\d{0,9}$`)
)

const many = 1 << 30

func leaf(space, name string, min, max int, text *regexp.Regexp, runes int) rule {
	return rule{space: space, name: name, min: min, max: max, text: text, runes: runes}
}

func node(space, name string, min, max int, children ...rule) rule {
	return rule{space: space, name: name, min: min, max: max, children: children}
}

var (
	signature = rule{space: nsDSig, name: "Signature", max: 1, any: true}
	transport = leaf(nsBase, "TransportGUID", 1, 1, guidText, 0)
	answerer  = leaf(nsAppeals, "AnswererGUID", 1, 1, guidText, 0)
	whichOne  = []rule{leaf(nsAppeals, "AppealGUID", 0, 1, guidText, 0), leaf(nsAppeals, "AppealNumber", 0, 1, someText, 30)}
)

func attachmentRule(space, name string, min, max, describe int) rule {
	return node(space, name, min, max,
		leaf(nsBase, "Name", 1, 1, someText, 1024),
		leaf(nsBase, "Description", describe, 1, someText, 500),
		node(nsBase, "Attachment", 1, 1, leaf(nsBase, "AttachmentGUID", 1, 1, guidText, 0)),
		leaf(nsBase, "AttachmentHASH", 1, 1, someText, 0),
	)
}

// grammar are the requests by action.
var grammar = map[string]rule{
	"exportAppeal": node(nsAppeals, "exportAppealRequest", 1, 1,
		signature,
		leaf(nsAppeals, "AppealGUID", 0, 1000, guidText, 0),
		leaf(nsAppeals, "AppealNumber", 0, 1000, someText, 30),
		leaf(nsAppeals, "StartDate", 0, 1, dateText, 0),
		leaf(nsAppeals, "EndDate", 0, 1, dateText, 0),
		rule{space: nsAppeals, name: "AppealTheme", max: 1, any: true},
		leaf(nsAppeals, "FIASHouseGuid", 0, many, guidText, 0),
		node(nsAppeals, "StatusOfAppeal", 0, 1,
			leaf(nsAppeals, "NotSent", 0, 1, trueText, 0), leaf(nsAppeals, "Sent", 0, 1, trueText, 0),
			leaf(nsAppeals, "InWork", 0, 1, trueText, 0), leaf(nsAppeals, "Executed", 0, 1, trueText, 0),
			leaf(nsAppeals, "Withdrawn", 0, 1, trueText, 0)),
		leaf(nsAppeals, "IncludeHCSAppeals", 0, 1, trueText, 0),
	),
	"importAnswer": node(nsAppeals, "importAnswerRequest", 1, 1,
		signature,
		node(nsAppeals, "AnswerAction", 0, 1000, transport, whichOne[0], whichOne[1],
			node(nsAppeals, "Answer", 1, many, transport,
				leaf(nsAppeals, "AnswerGUID", 0, 1, guidText, 0), answerer,
				node(nsAppeals, "LoadAnswer", 0, 1,
					leaf(nsAppeals, "AnswerText", 1, 1, anyText, 10000),
					attachmentRule(nsAppeals, "Attachment", 0, many, 1),
					node(nsAppeals, "SignedAttachments", 0, many,
						attachmentRule(nsBase, "Attachment", 1, 1, 1), attachmentRule(nsBase, "Signature", 1, many, 0))),
				leaf(nsAppeals, "SendAnswer", 0, 1, trueText, 0),
				leaf(nsAppeals, "DeleteAnswer", 0, 1, trueText, 0))),
		node(nsAppeals, "AppealAction", 0, 1000, transport, whichOne[0], whichOne[1],
			node(nsAppeals, "Performer", 0, 1, answerer, leaf(nsAppeals, "DateOfAppointment", 0, 1, dateText, 0)),
			node(nsAppeals, "Executed", 0, 1, answerer),
			node(nsAppeals, "RedirectAppeal", 0, many,
				node(nsAppeals, "Receiver", 1, 1, leaf(nsRegistry, "orgRootEntityGUID", 1, 1, guidText, 0)),
				leaf(nsAppeals, "Comment", 0, 1, anyText, 1000), attachmentRule(nsAppeals, "Attachment", 0, many, 1), answerer),
			node(nsAppeals, "RollOverAppeal", 0, 1,
				leaf(nsAppeals, "ExecutionDate", 1, 1, dateText, 0), leaf(nsAppeals, "Comment", 1, 1, anyText, 1000),
				attachmentRule(nsAppeals, "Attachment", 0, many, 1), answerer),
			node(nsAppeals, "AnswerIsNotRequired", 0, 1, leaf(nsAppeals, "Cause", 1, 1, anyText, 0), answerer)),
	),
	"getState": node(nsBase, "getStateRequest", 1, 1, leaf(nsBase, "MessageGUID", 1, 1, guidText, 0)),
	"exportOrgRegistry": node(nsOrgs, "exportOrgRegistryRequest", 1, 1, signature,
		node(nsOrgs, "SearchCriteria", 1, 100, leaf(nsRegistry, "orgRootEntityGUID", 1, 1, guidText, 0))),
	"exportNsiItem": node(nsNSI, "exportNsiItemRequest", 1, 1, signature,
		leaf(nsNSI, "RegistryNumber", 1, 1, nsiNumber, 0), leaf(nsNSIBase, "ListGroup", 1, 1, someText, 0)),
}

var creator = node(nsBase, "ISCreator", 0, many,
	leaf(nsBase, "ISName", 1, 1, someText, 255), leaf(nsBase, "ISOperatorName", 1, 1, someText, 255))

// headers are the headers of requests: of the appeals, and of the common
// services.
var headers = map[string]rule{
	pathAppeals: node(nsBase, "RequestHeader", 1, 1,
		leaf(nsBase, "Date", 1, 1, timeText, 0), leaf(nsBase, "MessageGUID", 1, 1, guidText, 0),
		leaf(nsBase, "orgPPAGUID", 1, 1, guidText, 0), leaf(nsBase, "IsOperatorSignature", 0, 1, trueText, 0), creator),
	pathRegistry: node(nsBase, "ISRequestHeader", 1, 1,
		leaf(nsBase, "Date", 1, 1, timeText, 0), leaf(nsBase, "MessageGUID", 1, 1, guidText, 0), creator),
}

func headerRule(path string) rule {
	if r, ok := headers[path]; ok {
		return r
	}
	return headers[pathRegistry]
}

// versions are the values of base:version the real service says it accepts.
var versions = map[string][]string{
	"exportAppeal":      {"12.2.0.11", "13.1.10.1", "13.2.1.0", "13.2.5.0", "13.3.2.0", "14.4.0.1"},
	"importAnswer":      {"12.2.0.13", "13.2.1.0"},
	"exportOrgRegistry": {"10.0.2.1"},
	"exportNsiItem":     {"10.0.1.2"},
}

// check holds an element to its rule.
func (r rule) check(el *etree.Element) error {
	if el.Tag != r.name || el.NamespaceURI() != r.space {
		return fmt.Errorf("%s of %q where %s is expected", el.Tag, el.NamespaceURI(), r.name)
	}
	switch {
	case r.any:
		return nil
	case r.text != nil:
		return r.checkText(el)
	}
	return r.checkChildren(el)
}

func (r rule) checkText(el *etree.Element) error {
	text := strings.TrimSpace(el.Text())
	switch {
	case len(el.ChildElements()) > 0:
		return fmt.Errorf("%s has elements", r.name)
	case !r.text.MatchString(text):
		return fmt.Errorf("%s has a wrong value", r.name)
	case r.runes > 0 && utf8.RuneCountInString(text) > r.runes:
		return fmt.Errorf("%s is longer than %d", r.name, r.runes)
	}
	return nil
}

func (r rule) checkChildren(el *etree.Element) error {
	left := el.ChildElements()
	for _, c := range r.children {
		n := 0
		for n < len(left) && left[n].Tag == c.name && left[n].NamespaceURI() == c.space {
			if err := c.check(left[n]); err != nil {
				return fmt.Errorf("%s: %w", r.name, err)
			}
			n++
		}
		if n < c.min || n > c.max {
			return fmt.Errorf("%s: %d of %s", r.name, n, c.name)
		}
		left = left[n:]
	}
	if len(left) > 0 {
		return fmt.Errorf("%s: unexpected %s", r.name, left[0].Tag)
	}
	return nil
}

// keys holds a request to the uniqueness the schema demands.
func keys(el *etree.Element) error {
	seen := map[string]bool{}
	unique := func(name, value string) error {
		if value == "" {
			return nil
		}
		if seen[name+" "+strings.ToLower(value)] {
			return fmt.Errorf("%s twice", name)
		}
		seen[name+" "+strings.ToLower(value)] = true
		return nil
	}
	for _, t := range el.FindElements(".//TransportGUID") {
		if err := unique("TransportGUID", t.Text()); err != nil {
			return err
		}
	}
	for _, action := range el.ChildElements() {
		for _, name := range []string{"AppealGUID", "AppealNumber"} {
			if err := unique(action.Tag+"/"+name, text(action, name)); err != nil {
				return err
			}
		}
		if action.Tag == "AnswerAction" || action.Tag == "AppealAction" {
			if (text(action, "AppealGUID") == "") == (text(action, "AppealNumber") == "") {
				return fmt.Errorf("%s names no appeal, or two", action.Tag)
			}
		}
	}
	return nil
}

// text is the text of the child, "" if there is none.
func text(el *etree.Element, path string) string {
	c := el.FindElement("./" + path)
	if c == nil {
		return ""
	}
	return strings.TrimSpace(c.Text())
}
