package brand

import (
	"time"
)

// Brand is one organisation's configuration as the file has it, plus what Load derived from it.
type Brand struct {
	Name      string   `json:"name"`      // as members know it: "Larkspur Health"
	Tagline   Text     `json:"tagline"`   // one short line under the name on the first page; may be empty
	Languages []string `json:"languages"` // languages offered, the first is the default: "en", "es"
	TimeZone  string   `json:"time_zone"` // IANA name: "America/Los_Angeles"
	ZoneName  Text     `json:"zone_name"` // how people call it: "Pacific"
	Demo      bool     `json:"demo"`      // pages say that no real money moves

	Payees  Payees   `json:"payees"`
	Phone   Phone    `json:"phone"`
	TTY     Phone    `json:"tty"` // may be empty
	Mail    Mail     `json:"mail"`
	Links   Links    `json:"links"`
	Logo    Logo     `json:"logo"`
	Colors  Colors   `json:"colors"`
	Week    Week     `json:"hours"`
	Closed  []Day    `json:"holidays"`
	Offices []Office `json:"offices"`
	MapURL  string   `json:"map_url"` // address of a map with {lat} and {lon}, or {address}, of an office; DefaultMap where it is empty

	Zones        []Zone    `json:"zones"`         // other time zones in which members live: the phone hours are told in them too
	Interpreters []Text    `json:"interpreters"`  // languages that interpreters speak; may be empty
	PhoneNotice  Text      `json:"phone_notice"`  // what callers should know now, such as a long wait; may be empty
	CallRequests CallSlots `json:"call_requests"` // when members may ask to be called

	// CallerScripts say how callers prove who they are, by first day. Where there is none, a built-in one is in force.
	CallerScripts []CallerScript `json:"caller_scripts"`

	// FinancialHelp tells people who cannot pay what to do; shown before every pay button.
	FinancialHelp Text `json:"financial_help"`

	zone  *time.Location
	light palette
	dark  palette
	css   string
	mark  []byte
	stamp string
}

// Text is a sentence in both languages.
type Text struct {
	En string `json:"en"`
	Es string `json:"es"`
}

// In returns the text in a language: Spanish for "es", English for anything else.
func (t Text) In(lang string) string {
	if lang == "es" {
		return t.Es
	}
	return t.En
}

// Empty reports whether neither language has a text.
func (t Text) Empty() bool { return t.En == "" && t.Es == "" }

// Payees are the two billing entities. Medical bills and premiums go to different payees and bank accounts, and one
// payment never mixes them.
type Payees struct {
	Medical Payee `json:"medical"`
	Premium Payee `json:"premium"`
}

// Payee is who receives the money of one kind of bill.
type Payee struct {
	LegalName  string `json:"legal_name"` // as authorizations and receipts name it
	Descriptor string `json:"descriptor"` // card statement, at most 22 characters
	ACH        ACH    `json:"ach"`
}

// ACH is what a payee's bank gave for sending debits.
type ACH struct {
	CompanyName string `json:"company_name"` // at most 16 characters; what a bank statement shows
	CompanyID   string `json:"company_id"`   // 10 characters, given by the bank
	Description string `json:"description"`  // company entry description, at most 10 characters: "MED BILL"
	BankName    string `json:"bank_name"`    // the originating bank (ODFI), at most 23 characters
	BankRouting string `json:"bank_routing"` // its 9-digit routing number
}

// Phone is a phone number in two spellings.
type Phone struct {
	Display string `json:"display"` // "(555) 555-0142"
	Dial    string `json:"dial"`    // E.164 for the tel: link: "+15555550142"
}

// Mail is the sender of e-mails.
type Mail struct {
	From   string `json:"from"`   // address: "billing@larkspur.example"
	Sender string `json:"sender"` // name beside it: "Larkspur Health Billing"
}

// Links are addresses of pages outside this site. Each is https:, or a path of this site, or empty: then the link is not
// shown.
type Links struct {
	Home          string `json:"home"`
	Privacy       string `json:"privacy"`
	Terms         string `json:"terms"`
	FinancialHelp string `json:"financial_help"`
	Complaints    string `json:"complaints"`
	Chat          string `json:"chat"`
}

// Logo is the organisation's mark.
type Logo struct {
	File      string `json:"file"`       // SVG file, relative to the configuration file; empty for the demo mark
	ShowsName bool   `json:"shows_name"` // the picture already contains the name, so the header does not repeat it
}

// Office is a place where people can go.
type Office struct {
	Name     string   `json:"name"`
	Address  []string `json:"address"` // lines as on an envelope
	Hours    Text     `json:"hours"`
	Services []Text   `json:"services"`
	Phone    Phone    `json:"phone"` // may be empty

	Week       *Week  `json:"week"`       // hours as spans, for "Open now until": the holidays are those of the phone; may be left out
	TimeZone   string `json:"time_zone"`  // where it is not that of the phone
	ZoneName   Text   `json:"zone_name"`  // how people call it
	Access     []Text `json:"access"`     // wheelchairs, parking, hearing loop
	Directions Text   `json:"directions"` // how to get there, in words; may be empty
	Map        string `json:"map"`        // "45.52,-122.67", latitude and longitude for MapURL, or an https: address of its own; may be empty

	zone *time.Location
}

// Zone is a time zone as people call it.
type Zone struct {
	TimeZone string `json:"time_zone"` // IANA name: "America/Denver"
	Name     Text   `json:"name"`      // "Mountain"

	zone *time.Location
}

// Location is the zone's location. It is never nil on a loaded brand.
func (z Zone) Location() *time.Location {
	if z.zone == nil {
		return time.UTC
	}
	return z.zone
}

// Payee returns the payee of a kind of bill, "medical" or "premium". Any other kind returns the zero Payee.
func (b *Brand) Payee(kind string) Payee {
	switch kind {
	case "medical":
		return b.Payees.Medical
	case "premium":
		return b.Payees.Premium
	}
	return Payee{}
}

// Zone returns the organisation's time zone. It is never nil on a loaded brand.
func (b *Brand) Zone() *time.Location {
	if b.zone == nil {
		return time.UTC
	}
	return b.zone
}

// Offers reports whether the organisation offers a language.
func (b *Brand) Offers(lang string) bool {
	for _, l := range b.Languages {
		if l == lang {
			return true
		}
	}
	return false
}

// CSS returns the style sheet of the brand's colours: custom properties for light, and for dark where the reader's
// device asks for it. It is the same text for the life of the brand.
func (b *Brand) CSS() string { return b.css }

// Version changes whenever CSS or LogoSVG does. It is a short text for addresses that browsers may keep for good.
func (b *Brand) Version() string { return b.stamp }

// LogoSVG returns the logo, checked: no script, no reference to anything outside itself. Do not change the bytes.
func (b *Brand) LogoSVG() []byte { return b.mark }
