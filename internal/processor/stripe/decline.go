package stripe

import (
	api "github.com/stripe/stripe-go/v85"

	"memberpay/internal/processor"
)

// verdict is what a decline means to the payer. canRetry says that another try may work: for a hard decline that
// means with another card, because its reason tells the payer not to use the same one again.
type verdict struct {
	reason   processor.Reason
	canRetry bool
}

// byDecline holds the card issuer's decline codes. A code that is not here is generic.
var byDecline = map[api.DeclineCode]verdict{
	api.DeclineCodeInsufficientFunds:            {processor.ReasonInsufficientFunds, true},
	api.DeclineCodeLostCard:                     {processor.ReasonLost, true},
	api.DeclineCodeStolenCard:                   {processor.ReasonStolen, true},
	api.DeclineCodePickupCard:                   {processor.ReasonLost, true},
	api.DeclineCodeExpiredCard:                  {processor.ReasonExpired, true},
	api.DeclineCodeInvalidExpiryMonth:           {processor.ReasonExpired, true},
	api.DeclineCodeInvalidExpiryYear:            {processor.ReasonExpired, true},
	api.DeclineCodeIncorrectCVC:                 {processor.ReasonSecurityCode, true},
	api.DeclineCodeInvalidCVC:                   {processor.ReasonSecurityCode, true},
	api.DeclineCodeIncorrectZip:                 {processor.ReasonZIP, true},
	api.DeclineCodeIncorrectNumber:              {processor.ReasonNumber, true},
	api.DeclineCodeInvalidNumber:                {processor.ReasonNumber, true},
	api.DeclineCodeInvalidAccount:               {processor.ReasonNumber, true},
	api.DeclineCodeProcessingError:              {processor.ReasonProcessing, true},
	api.DeclineCodeIssuerNotAvailable:           {processor.ReasonProcessing, true},
	api.DeclineCodeReenterTransaction:           {processor.ReasonProcessing, true},
	api.DeclineCodeTryAgainLater:                {processor.ReasonProcessing, true},
	api.DeclineCodeApproveWithID:                {processor.ReasonProcessing, true},
	api.DeclineCodeCardVelocityExceeded:         {processor.ReasonVelocity, true},
	api.DeclineCodeWithdrawalCountLimitExceeded: {processor.ReasonVelocity, true},
	api.DeclineCodePINTryExceeded:               {processor.ReasonVelocity, true},
	api.DeclineCodeFraudulent:                   {processor.ReasonFraud, true},
	api.DeclineCodeMerchantBlacklist:            {processor.ReasonFraud, false},
	api.DeclineCodeSecurityViolation:            {processor.ReasonFraud, true},
	api.DeclineCodeCardNotSupported:             {processor.ReasonNotPermitted, true},
	api.DeclineCodeCurrencyNotSupported:         {processor.ReasonNotPermitted, true},
	api.DeclineCodeNotPermitted:                 {processor.ReasonNotPermitted, true},
	api.DeclineCodeRestrictedCard:               {processor.ReasonNotPermitted, true},
	api.DeclineCodeServiceNotAllowed:            {processor.ReasonNotPermitted, true},
	api.DeclineCodeTransactionNotAllowed:        {processor.ReasonNotPermitted, true},
	api.DeclineCodeInvalidAmount:                {processor.ReasonNotPermitted, true},
	api.DeclineCodeAuthenticationRequired:       {processor.ReasonAuthentication, true},
}

// byCode holds the error codes that say something a decline code does not, or come without one.
var byCode = map[api.ErrorCode]verdict{
	api.ErrorCodePaymentIntentAuthenticationFailure: {processor.ReasonAuthentication, true},
	api.ErrorCodeExpiredCard:                        {processor.ReasonExpired, true},
	api.ErrorCodeIncorrectCVC:                       {processor.ReasonSecurityCode, true},
	api.ErrorCodeInvalidCVC:                         {processor.ReasonSecurityCode, true},
	api.ErrorCodeIncorrectZip:                       {processor.ReasonZIP, true},
	api.ErrorCodeIncorrectNumber:                    {processor.ReasonNumber, true},
	api.ErrorCodeInvalidNumber:                      {processor.ReasonNumber, true},
	api.ErrorCodeInvalidExpiryMonth:                 {processor.ReasonExpired, true},
	api.ErrorCodeInvalidExpiryYear:                  {processor.ReasonExpired, true},
	api.ErrorCodeProcessingError:                    {processor.ReasonProcessing, true},
}

// reasonOf reads a decline: the issuer's own code first, then the error's code.
func reasonOf(e *api.Error) verdict {
	if v, ok := byDecline[e.DeclineCode]; ok {
		return v
	}
	if v, ok := byCode[e.Code]; ok {
		return v
	}
	return verdict{processor.ReasonGeneric, true}
}
