package verify

// Sets of payment states, as payment.State.Holds and Good have them; a test holds them together.
const (
	holding = "('submitted', 'action_required', 'unknown', 'pending')"
	good    = "('succeeded', 'disputed')"
)

// Accounts of the book: all, and those on which money stands.
const (
	accounts      = "('receivable', 'billed', 'credit', 'card_clearing', 'bank_transit', 'dispute', 'checks_out', 'to_recover')"
	moneyAccounts = "('card_clearing', 'bank_transit', 'dispute', 'checks_out', 'to_recover')"
)

// money is what stands on the accounts of money for a payment: debits less credits. late is what arrived after the
// payment had failed and went straight to credit. due is what should stand there: what refunds left of a good payment, or
// of late money.
const money = `WITH book AS (
	SELECT payment_id,
		SUM(CASE WHEN debit IN ` + moneyAccounts + ` THEN amount_cents ELSE 0 END) -
		SUM(CASE WHEN credit IN ` + moneyAccounts + ` THEN amount_cents ELSE 0 END) AS money,
		SUM(CASE WHEN credit = 'credit' THEN amount_cents ELSE 0 END) -
		SUM(CASE WHEN debit = 'credit' THEN amount_cents ELSE 0 END) AS credit,
		SUM(CASE WHEN kind = 'payment.late_success' THEN amount_cents ELSE 0 END) AS late
	FROM ledger_posting WHERE payment_id <> '' GROUP BY payment_id
), used AS (
	SELECT payment_id, SUM(applied_cents) AS applied, SUM(amount_cents) AS amount FROM allocation GROUP BY payment_id
) `

const due = `CASE WHEN payment.state IN ` + good + ` THEN payment.amount_cents - payment.refunded_cents
	WHEN payment.state IN ('returned', 'charged_back') THEN 0 ELSE COALESCE(book.late, 0) - payment.refunded_cents END`

