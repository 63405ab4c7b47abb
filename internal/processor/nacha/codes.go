package nacha

// ReturnKind groups return codes by what they mean for the payer. Each has a translation "return.<kind>".
type ReturnKind string

const (
	Insufficient ReturnKind = "insufficient" // not enough money in the account
	Closed       ReturnKind = "closed"       // the account, or its bank, is no more
	Invalid      ReturnKind = "invalid"      // no such account, or one that takes no debits
	Unauthorized ReturnKind = "unauthorized" // the payer told the bank that the debit was not agreed
	Stopped      ReturnKind = "stopped"      // the payer stopped this debit
	Deceased     ReturnKind = "deceased"     // the holder has died
	Frozen       ReturnKind = "frozen"       // the bank may not pay from the account
	Ours         ReturnKind = "ours"         // we or our bank made a mistake
	Refused      ReturnKind = "refused"      // the bank does not take such entries, or sends it back for its own reasons
	Dispute      ReturnKind = "dispute"      // banks disagree about a return; a person follows it, nothing is posted
	Foreign      ReturnKind = "foreign"      // of entries to other countries, which we never make
	Other        ReturnKind = "other"        // a code that is not in the table
)

// ReturnCode says what a return code means and what follows from it.
type ReturnCode struct {
	Code    string
	Kind    ReturnKind
	Retry   bool   // the same debit may be made again, at most twice within 180 days
	Block   bool   // this account must not be debited again before the cause is cleared up
	Meaning string // for staff, in English
}

// Lookup returns the entry of a code. A code that is not in the table has the Kind Other, and the account is blocked:
// what is not understood is not repeated.
func Lookup(code string) ReturnCode {
	if c, ok := byCode[code]; ok {
		return c
	}
	return ReturnCode{Code: code, Kind: Other, Block: true, Meaning: "A code the rules do not list; ask the bank"}
}

var byCode = func() map[string]ReturnCode {
	m := make(map[string]ReturnCode, len(returnCodes))
	for _, c := range returnCodes {
		m[c.Code] = c
	}
	return m
}()

const (
	retry, noRetry = true, false
	block, noBlock = true, false
)

