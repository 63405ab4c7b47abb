package identity

import "slices"

// Actor is a kind of person or program that calls a route.
type Actor string

const (
	Nobody        Actor = "nobody"        // no session
	Guest         Actor = "guest"         // found a bill by its number and a date of birth
	Member        Actor = "member"        // signed in
	Agent         Actor = "agent"         // staff who help members
	Supervisor    Actor = "supervisor"    // staff who lead agents
	Finance       Actor = "finance"       // staff who look after the money
	Administrator Actor = "administrator" // staff who set the place up
	Auditor       Actor = "auditor"       // staff who read what the others did
	Program       Actor = "program"       // proves itself in each request
)

// StaffRoles are the roles an account of staff may have, in the order in which they are offered.
var StaffRoles = []Actor{Agent, Supervisor, Finance, Administrator, Auditor}

// Staff reports whether the actor works for the organisation.
func (a Actor) Staff() bool { return slices.Contains(StaffRoles, a) }

// Need is what a route asks of whoever calls it.
type Need string

const (
	Anyone  Need = "anyone"  // no session needed
	Known   Need = "known"   // a guest who found their bill, or somebody signed in
	Account Need = "account" // a member who is signed in
	Machine Need = "machine" // another program, which proves itself in the body; no session, no cross-origin check

	Desk           Need = "desk"            // any staff
	ViewMembers    Need = "view members"    // find a member and open their record, with a reason
	VerifyMember   Need = "verify member"   // find out who a caller or visitor is, and give them their member ID or a code to join with
	TakePayments   Need = "take payments"   // take a payment by phone from a caller who has proved who they are
	AnswerCalls    Need = "answer calls"    // call back whoever asked to be called
	WorkCases      Need = "work cases"      // answer and close what members say of their bills
	AskRefunds     Need = "ask refunds"     // ask that money of a payment goes back, and see what became of it
	PayRefunds     Need = "pay refunds"     // approve what somebody else asked for, and note the check that was written
	WorkExceptions Need = "work exceptions" // see what a person has to look at about money, and note what was done
	Supervise      Need = "supervise"       // see what waits and what agents did
	BreakGlass     Need = "break glass"     // take a verb of another role for a short time, with a reason
	AnswerChats    Need = "answer chats"    // take conversations and answer them
	EditReplies    Need = "edit replies"    // change the ready answers that everybody uses
	EditHelp       Need = "edit help"       // write, publish and withdraw articles of the help center
	ManageStaff    Need = "manage staff"    // invite, change and end staff
	ReadAudit      Need = "read audit"      // who did what
)

// Needs lists every need, in the order of the table.
var Needs = []Need{Anyone, Known, Account, Machine, Desk, ViewMembers, VerifyMember, TakePayments, AnswerCalls, WorkCases, AskRefunds, PayRefunds, WorkExceptions, Supervise, BreakGlass, AnswerChats, EditReplies, EditHelp, ManageStaff, ReadAudit}

// may is the permission table: who may call routes with a need. It is the only place that says so.
var may = map[Need][]Actor{
	Anyone:  {Nobody, Guest, Member, Agent, Supervisor, Finance, Administrator, Auditor},
	Known:   {Guest, Member},
	Account: {Member},
	Machine: {Nobody, Guest, Member, Agent, Supervisor, Finance, Administrator, Auditor, Program},

	Desk:           {Agent, Supervisor, Finance, Administrator, Auditor},
	ViewMembers:    {Agent, Supervisor},
	VerifyMember:   {Agent, Supervisor},
	TakePayments:   {Agent, Supervisor},
	AnswerCalls:    {Agent, Supervisor},
	WorkCases:      {Agent, Supervisor},
	AskRefunds:     {Agent, Supervisor, Finance},
	PayRefunds:     {Supervisor, Finance},
	WorkExceptions: {Supervisor, Finance},
	Supervise:      {Supervisor},
	BreakGlass:     {Finance, Administrator},
	AnswerChats:    {Agent, Supervisor},
	EditReplies:    {Supervisor, Administrator},
	EditHelp:       {Supervisor, Administrator},
	ManageStaff:    {Administrator},
	ReadAudit:      {Administrator, Auditor},
}

// May reports whether the permission table lets an actor call routes with a need. A need that is not in the table lets
// nobody in.
func (a Actor) May(need Need) bool { return slices.Contains(may[need], a) }
