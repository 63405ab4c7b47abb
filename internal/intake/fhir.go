package intake

import (
	"bytes"
	"strings"
	"unicode/utf8"

	"github.com/go-json-experiment/json"
	"github.com/go-json-experiment/json/jsontext"

	"memberpay/internal/money"
)

// The structs here hold the few members of each FHIR resource that are used; the rest is checked for being valid JSON
// and passed over. Names match exactly, letter case included: "STATUS" is not status.

type eob struct {
	ID             string         `json:"id"`
	Identifier     []identifier   `json:"identifier"`
	Status         string         `json:"status"`
	Use            string         `json:"use"`
	Outcome        string         `json:"outcome"`
	Patient        reference      `json:"patient"`
	Insurer        reference      `json:"insurer"`
	Provider       reference      `json:"provider"`
	Facility       reference      `json:"facility"`
	BillablePeriod period         `json:"billablePeriod"`
	Created        string         `json:"created"`
	Contained      []contained    `json:"contained"`
	Insurance      []insurance    `json:"insurance"`
	Item           []item         `json:"item"`
	AddItem        []addItem      `json:"addItem"`
	Adjudication   []adjudication `json:"adjudication"`
	Total          []adjudication `json:"total"`
	Payment        payment        `json:"payment"`
}

type identifier struct {
	Type   concept `json:"type"`
	System string  `json:"system"`
	Value  string  `json:"value"`
	Period period  `json:"period"`
}

type concept struct {
	Coding []coding `json:"coding"`
	Text   string   `json:"text"`
}

type coding struct {
	Code    string `json:"code"`
	Display string `json:"display"`
}

type reference struct {
	Reference  string     `json:"reference"`
	Display    string     `json:"display"`
	Identifier identifier `json:"identifier"`
}

type period struct {
	Start string `json:"start"`
	End   string `json:"end"`
}

type contained struct {
	ResourceType string       `json:"resourceType"`
	ID           string       `json:"id"`
	Identifier   []identifier `json:"identifier"`
	Payor        []reference  `json:"payor"`
	SubscriberID string       `json:"subscriberId"`
}

type insurance struct {
	Coverage reference `json:"coverage"`
}

type item struct {
	ProductOrService concept        `json:"productOrService"`
	ServicedDate     string         `json:"servicedDate"`
	ServicedPeriod   period         `json:"servicedPeriod"`
	Encounter        []reference    `json:"encounter"`
	Net              amount         `json:"net"`
	Adjudication     []adjudication `json:"adjudication"`
}

type addItem struct {
	Adjudication []adjudication `json:"adjudication"`
}

type adjudication struct {
	Category codes  `json:"category"`
	Amount   amount `json:"amount"`
}

// codes is a CodeableConcept of which only the codes matter.
type codes struct {
	Coding []struct {
		Code codeText `json:"code"`
	} `json:"coding"`
}

func (c *codes) has(code string) bool {
	for i := range c.Coding {
		if string(c.Coding[i].Code) == code {
			return true
		}
	}
	return false
}

type payment struct {
	Amount amount `json:"amount"`
}

type patient struct {
	ID               string          `json:"id"`
	Identifier       []identifier    `json:"identifier"`
	Name             []humanName     `json:"name"`
	Telecom          []contactPoint  `json:"telecom"`
	BirthDate        string          `json:"birthDate"`
	DeceasedBoolean  bool            `json:"deceasedBoolean"`
	DeceasedDateTime string          `json:"deceasedDateTime"`
	Address          []address       `json:"address"`
	Communication    []communication `json:"communication"`
}

type humanName struct {
	Use    string   `json:"use"`
	Family string   `json:"family"`
	Given  []string `json:"given"`
	Suffix []string `json:"suffix"`
	Text   string   `json:"text"`
	Period struct {
		End string `json:"end"`
	} `json:"period"`
}

type contactPoint struct {
	System string `json:"system"`
	Value  string `json:"value"`
	Use    string `json:"use"`
	Rank   int    `json:"rank"`
}

type address struct {
	Use        string   `json:"use"`
	Line       []string `json:"line"`
	City       string   `json:"city"`
	State      string   `json:"state"`
	PostalCode string   `json:"postalCode"`
}

type communication struct {
	Language  concept `json:"language"`
	Preferred bool    `json:"preferred"`
}

type coverage struct {
	ID           string       `json:"id"`
	Identifier   []identifier `json:"identifier"`
	Status       string       `json:"status"`
	Subscriber   reference    `json:"subscriber"`
	SubscriberID string       `json:"subscriberId"`
	Beneficiary  reference    `json:"beneficiary"`
	Dependent    string       `json:"dependent"`
	Relationship concept      `json:"relationship"`
}

