package portal

import "memberpay/internal/web"

// Routes is every address of the portal.
func (p *Portal) Routes() []web.Route {
	return []web.Route{
		{Method: "GET", Path: "/{$}", Access: web.Anyone, Handle: p.home},
		{Method: "GET", Path: "/payonline", Access: web.Anyone, Handle: p.home},
		{Method: "GET", Path: "/help", Access: web.Anyone, Handle: p.help},
		{Method: "GET", Path: "/find-my-id", Access: web.Anyone, Handle: p.findMyID},
		{Method: "POST", Path: "/find-my-id", Access: web.Anyone, Handle: p.findMyIDPost},
		{Method: "GET", Path: "/join", Access: web.Anyone, Handle: p.join},

		{Method: "GET", Path: "/sign-in", Access: web.Anyone, Handle: p.signIn},
		{Method: "POST", Path: "/sign-in", Access: web.Anyone, Handle: p.signInPost},
		{Method: "POST", Path: "/sign-out", Access: web.Anyone, Handle: p.signOut},
		{Method: "POST", Path: "/session/extend", Access: web.Known, Handle: p.extend},
		{Method: "GET", Path: "/.well-known/change-password", Access: web.Anyone, Handle: p.changePassword},

		{Method: "GET", Path: "/pay", Access: web.Anyone, Handle: p.find},
		{Method: "POST", Path: "/pay", Access: web.Anyone, Handle: p.findPost},
		{Method: "GET", Path: "/p/{code}", Access: web.Anyone, Handle: p.payCode},

		{Method: "GET", Path: "/bills", Access: web.Known, Handle: p.bills},
		{Method: "GET", Path: "/bills/{bill}", Access: web.Known, Handle: p.bill},
		{Method: "GET", Path: "/bills/{bill}/bill.pdf", Access: web.Known, Handle: p.billPDF},

		{Method: "POST", Path: "/pay/start", Access: web.Known, Handle: p.start},
		{Method: "GET", Path: "/pay/{draft}/bills", Access: web.Known, Handle: p.choose},
		{Method: "POST", Path: "/pay/{draft}/bills", Access: web.Known, Handle: p.choosePost},
		{Method: "GET", Path: "/pay/{draft}/method", Access: web.Known, Handle: p.method},
		{Method: "POST", Path: "/pay/{draft}/method", Access: web.Known, Handle: p.methodPost},
		{Method: "GET", Path: "/pay/{draft}/review", Access: web.Known, Handle: p.review},
		{Method: "POST", Path: "/pay/{draft}/review", Access: web.Known, Handle: p.payNow},

		{Method: "GET", Path: "/payments", Access: web.Known, Handle: p.history},
		{Method: "GET", Path: "/payments.csv", Access: web.Known, Handle: p.historyCSV},
		{Method: "GET", Path: "/payments/{ref}", Access: web.Known, Handle: p.payment},
		{Method: "GET", Path: "/payments/{ref}/return", Access: web.Known, Handle: p.comeBack},
		{Method: "GET", Path: "/payments/{ref}/receipt.pdf", Access: web.Known, Handle: p.receiptPDF},
		{Method: "POST", Path: "/payments/{ref}/cancel", Access: web.Known, Handle: p.cancel},
		{Method: "POST", Path: "/payments/{ref}/again", Access: web.Known, Handle: p.again},

		{Method: "GET", Path: "/account", Access: web.Account, Handle: p.account},
		{Method: "GET", Path: "/account/language", Access: web.Account, Handle: p.accountLanguage},
		{Method: "POST", Path: "/account/language", Access: web.Account, Handle: p.accountLanguagePost},
		{Method: "GET", Path: "/account/paperless", Access: web.Account, Handle: p.paperless},
		{Method: "GET", Path: "/account/paperless/agree", Access: web.Account, Handle: p.paperlessAgree},
		{Method: "POST", Path: "/account/paperless/agree", Access: web.Account, Handle: p.paperlessAgreePost},
		{Method: "GET", Path: "/account/paperless/test.pdf", Access: web.Account, Handle: p.paperlessTest},
		{Method: "GET", Path: "/account/paperless/terms.pdf", Access: web.Account, Handle: p.paperlessTermsPDF},
		{Method: "GET", Path: "/account/paperless/stop", Access: web.Account, Handle: p.paperlessStop},
		{Method: "POST", Path: "/account/paperless/stop", Access: web.Account, Handle: p.paperlessStopPost},
		{Method: "GET", Path: "/account/activity", Access: web.Account, Handle: p.activity},
		{Method: "GET", Path: "/account/data", Access: web.Account, Fresh: true, Handle: p.accountData},
		{Method: "GET", Path: "/account/data/account.json", Access: web.Account, Fresh: true, Handle: p.accountJSON},
		{Method: "GET", Path: "/account/data/account.pdf", Access: web.Account, Fresh: true, Handle: p.accountPDF},
		{Method: "GET", Path: "/account/authorizations", Access: web.Account, Handle: p.permissions},
		{Method: "GET", Path: "/account/authorizations/{ref}", Access: web.Account, Handle: p.permission},
		{Method: "GET", Path: "/account/authorizations/{ref}/copy.pdf", Access: web.Account, Handle: p.permissionPDF},

		{Method: "GET", Path: "/household", Access: web.Account, Handle: p.household},
		{Method: "POST", Path: "/household/care", Access: web.Account, Fresh: true, Handle: p.householdCare},
		{Method: "GET", Path: "/household/helpers/new", Access: web.Account, Fresh: true, Handle: p.newHelper},
		{Method: "POST", Path: "/household/helpers/new", Access: web.Account, Fresh: true, Handle: p.newHelperPost},
		{Method: "GET", Path: "/household/helpers/{helper}", Access: web.Account, Handle: p.helper},
		{Method: "POST", Path: "/household/helpers/{helper}/code", Access: web.Account, Fresh: true, Handle: p.helperCode},
		{Method: "POST", Path: "/household/helpers/{helper}/revoke", Access: web.Account, Handle: p.revokeHelper},
		{Method: "GET", Path: "/helping", Access: web.Account, Handle: p.helping},
		{Method: "POST", Path: "/helping/{help}/leave", Access: web.Account, Handle: p.leaveHelp},
		{Method: "GET", Path: "/invited/{token}", Access: web.Anyone, Handle: p.invited},
		{Method: "POST", Path: "/invited/{token}", Access: web.Anyone, Handle: p.invitedPost},
		{Method: "GET", Path: "/invited/{token}/accept", Access: web.Anyone, Handle: p.acceptInvited},
		{Method: "POST", Path: "/invited/{token}/accept", Access: web.Anyone, Handle: p.acceptInvitedPost},

		{Method: "POST", Path: "/saved-cards/{card}/remove", Access: web.Account, Handle: p.forgetCard},
		{Method: "POST", Path: "/callbacks/card", Access: web.Machine, Handle: p.callback},
	}
}
