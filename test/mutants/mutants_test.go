package mutants

import (
	"encoding/json"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"

	"memberpay/internal/web/webtest"
	"memberpay/test/e2e/harness"
)

// mutant is one change of the program that a test must catch.
type mutant struct {
	name     string
	file     string // below the root
	old, new string // old stands in the file exactly once
	pkg, run string // the test that must fail
	routes   string // with everyRoute: the first part of the addresses that the check guards
}

const everyRoute = "TestEveryRouteAsEverybody"

var mutants = []mutant{
	{"a permission to help is anybody's", "internal/web/portal/helper.go", "err == nil && !slices.Contains(who.Members, help.MemberID)", "err == nil && false && !slices.Contains(who.Members, help.MemberID)", "./internal/web/portal", everyRoute, "/household/helpers"},
	{"anybody ends a permission as its helper", "internal/web/portal/helping.go", "err == nil && help.AccountID != c.Session.AccountID", "err == nil && false", "./internal/web/portal", everyRoute, "/helping"},
	{"a helper reads what care it was", "internal/bill/store.go", "if _, helped := s.Help(b); !helped {", "if _, helped := s.Help(b); !helped || true {", "./internal/web/portal", "TestAHelperReadsNothingOfCare", ""},
	{"a permission that was ended still counts", "internal/member/help.go", "help.account_id <> '' AND help.accepted_at > 0 AND help.ended_at = 0 AND", "help.account_id <> '' AND help.accepted_at > 0 AND", "./internal/web/portal", "TestAHelperIsInvitedPaysAndIsRevoked", ""},
	{"who pays for a grown-up reads their care", "internal/web/portal/sight.go", "&& (people[b.PatientID].Minor(on) ||", "&& (true || people[b.PatientID].Minor(on) ||", "./internal/web/portal", "TestAGrownUpsCareIsTheirs", ""},
	{"a bill is anybody's", "internal/bill/store.go", "err == nil && !scope.In(b)", "err == nil && false", "./internal/web/portal", everyRoute, "/bills/"},
	{"a payment is anybody's", "internal/payment/payment.go", "func (s Scope) in(p Payment) bool {\n", "func (s Scope) in(p Payment) bool {\n\treturn true\n", "./internal/web/portal", everyRoute, "/payments/"},
	{"an enrollment is any browser's", "internal/enroll/store.go", "id = $3 AND token_hash = $1 AND", "id = $3 AND $1 <> '' AND", "./internal/web/portal", everyRoute, "/join/"},
	{"a debit by telephone goes without consent", "internal/processor/nacha/cut.go", "(sec = 'WEB' OR cleared_at > 0)", "(sec <> '' OR cleared_at > 0)", "./internal/processor/nacha", "TestDebitsByTelephone", ""},
	{"a payment by phone is in any call", "internal/web/desk/phone.go", "if x.phone.CallID != x.call.ID || x.phone.AgentID != c.Session.AccountID {", "if false {", "./internal/web/desk", "TestOnlyWhoProvedPays", ""},
	{"a stopped payment by phone is paid", "internal/payment/phone.go", "\"UPDATE phone_payment SET payment_id = $2 WHERE draft_id = $1 AND payment_id = '' AND ended_at = 0\"", "\"UPDATE phone_payment SET payment_id = $2 WHERE draft_id = $1 AND payment_id = ''\"", "./internal/web/desk", "TestALinkEnds", ""},
	{"a link to pay is guessed at without end", "internal/phonepay/link.go", "return !now.Before(l.ExpiresAt) || l.Tries >= LinkTries", "return !now.Before(l.ExpiresAt)", "./internal/web/desk", "TestALinkEnds", ""},
	{"who asks for a refund approves it", "internal/payment/refund_ask.go", "if r.AskedBy == by.Actor {\n\t\t\treturn ErrRefundOwn\n\t\t}\n\t\tif pay.State", "if false {\n\t\t\treturn ErrRefundOwn\n\t\t}\n\t\tif pay.State", "./internal/payment", "TestRefundTakesTwoPeople", ""},
	{"the same money is refunded twice", "internal/payment/refund.go", "if r.Left -= held; r.Left <= 0", "if r.Left -= held - held; r.Left <= 0", "./internal/payment", "TestRefundsAtOnce", ""},
	{"two close the same exception", "internal/payment/exception_work.go", "closed_by = $3 WHERE id = $1 AND closed_at = 0", "closed_by = $3 WHERE id = $1 AND closed_at >= 0", "./internal/payment", "TestAnExceptionIsClosedOnce", ""},
	{"news is closed unread", "internal/payment/exception_work.go", "if last != seen {", "if last < seen {", "./internal/payment", "TestAnExceptionIsClosed", ""},
	{"what happens again stays closed", "internal/payment/exception_open.go", "closed == 0 || again == neverAgain", "again != stillSo || again == neverAgain", "./internal/payment", "TestNewsOpensAgain", ""},
	{"every sweep opens again", "internal/payment/exception_open.go", "|| now.Sub(db.Time(closed)) < again", "", "./internal/payment", "TestASweepDoesNotOpenAgain", ""},
	{"a file that is read again is news", "internal/processor/nacha/exception.go", "case heard:", "case heard && false:", "./internal/processor/nacha", "TestTheBankSaysItAgain", ""},
	{"a new contact needs no proof to who asks", "internal/contact/ask.go", "if proof.AgentID != who.Actor {", "if false {", "./internal/contact", "TestWithoutProofNothingChanges", ""},
	{"a new contact does not wait for its letter", "internal/contact/told.go", "now.Sub(a.SentAt) < afterLetter", "now.Sub(a.SentAt) < 0", "./internal/contact", "TestTheLetterThatComesLate", ""},
	{"a change counts though nobody was told", "internal/contact/apply.go", "if !how.sent && !seen(proof) {", "if false && !seen(proof) {", "./internal/contact", "TestTheLetterThatFails", ""},
	{"facts change a contact that nobody watches", "internal/contact/ask.go", "part != member.LanguagePart && !seen(proof)", "part != member.LanguagePart && !seen(proof) && false", "./internal/contact", "TestNobodyToTell", ""},
	{"an import undoes what a member said", "internal/member/said.go", "in, stay = in.silent(s.Part), append(stay, s)", "stay = append(stay, s)", "./internal/member", "TestWhatAMemberSaidStandsUntilTheSourceHasNews", ""},
	{"a case is anybody's", "internal/web/portal/cases.go", "if fault.Is(err, fault.NotFound) {\n\t\terr = cases.ErrNotFound", "if fault.Is(err, fault.NotFound) {\n\t\terr = nil", "./internal/web/portal", everyRoute, "/cases/"},
	{"one grown-up's facts open another's account", "internal/recovery/answer.go", "if other.ID != m.ID && (", "if false && (", "./internal/recovery", "TestWhoseFacts", ""},
	{"a stolen mailbox opens every account", "internal/recovery/rules.go", "strong: {{Mailbox, Code}", "strong: {{Mailbox}, {Mailbox, Code}", "./internal/recovery", "TestEnough", ""},
	{"a thief undoes the undoing", "internal/recovery/undo.go", "WHERE account_id = $1 AND used_at = 0 AND created_at >= $2\"", "WHERE account_id = $1 AND used_at = 0 AND created_at < $2\"", "./internal/recovery", "TestUndoOnce", ""},
	{"the table lets nobody in to bills", "internal/identity/permission.go", "Known:   {Guest, Member},", "Known:   {Nobody, Guest, Member},", "./internal/identity", "TestPermissionTable", ""},
	{"staff get in at the members' door", "internal/identity/permission.go", "Known:   {Guest, Member},", "Known:   {Guest, Member, Agent},", "./internal/identity", "TestPermissionTable", ""},
	{"routes are open to whoever is known", "internal/web/site.go", "may := c.Session.Actor().May(route.Access)", "may := c.Session.Known() || c.Session.Actor().May(route.Access)", "./internal/web/portal", everyRoute, "/account"},
}