type encounter struct {
	ID              string    `json:"id"`
	Period          period    `json:"period"`
	ServiceProvider reference `json:"serviceProvider"`
	Location        []struct {
		Location reference `json:"location"`
	} `json:"location"`
}

type organization struct {
	ID         string       `json:"id"`
	Identifier []identifier `json:"identifier"`
	Name       string       `json:"name"`
}

type practitioner struct {
	ID         string       `json:"id"`
	Identifier []identifier `json:"identifier"`
	Name       []humanName  `json:"name"`
}

// amount is a FHIR Money. Value keeps the number as the file writes it; Set tells that it is there.
type amount struct {
	Value    number `json:"value"`
	Currency string `json:"currency"`
}

func (a amount) set() bool { return a.Value != "" }

// decimal returns the exact amount: zero where there is none.
func (a amount) decimal() (money.Decimal, error) {
	if !a.set() {
		return money.Decimal{}, nil
	}
	d, err := money.ParseDecimal(string(a.Value))
	if err != nil {
		return d, refuse("amount", "the amount %s is not usable", cut(string(a.Value), 24))
	}
	return d, nil
}

// codeText is a code; the ones that occur on every line are not copied each time.
type codeText string

// UnmarshalJSONFrom takes JSON text, and null as "", and refuses every other kind of value.
func (c *codeText) UnmarshalJSONFrom(dec *jsontext.Decoder) error {
	v, err := dec.ReadValue()
	if err != nil {
		return err
	}
	switch {
	case v.Kind() == 'n':
		*c = ""
		return nil
	case v.Kind() != '"':
		return refuse("wrong_type", "a code is not text")
	}
	if known, ok := commonCodes[string(v)]; ok {
		*c = known
		return nil
	}
	plain, err := jsontext.AppendUnquote(nil, v)
	*c = codeText(plain)
	return err
}

// commonCodes are quoted codes as they stand in files.
var commonCodes = func() map[string]codeText {
	m := map[string]codeText{}
	for _, c := range []string{"submitted", "eligible", "benefit", "discount", "paidtoprovider", codeLiability, codePaidPatient,
		"copay", "coinsurance", "deductible", "noncovered"} {
		m[`"`+c+`"`] = codeText(c)
	}
	for _, c := range []string{"line_sbmtd_chrg_amt", "line_alowd_chrg_amt", "line_prvdr_pmt_amt", lineCoinsurance, lineDeductible,
		"line_prcsg_ind_cd"} {
		c = "https://bluebutton.cms.gov/resources/variables/" + c
		m[`"`+c+`"`] = codeText(c)
	}
	return m
}()

// number is the text of a JSON number. It never becomes a binary fraction.
type number string

// UnmarshalJSONFrom takes a JSON number as text and refuses every other kind of value.
func (n *number) UnmarshalJSONFrom(dec *jsontext.Decoder) error {
	if k := dec.PeekKind(); k != '0' && k != 0 {
		return refuse("wrong_type", "an amount is not a number")
	}
	v, err := dec.ReadValue()
	if err != nil {
		return err
	}
	*n = number(v)
	return nil
}

// decode reads one resource strictly: valid UTF-8, no name twice in one object, every used member of its proper type.
func decode(raw []byte, into any) error {
	if err := json.Unmarshal(raw, into); err != nil {
		return decodeRefusal(err)
	}
	if bytes.Contains(raw, []byte(`\u0000`)) {
		return refuse("encoding", "the text contains a zero character")
	}
	return nil
}

// decodeRefusal puts the decoder's error into a code and words. It never quotes values: they may be personal.
func decodeRefusal(err error) *Refusal {
	if r, ok := inner(err); ok {
		return r
	}
	text := err.Error()
	switch {
	case strings.Contains(text, "duplicate object member"):
		return refuse("duplicate_name", "an object has the same name twice%s", at(err))
	case strings.Contains(text, "invalid UTF-8"):
		return refuse("encoding", "the text is not valid UTF-8%s", at(err))
	case strings.Contains(text, "unexpected EOF"):
		return refuse("truncated", "%v", errTruncated)
	case strings.Contains(text, "maximum nesting depth"), strings.Contains(text, "exceeded max depth"):
		return refuse("too_deep", "values are nested too deep")
	}
	return decodeDetail(err)
}

// cut shortens s to about n bytes, never inside a character.
func cut(s string, n int) string {
	if len(s) <= n {
		return s
	}
	for n > 0 && !utf8.RuneStart(s[n]) {
		n--
	}
	return s[:n] + "..."
}
