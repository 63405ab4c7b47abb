package desk

import (
	"memberpay/internal/identity"
	"memberpay/internal/web"
	"memberpay/internal/web/talk"
)

// Routes is every address of the desk.
func (d *Desk) Routes() []web.Route {
	return []web.Route{
		{Method: "GET", Path: "/desk/sign-in", Access: identity.Anyone, Handle: d.signIn},
		{Method: "POST", Path: "/desk/sign-in", Access: identity.Anyone, Handle: d.signInPost},
		{Method: "POST", Path: "/desk/sign-in/passkey", Access: identity.Anyone, Handle: d.signInPasskey},
		{Method: "GET", Path: "/desk/sign-in/code", Access: identity.Anyone, Handle: d.code},
		{Method: "POST", Path: "/desk/sign-in/code", Access: identity.Anyone, Handle: d.codePost},
		{Method: "POST", Path: "/desk/sign-out", Access: identity.Anyone, Handle: d.signOut},
		{Method: "GET", Path: "/desk/sso", Access: identity.Anyone, Handle: d.sso},
		{Method: "GET", Path: "/desk/sso/return", Access: identity.Anyone, Handle: d.ssoReturn},
		{Method: "GET", Path: "/desk/invitation/{token}", Access: identity.Anyone, Handle: d.invitation},
		{Method: "POST", Path: "/desk/invitation/{token}", Access: identity.Anyone, Handle: d.invitationPost},

		{Method: "GET", Path: "/desk", Access: identity.Desk, Handle: d.home},
		{Method: "GET", Path: "/desk/security", Access: identity.Desk, Fresh: true, Handle: d.security},
		{Method: "POST", Path: "/desk/security/app", Access: identity.Desk, Fresh: true, Handle: d.appPost},
		{Method: "POST", Path: "/desk/security/passkeys", Access: identity.Desk, Fresh: true, Handle: d.passkeyPost},
		{Method: "POST", Path: "/desk/security/passkeys/{passkey}/remove", Access: identity.Desk, Fresh: true, Handle: d.passkeyRemove},

		{Method: "GET", Path: "/desk/members", Access: identity.ViewMembers, Handle: d.find},
		{Method: "POST", Path: "/desk/members", Access: identity.ViewMembers, Handle: d.findPost},
		{Method: "GET", Path: "/desk/members/{member}", Access: identity.ViewMembers, Handle: d.record},
		{Method: "POST", Path: "/desk/members/{member}", Access: identity.ViewMembers, Handle: d.open},
		{Method: "POST", Path: "/desk/members/{member}/join-code", Access: identity.VerifyMember, Fresh: true, Handle: d.joinCode},
		{Method: "POST", Path: "/desk/members/{member}/notes", Access: identity.ViewMembers, Handle: d.notePost},
		{Method: "POST", Path: "/desk/members/{member}/call-back", Access: identity.VerifyMember, Handle: d.callBack},
		{Method: "GET", Path: "/desk/members/{member}/visit", Access: identity.VerifyMember, Handle: d.visit},
		{Method: "POST", Path: "/desk/members/{member}/visit", Access: identity.VerifyMember, Handle: d.visitPost},
		{Method: "GET", Path: "/desk/calls", Access: identity.VerifyMember, Handle: d.calls},
		{Method: "POST", Path: "/desk/calls", Access: identity.VerifyMember, Handle: d.callOpen},
		{Method: "GET", Path: "/desk/calls/{call}", Access: identity.VerifyMember, Handle: d.call},
		{Method: "POST", Path: "/desk/calls/{call}/check", Access: identity.VerifyMember, Handle: d.callCheck},
		{Method: "POST", Path: "/desk/calls/{call}/end", Access: identity.VerifyMember, Handle: d.callEnd},
		{Method: "GET", Path: "/desk/calls/{call}/member-id", Access: identity.VerifyMember, Handle: d.memberID},
		{Method: "POST", Path: "/desk/calls/{call}/member-id", Access: identity.VerifyMember, Handle: d.memberIDPost},
		{Method: "GET", Path: "/desk/calls/{call}/send", Access: identity.VerifyMember, Handle: d.sendID},
		{Method: "POST", Path: "/desk/calls/{call}/send", Access: identity.VerifyMember, Handle: d.sendIDPost},
		{Method: "GET", Path: "/desk/chats", Access: identity.AnswerChats, Handle: d.chats},
		{Method: "GET", Path: "/desk/chats/events", Access: identity.AnswerChats, Quiet: true, Handle: d.boardEvents},
		{Method: "POST", Path: "/desk/chats/duty", Access: identity.AnswerChats, Handle: d.duty},
		{Method: "POST", Path: "/desk/chats/next", Access: identity.AnswerChats, Handle: d.nextChat},
		{Method: "GET", Path: "/desk/chats/{conversation}", Access: identity.AnswerChats, Handle: d.chat},
		{Method: "GET", Path: "/desk/chats/{conversation}/events", Access: identity.AnswerChats, Quiet: true, Handle: d.chatEvents},
		{Method: "POST", Path: "/desk/chats/{conversation}/take", Access: identity.AnswerChats, Handle: d.take},
		{Method: "POST", Path: "/desk/chats/{conversation}/messages", Access: identity.AnswerChats, Body: talk.Body, Handle: d.chatSend},
		{Method: "POST", Path: "/desk/chats/{conversation}/typing", Access: identity.AnswerChats, Quiet: true, Handle: d.chatTyping},
		{Method: "POST", Path: "/desk/chats/{conversation}/read", Access: identity.AnswerChats, Quiet: true, Handle: d.chatRead},
		{Method: "POST", Path: "/desk/chats/{conversation}/transfer", Access: identity.AnswerChats, Handle: d.transfer},
		{Method: "POST", Path: "/desk/chats/{conversation}/link", Access: identity.VerifyMember, Handle: d.chatLink},
		{Method: "POST", Path: "/desk/chats/{conversation}/close", Access: identity.AnswerChats, Handle: d.closeChat},
		{Method: "GET", Path: "/desk/chats/{conversation}/files/{file}", Access: identity.AnswerChats, Handle: d.chatFile},
		{Method: "GET", Path: "/desk/replies", Access: identity.EditReplies, Handle: d.replies},
		{Method: "POST", Path: "/desk/replies", Access: identity.EditReplies, Handle: d.saveReply},
		{Method: "POST", Path: "/desk/replies/{reply}", Access: identity.EditReplies, Handle: d.saveReply},
		{Method: "POST", Path: "/desk/replies/{reply}/remove", Access: identity.EditReplies, Handle: d.dropReply},
		{Method: "GET", Path: "/desk/share", Access: identity.ViewMembers, Handle: d.shared},
		{Method: "POST", Path: "/desk/share", Access: identity.ViewMembers, Handle: d.sharedPost},
		{Method: "GET", Path: "/desk/share/{share}", Access: identity.ViewMembers, Handle: d.watch},
		{Method: "POST", Path: "/desk/break-glass", Access: identity.BreakGlass, Fresh: true, Handle: d.breakGlass},
		{Method: "POST", Path: "/desk/break-glass/end", Access: identity.BreakGlass, Handle: d.mend},

		{Method: "GET", Path: "/desk/overview", Access: identity.Supervise, Handle: d.overview},
		{Method: "GET", Path: "/desk/overview.csv", Access: identity.Supervise, Handle: d.overviewCSV},
		{Method: "GET", Path: "/desk/cases", Access: identity.WorkCases, Handle: d.caseList},
		{Method: "GET", Path: "/desk/cases/{case}", Access: identity.WorkCases, Handle: d.oneCase},
		{Method: "POST", Path: "/desk/cases/{case}/take", Access: identity.WorkCases, Handle: d.caseTake},
		{Method: "POST", Path: "/desk/cases/{case}/answer", Access: identity.WorkCases, Handle: d.caseAnswer},
		{Method: "POST", Path: "/desk/cases/{case}/note", Access: identity.WorkCases, Handle: d.caseNote},
		{Method: "POST", Path: "/desk/cases/{case}/due", Access: identity.WorkCases, Handle: d.casePostpone},
		{Method: "POST", Path: "/desk/cases/{case}/close", Access: identity.WorkCases, Handle: d.caseClose},

		{Method: "GET", Path: "/desk/staff", Access: identity.ManageStaff, Fresh: true, Handle: d.people},
		{Method: "POST", Path: "/desk/staff", Access: identity.ManageStaff, Fresh: true, Handle: d.invite},
		{Method: "POST", Path: "/desk/staff/{person}/role", Access: identity.ManageStaff, Fresh: true, Handle: d.role},
		{Method: "POST", Path: "/desk/staff/{person}/end", Access: identity.ManageStaff, Fresh: true, Handle: d.endWork},
		{Method: "POST", Path: "/desk/invitations/{invitation}/revoke", Access: identity.ManageStaff, Fresh: true, Handle: d.revoke},

		{Method: "GET", Path: "/desk/audit", Access: identity.ReadAudit, Handle: d.log},
		{Method: "GET", Path: "/desk/audit.csv", Access: identity.ReadAudit, Fresh: true, Handle: d.logCSV},
	}
}