// Rules are all rules, in the order in which a violation is most telling.
var Rules = []Rule{
	{Name: "bill.receivable", Says: "What a bill leaves open is what the book says is receivable for it.", find: `
		WITH book AS (SELECT bill_id, SUM(CASE WHEN debit = 'receivable' THEN amount_cents ELSE 0 END) -
				SUM(CASE WHEN credit = 'receivable' THEN amount_cents ELSE 0 END) AS open
			FROM ledger_posting WHERE debit = 'receivable' OR credit = 'receivable' GROUP BY bill_id)
		SELECT bill.id, CAST(COALESCE(book.open, 0) AS BIGINT), bill.responsibility_cents - bill.prior_paid_cents - bill.applied_cents
		FROM bill LEFT JOIN book ON book.bill_id = bill.id
		WHERE COALESCE(book.open, 0) <> bill.responsibility_cents - bill.prior_paid_cents - bill.applied_cents ORDER BY bill.id`},
	{Name: "bill.applied", Says: "What was paid on a bill is the sum of what payments applied to it.", find: `
		SELECT bill.id, bill.applied_cents, CAST(COALESCE(a.total, 0) AS BIGINT)
		FROM bill LEFT JOIN (SELECT bill_id, SUM(applied_cents) AS total FROM allocation GROUP BY bill_id) AS a ON a.bill_id = bill.id
		WHERE bill.applied_cents <> COALESCE(a.total, 0) ORDER BY bill.id`},
	{Name: "bill.pending", Says: "What is on its way to a bill is the sum of what payments in flight hold on it.", find: `
		SELECT bill.id, bill.pending_cents, CAST(COALESCE(a.total, 0) AS BIGINT)
		FROM bill LEFT JOIN (SELECT bill_id, SUM(allocation.amount_cents) AS total FROM allocation
			JOIN payment ON payment.id = allocation.payment_id WHERE payment.state IN ` + holding + ` GROUP BY bill_id) AS a ON a.bill_id = bill.id
		WHERE bill.pending_cents <> COALESCE(a.total, 0) ORDER BY bill.id`},
	{Name: "bill.amounts", Says: "No bill was paid more than it is worth: the rest is credit.", find: `
		SELECT id, prior_paid_cents + applied_cents, responsibility_cents FROM bill
		WHERE prior_paid_cents + applied_cents > responsibility_cents OR applied_cents < 0 OR pending_cents < 0 ORDER BY id`},
	{Name: "bill.state", Says: "A bill is open while something is owed and settled when nothing is.", find: `
		SELECT id, CASE state WHEN 'open' THEN 1 ELSE 0 END, CASE WHEN responsibility_cents - prior_paid_cents - applied_cents > 0 THEN 1 ELSE 0 END
		FROM bill WHERE (state = 'open') <> (responsibility_cents - prior_paid_cents - applied_cents > 0)
			OR (state = 'paid' AND applied_cents = 0) ORDER BY id`},
	{Name: "payment.allocations", Says: "The parts of a payment add up to the payment.", find: `
		SELECT payment.id, CAST(COALESCE(a.total, 0) AS BIGINT), payment.amount_cents
		FROM payment LEFT JOIN (SELECT payment_id, SUM(amount_cents) AS total FROM allocation GROUP BY payment_id) AS a ON a.payment_id = payment.id
		WHERE COALESCE(a.total, 0) <> payment.amount_cents ORDER BY payment.id`},
	{Name: "payment.money", Says: "The book holds the money of good payments less what was refunded, and of no others.", find: money + `
		SELECT payment.id, CAST(COALESCE(book.money, 0) AS BIGINT), CAST(` + due + ` AS BIGINT)
		FROM payment LEFT JOIN book ON book.payment_id = payment.id
		WHERE COALESCE(book.money, 0) <> ` + due + ` ORDER BY payment.id`},
	{Name: "payment.applied", Says: "What a payment applied to bills and left as credit is the payment, less what went back.", find: money + `
		SELECT payment.id, CAST(COALESCE(used.applied, 0) + COALESCE(book.credit, 0) AS BIGINT), CAST(COALESCE(book.money, 0) AS BIGINT)
		FROM payment LEFT JOIN book ON book.payment_id = payment.id LEFT JOIN used ON used.payment_id = payment.id
		WHERE COALESCE(used.applied, 0) + COALESCE(book.credit, 0) <> COALESCE(book.money, 0) ORDER BY payment.id`},
	{Name: "payment.payee", Says: "A payment and its bills have one payee.", find: `
		SELECT allocation.payment_id, COUNT(*), 0 FROM allocation
		LEFT JOIN payment ON payment.id = allocation.payment_id LEFT JOIN bill ON bill.id = allocation.bill_id
		WHERE payment.payee IS NULL OR bill.payee IS NULL OR payment.payee <> bill.payee
		GROUP BY allocation.payment_id ORDER BY allocation.payment_id`},
	{Name: "payment.state", Says: "Every payment is in a state that exists, and an event tells how it came there.", find: `
		SELECT payment.id, 0, 1 FROM payment WHERE state NOT IN ('submitted', 'action_required', 'unknown', 'pending', 'succeeded',
			'failed', 'canceled', 'returned', 'disputed', 'charged_back')
			OR NOT EXISTS (SELECT 1 FROM event WHERE event.subject = payment.id AND event.kind = 'payment.' || payment.state)
		ORDER BY payment.id`},
	{Name: "card.attempt", Says: "A card payment has one attempt, which is open exactly while the outcome is not known.", find: `
		SELECT payment.id, COUNT(attempt.id), 1 FROM payment LEFT JOIN attempt ON attempt.payment_id = payment.id
		WHERE payment.rail = 'card' GROUP BY payment.id, payment.state
		HAVING COUNT(attempt.id) <> 1 OR
			SUM(CASE WHEN attempt.outcome = '' THEN 1 ELSE 0 END) <> CASE WHEN payment.state IN ` + holding + ` THEN 1 ELSE 0 END OR
			(payment.state IN ` + good + ` AND SUM(CASE WHEN attempt.processor_ref = '' THEN 1 ELSE 0 END) > 0)
		ORDER BY payment.id`},
	{Name: "card.stray", Says: "No attempt to charge a card exists without its payment.", find: `
		SELECT attempt.id, 1, 0 FROM attempt LEFT JOIN payment ON payment.id = attempt.payment_id
		WHERE payment.id IS NULL OR payment.rail <> 'card' ORDER BY attempt.id`},
	{Name: "bank.entry", Says: "A bank payment has one entry for its amount, in the state that fits.", find: `
		SELECT payment.id, CAST(COALESCE(ach_entry.amount_cents, 0) AS BIGINT), payment.amount_cents
		FROM payment LEFT JOIN ach_entry ON ach_entry.payment_id = payment.id
		WHERE payment.rail = 'bank' AND (ach_entry.payment_id IS NULL OR ach_entry.amount_cents <> payment.amount_cents OR NOT (
			(payment.state = 'pending' AND ach_entry.state IN ('queued', 'filed')) OR
			(payment.state = 'succeeded' AND ach_entry.state = 'settled') OR
			(payment.state = 'returned' AND ach_entry.state = 'returned') OR
			(payment.state = 'canceled' AND ach_entry.state = 'canceled')))
		ORDER BY payment.id`},
	{Name: "bank.stray", Says: "No bank entry exists without its payment.", find: `
		SELECT ach_entry.payment_id, 1, 0 FROM ach_entry LEFT JOIN payment ON payment.id = ach_entry.payment_id
		WHERE payment.id IS NULL ORDER BY ach_entry.payment_id`},
	{Name: "phone.consent", Says: "A debit by telephone has the caller's consent, and none is in a file before that is on record.", find: `
		SELECT ach_entry.payment_id, 0, 1 FROM ach_entry LEFT JOIN phone_payment ON phone_payment.payment_id = ach_entry.payment_id
		WHERE ach_entry.sec = 'TEL' AND (phone_payment.draft_id IS NULL OR phone_payment.evidence = '' OR phone_payment.agreed_at = 0
			OR (phone_payment.evidence = 'recording' AND phone_payment.recording = '') OR (ach_entry.file_id <> '' AND ach_entry.cleared_at = 0))
		ORDER BY ach_entry.payment_id`},
	{Name: "phone.call", Says: "A payment by phone tells who took it, in which call of theirs, and which words were read out.", find: `
		SELECT phone_payment.draft_id, 0, 1 FROM phone_payment LEFT JOIN phone_call ON phone_call.id = phone_payment.call_id
		LEFT JOIN payment ON payment.idempotency_key = phone_payment.draft_id
		WHERE phone_call.id IS NULL OR phone_call.agent_id <> phone_payment.agent_id OR phone_call.reference <> phone_payment.reference
			OR phone_payment.script = '' OR COALESCE(payment.id, '') <> phone_payment.payment_id ORDER BY phone_payment.draft_id`},
	{Name: "phone.again", Says: "A payment by phone that was begun again belongs to the call, agent and member of the one that came to nothing.", find: `
		SELECT again.draft_id, 0, 1 FROM phone_payment AS again LEFT JOIN phone_payment AS before ON before.draft_id = again.after_draft
		WHERE again.after_draft <> '' AND (before.draft_id IS NULL OR before.payment_id = '' OR before.call_id <> again.call_id
			OR before.agent_id <> again.agent_id OR before.member_id <> again.member_id OR before.begun_at > again.begun_at) ORDER BY again.draft_id`},
	{Name: "contact.proof", Says: "A change of how a member is reached was asked for under a proof that held, and came into force after its pause.", find: `
		SELECT contact_change.id, 0, 1 FROM contact_change LEFT JOIN caller_verification AS proof ON proof.call_id = contact_change.call_id
			AND proof.member_id = contact_change.member_id AND proof.agent_id = contact_change.agent_id
			AND proof.verified_at <= contact_change.asked_at AND proof.ends_at >= contact_change.asked_at
		WHERE proof.id IS NULL OR contact_change.part <> 'language' AND (contact_change.state IN ('waiting', 'stands') AND contact_change.from_at < contact_change.asked_at + 259200000000
			OR contact_change.state = 'stands' AND contact_change.ended_at < contact_change.from_at) ORDER BY contact_change.id`},
	{Name: "contact.told", Says: "A change of how a member is reached that rests on facts came into force a day after a letter told of it, or later.", find: `
		SELECT contact_change.id, 0, 1 FROM contact_change WHERE contact_change.part <> 'language' AND contact_change.state = 'stands'
			AND NOT EXISTS (SELECT 1 FROM outbox WHERE outbox.about = contact_change.id AND outbox.kind = 'contact_news' AND outbox.sent_at > 0
				AND outbox.sent_at <= contact_change.ended_at - 86400000000)
			AND NOT EXISTS (SELECT 1 FROM caller_verification AS proof WHERE proof.call_id = contact_change.call_id
				AND proof.member_id = contact_change.member_id AND proof.how IN ('photo_id', 'call_back')) ORDER BY contact_change.id`},
	{Name: "payment.account", Says: "Nothing of a payment that went back is in transit, and nothing is held for a dispute but of disputed ones.", find: `
		WITH book AS (SELECT payment_id,
				SUM(CASE WHEN debit = 'bank_transit' THEN amount_cents WHEN credit = 'bank_transit' THEN -amount_cents ELSE 0 END) AS transit,
				SUM(CASE WHEN debit = 'dispute' THEN amount_cents WHEN credit = 'dispute' THEN -amount_cents ELSE 0 END) AS dispute
			FROM ledger_posting WHERE payment_id <> '' GROUP BY payment_id)
		SELECT payment.id, CAST(book.transit + book.dispute AS BIGINT), 0 FROM book JOIN payment ON payment.id = book.payment_id
		WHERE (payment.state = 'returned' AND book.transit <> 0) OR (payment.state <> 'disputed' AND book.dispute <> 0) ORDER BY payment.id`},
	{Name: "refund.sum", Says: "What was refunded of a payment is the sum of its refunds that were paid out.", find: `
		SELECT payment.id, payment.refunded_cents, CAST(COALESCE(r.total, 0) AS BIGINT)
		FROM payment LEFT JOIN (SELECT payment_id, SUM(taken_cents) AS total FROM refund GROUP BY payment_id) AS r ON r.payment_id = payment.id
		WHERE payment.refunded_cents <> COALESCE(r.total, 0) ORDER BY payment.id`},
	{Name: "refund.amount", Says: "A refund took what it paid out off bills and credit; where the money was gone, an exception says so.", find: `
		SELECT refund.id, refund.taken_cents, refund.amount_cents FROM refund LEFT JOIN payment ON payment.id = refund.payment_id
		WHERE payment.id IS NULL OR (refund.state <> 'succeeded' AND refund.taken_cents <> 0 AND NOT (refund.state = 'failed' AND payment.state IN ('returned', 'charged_back'))) OR refund.taken_cents > refund.amount_cents
			OR (refund.state = 'succeeded' AND refund.taken_cents < refund.amount_cents
				AND NOT EXISTS (SELECT 1 FROM exception WHERE exception.kind = 'refund.beyond' AND exception.subject = refund.id))
		ORDER BY refund.id`},
	{Name: "refund.two", Says: "A refund that goes out was asked for by one of the staff and approved by another.", find: `
		SELECT refund.id, 1, 2 FROM refund WHERE asked_by = '' OR (state NOT IN ('requested', 'withdrawn') AND (decided_by = '' OR decided_by = asked_by))
		ORDER BY refund.id`},
	{Name: "refund.way", Says: "A refund goes back the way its payment came: to the card, or by a check that has a number.", find: `
		SELECT refund.id, 0, 1 FROM refund JOIN payment ON payment.id = refund.payment_id
		WHERE (refund.way = 'card') <> (payment.rail = 'card') OR (refund.way = 'check' AND refund.state = 'succeeded' AND refund.check_number = '')
		ORDER BY refund.id`},
	{Name: "exception.steps", Says: "What a person had to look at is closed exactly where somebody said last what was done.", find: `
		SELECT exception.id, exception.closed_at, COALESCE(last.n, 0) FROM exception LEFT JOIN exception_step AS last ON last.exception_id = exception.id
			AND last.n = (SELECT MAX(n) FROM exception_step WHERE exception_step.exception_id = exception.id)
		WHERE (COALESCE(last.step, '') = 'closed') <> (exception.closed_by <> '') OR (exception.closed_by <> '' AND exception.closed_at = 0)
			OR (last.step = 'closed' AND (last.actor <> exception.closed_by OR last.note_sealed IS NULL)) ORDER BY exception.id`},
	{Name: "bank.file", Says: "The totals of a bank file are those of its entries.", find: `
		SELECT ach_file.id, CAST(COALESCE(e.total, 0) AS BIGINT), ach_file.total_cents
		FROM ach_file LEFT JOIN (SELECT file_id, SUM(amount_cents) AS total, COUNT(*) AS entries FROM ach_entry WHERE file_id <> '' GROUP BY file_id) AS e
			ON e.file_id = ach_file.id
		WHERE COALESCE(e.total, 0) <> ach_file.total_cents OR COALESCE(e.entries, 0) <> ach_file.entries ORDER BY ach_file.id`},
	{Name: "bank.content", Says: "The bytes of a bank file are those that were cut.", scan: files},
	{Name: "ledger.names", Says: "A receivable names its bill, a credit its member, money its payment, and all of them exist.", find: `
		SELECT ledger_posting.entry_id, ledger_posting.line, 0 FROM ledger_posting
		LEFT JOIN bill ON bill.id = ledger_posting.bill_id LEFT JOIN member ON member.id = ledger_posting.member_id
		LEFT JOIN payment ON payment.id = ledger_posting.payment_id
		WHERE ((debit = 'receivable' OR credit = 'receivable') AND bill.id IS NULL)
			OR ((debit = 'credit' OR credit = 'credit') AND member.id IS NULL)
			OR ((debit IN ` + moneyAccounts + ` OR credit IN ` + moneyAccounts + ` OR ledger_posting.payment_id <> '') AND payment.id IS NULL)
		ORDER BY ledger_posting.entry_id`},
	{Name: "ledger.accounts", Says: "Every posting stands on accounts that exist, in the book of the payee of its bill and its payment.", find: `
		SELECT ledger_posting.entry_id, ledger_posting.line, 0 FROM ledger_posting
		LEFT JOIN bill ON bill.id = ledger_posting.bill_id LEFT JOIN payment ON payment.id = ledger_posting.payment_id
		WHERE debit NOT IN ` + accounts + ` OR credit NOT IN ` + accounts + `
			OR bill.payee <> ledger_posting.payee OR payment.payee <> ledger_posting.payee
		ORDER BY ledger_posting.entry_id`},
	{Name: "ledger.credit", Says: "No member has less than no credit.", find: `
		SELECT member_id, CAST(SUM(CASE WHEN credit = 'credit' THEN amount_cents ELSE -amount_cents END) AS BIGINT), 0
		FROM ledger_posting WHERE debit = 'credit' OR credit = 'credit' GROUP BY payee, member_id
		HAVING SUM(CASE WHEN credit = 'credit' THEN amount_cents ELSE -amount_cents END) < 0 ORDER BY member_id`},
	{Name: "ledger.entries", Says: "The lines of an entry are numbered from 1 without a gap and belong to one payee, one kind and one time.", find: `
		SELECT entry_id, COUNT(*), CAST(MAX(line) AS BIGINT) FROM ledger_posting GROUP BY entry_id
		HAVING COUNT(*) <> MAX(line) OR MIN(line) <> 1 OR MIN(payee) <> MAX(payee) OR MIN(kind) <> MAX(kind) OR MIN(at) <> MAX(at)
		ORDER BY entry_id`},
	{Name: "ledger.trial", Says: "Over all accounts, debits equal credits, and every amount is more than zero.", find: `
		SELECT 'trial', CAST(SUM(CASE WHEN debit <> '' THEN amount_cents ELSE 0 END) AS BIGINT), CAST(SUM(CASE WHEN credit <> '' THEN amount_cents ELSE 0 END) AS BIGINT)
		FROM ledger_posting HAVING SUM(CASE WHEN debit <> '' THEN amount_cents ELSE 0 END) <> SUM(CASE WHEN credit <> '' THEN amount_cents ELSE 0 END)
			OR MIN(amount_cents) <= 0 OR SUM(CASE WHEN debit = credit THEN 1 ELSE 0 END) > 0`},
}