// TestMutants builds and tests the program once for each mutant.
func TestMutants(t *testing.T) {
	root, err := harness.Root()
	if err != nil {
		t.Fatal(err)
	}
	for _, m := range mutants {
		t.Run(m.name, func(t *testing.T) {
			text, err := os.ReadFile(filepath.Join(root, m.file))
			if err != nil {
				t.Fatal(err)
			}
			if n := strings.Count(string(text), m.old); n != 1 {
				t.Fatalf("%s has %q %d times; the mutant has to be written anew", m.file, m.old, n)
			}
			broken := filepath.Join(t.TempDir(), "mutant.go")
			if err := os.WriteFile(broken, []byte(strings.Replace(string(text), m.old, m.new, 1)), 0o600); err != nil {
				t.Fatal(err)
			}
			overlay, err := json.Marshal(map[string]map[string]string{"Replace": {filepath.Join(root, m.file): broken}})
			if err != nil {
				t.Fatal(err)
			}
			list := filepath.Join(t.TempDir(), "overlay.json")
			if err := os.WriteFile(list, overlay, 0o600); err != nil {
				t.Fatal(err)
			}
			cmd := exec.CommandContext(t.Context(), "go", "test", "-count=1", "-vet=off", "-overlay", list, "-run", "^"+m.run+"$", m.pkg)
			cmd.Dir, cmd.Env = root, append(os.Environ(), webtest.Only+"="+m.routes)
			out, err := cmd.CombinedOutput()
			switch {
			case err == nil:
				t.Errorf("%s passes although %s", m.run, m.name)
			case !strings.Contains(string(out), "--- FAIL: "+m.run):
				t.Errorf("%s did not run: %v\n%s", m.run, err, out)
			}
		})
	}
}
