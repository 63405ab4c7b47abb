package identity

import "time"

// Limits of the pages that help.
var (
	// SearchAddress bounds searches of the help center from one network address.
	SearchAddress = Limit{"help-search/address", 120, 10 * time.Minute}
	// OpinionAddress bounds what one network address says about articles of the help center.
	OpinionAddress = Limit{"help-opinion/address", 20, 10 * time.Minute}
	// CallAddress bounds the calls that one network address asks for.
	CallAddress = Limit{"call-request/address", 5, time.Hour}
	// CallPhone bounds the calls to one number, whoever asks for them: nobody is rung at a stranger's wish all day.
	CallPhone = Limit{"call-request/phone", 3, 24 * time.Hour}
)

// HelpSearch is the try that one search of the help center counts as.
func HelpSearch(address string) Try { return Try{SearchAddress, network(address)} }

// HelpOpinion is the try that one opinion about an article counts as.
func HelpOpinion(address string) Try { return Try{OpinionAddress, network(address)} }

// CallRequests are the tries that one request to be called counts as.
func CallRequests(address, phone string) []Try {
	return []Try{{CallAddress, network(address)}, {CallPhone, phone}}
}