var returnCodes = []ReturnCode{
	{"R01", Insufficient, retry, noBlock, "The account does not hold enough for the debit"},
	{"R02", Closed, noRetry, block, "The account was closed"},
	{"R03", Invalid, noRetry, block, "The bank finds no such account, or not under this name"},
	{"R04", Invalid, noRetry, block, "The account number cannot be right"},
	{"R05", Unauthorized, noRetry, block, "A personal account was debited with a business code, without consent"},
	{"R06", Ours, noRetry, noBlock, "Our bank asked for it back"},
	{"R07", Unauthorized, noRetry, block, "The payer withdrew the authorization"},
	{"R08", Stopped, noRetry, block, "The payer stopped this payment"},
	{"R09", Insufficient, retry, noBlock, "The account holds enough, but deposits in it are not cleared yet"},
	{"R10", Unauthorized, noRetry, block, "The payer does not know us or did not authorize the debit"},
	{"R11", Unauthorized, noRetry, block, "The debit was not made as it was authorized; correct it before another"},
	{"R12", Closed, noRetry, block, "The branch was sold to another bank"},
	{"R13", Invalid, noRetry, block, "The bank does not take part in ACH"},
	{"R14", Deceased, noRetry, block, "The person who acts for the holder has died or cannot act any more"},
	{"R15", Deceased, noRetry, block, "The holder has died"},
	{"R16", Frozen, noRetry, block, "The account is frozen, by the bank or by law"},
	{"R17", Ours, noRetry, block, "A field is wrong, or the bank doubts where the entry comes from"},
	{"R18", Ours, noRetry, noBlock, "The effective date of the file was wrong"},
	{"R19", Ours, noRetry, noBlock, "The amount field was wrong"},
	{"R20", Invalid, noRetry, block, "The account does not allow debits"},
	{"R21", Ours, noRetry, noBlock, "Our company id was wrong"},
	{"R22", Ours, noRetry, noBlock, "The individual id was wrong"},
	{"R23", Refused, noRetry, noBlock, "The receiver refused a credit"},
	{"R24", Ours, noRetry, block, "The bank took it for a duplicate; find out why before the next file"},
	{"R25", Ours, noRetry, noBlock, "An addenda record was wrong"},
	{"R26", Ours, noRetry, noBlock, "A required field was empty or wrong"},
	{"R27", Ours, noRetry, noBlock, "A trace number was wrong"},
	{"R28", Ours, noRetry, noBlock, "The check digit of the routing number was wrong"},
	{"R29", Unauthorized, noRetry, block, "A company says that it did not authorize the debit"},
	{"R30", Refused, noRetry, noBlock, "The bank does not take part in check truncation"},
	{"R31", Ours, noRetry, noBlock, "A late return that our bank agreed to take"},
	{"R32", Refused, noRetry, noBlock, "The bank cannot settle the entry"},
	{"R33", Refused, noRetry, noBlock, "Return of a destroyed-check entry"},
	{"R34", Invalid, noRetry, block, "A supervisor limits what the bank may take part in"},
	{"R35", Ours, noRetry, noBlock, "A debit under a code for credits"},
	{"R36", Ours, noRetry, noBlock, "A credit under a code for debits"},
	{"R37", Refused, noRetry, noBlock, "The check behind the entry was paid, too"},
	{"R38", Stopped, noRetry, block, "The check behind the entry was stopped"},
	{"R39", Refused, noRetry, noBlock, "The check behind the entry may not be turned into an entry"},
	{"R40", Refused, noRetry, noBlock, "Federal enrollment: returned by the agency"},
	{"R41", Ours, noRetry, noBlock, "Federal enrollment: wrong transaction code"},
	{"R42", Ours, noRetry, noBlock, "Federal enrollment: wrong routing number"},
	{"R43", Ours, noRetry, noBlock, "Federal enrollment: wrong account number"},
	{"R44", Ours, noRetry, noBlock, "Federal enrollment: the id matches no record"},
	{"R45", Ours, noRetry, noBlock, "Federal enrollment: the name matches no record"},
	{"R46", Ours, noRetry, noBlock, "Federal enrollment: wrong mark for a representative"},
	{"R47", Ours, noRetry, noBlock, "Federal enrollment: enrolled already"},
	{"R50", Refused, noRetry, noBlock, "State law stands against collecting the returned check this way"},
	{"R51", Refused, noRetry, noBlock, "The returned check may not be collected this way"},
	{"R52", Stopped, noRetry, block, "The returned check was stopped"},
	{"R53", Refused, noRetry, noBlock, "The returned check was paid, too"},
	{"R61", Dispute, noRetry, noBlock, "Dishonored: the return went to the wrong bank"},
	{"R62", Dispute, noRetry, noBlock, "Dishonored: a reversal left the payer with money that is not theirs"},
	{"R67", Dispute, noRetry, noBlock, "Dishonored: it was returned before"},
	{"R68", Dispute, noRetry, noBlock, "Dishonored: the return came too late"},
	{"R69", Dispute, noRetry, noBlock, "Dishonored: a field of the return was wrong"},
	{"R70", Dispute, noRetry, noBlock, "Dishonored: our bank did not ask for this return"},
	{"R71", Dispute, noRetry, noBlock, "Contested: the dishonored return went to the wrong bank"},
	{"R72", Dispute, noRetry, noBlock, "Contested: the dishonored return came too late"},
	{"R73", Dispute, noRetry, noBlock, "Contested: the first return was in time"},
	{"R74", Dispute, noRetry, noBlock, "Contested: the return again, with its fields corrected"},
	{"R75", Dispute, noRetry, noBlock, "Contested: the return was no duplicate"},
	{"R76", Dispute, noRetry, noBlock, "Contested: the return had no wrong field"},
	{"R77", Dispute, noRetry, noBlock, "Contested: the money of the reversal cannot be had back"},
	{"R80", Foreign, noRetry, block, "International: the entry was coded wrong"},
	{"R81", Foreign, noRetry, block, "International: no agreement with the gateway"},
	{"R82", Foreign, noRetry, block, "International: unknown foreign bank"},
	{"R83", Foreign, noRetry, block, "International: the foreign bank cannot settle"},
	{"R84", Foreign, noRetry, block, "International: the gateway did not process it"},
	{"R85", Foreign, noRetry, block, "International: a foreign payment under a domestic code"},
	{"R90", Frozen, noRetry, block, "Returned because of sanctions"},
}
