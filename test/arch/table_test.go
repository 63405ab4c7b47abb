package arch

// room is one package and everything inside this module that it may import. Rooms stand in order: a room may only
// import rooms above it in this table, so the arrows cannot run in a circle.
type room struct {
	path    string // below internal/, or "cmd/memberpay"
	imports []string
}

// layer is a group of rooms in the picture.
type layer struct {
	name  string
	about string
	rooms []room
}

// layers is the whole building, from the ground up. A new arrow is a decision: add it here, run "make docs", and say why
// in the change.
var layers = []layer{
	{"vocabulary", "words every package may use", []room{
		{"money", nil},
		{"day", nil},
		{"id", nil},
		{"fault", nil},
		{"scrub", nil},
	}},
	{"ground", "settings, the database, sealed fields, facts; names and sentences", []room{
		{"config", nil},
		{"db", nil},
		{"seal", nil},
		{"event", in("db id seal")},
		{"audit", in("db seal")},
		{"keys", in("audit db id seal")},
		{"letter", in("event money")},
		{"brand", nil},
		{"words", in("money")},
	}},
	{"features", "what the product does, each with its types, rules, SQL and use-cases", []room{
		{"ledger", in("db id money")},
		{"member", in("day db fault id money")},
		{"bill", in("day db event fault id ledger money")},
		{"processor", in("money")},
		{"processor/stripe", in("money processor")},
		{"processor/nacha", in("audit day db event fault id money seal")},
		{"payment", in("audit bill day db event fault id ledger letter member money processor processor/nacha scrub seal")},
		{"intake", in("audit bill day db id member money")},
		{"identity", in("audit db fault id seal")},
		{"consent", in("db event fault id seal")},
		{"household", in("audit consent day db event fault id identity letter member money payment seal")},
		{"dossier", in("audit bill consent day db id identity member payment")},
		{"paper", nil},
		{"staff", in("audit db event fault id identity letter scrub seal")},
		{"note", in("audit db fault id scrub seal")},
		{"share", in("audit db fault id identity seal")},
		{"caller", in("audit bill brand day db fault id identity member money payment seal")},
		{"contact", in("audit bill caller db event fault id identity letter member scrub seal")},
		{"phonepay", in("audit caller day db event fault id identity letter member payment seal")},
		{"recovery", in("audit day db event fault id identity letter member seal")},
		{"enroll", in("audit day db event fault id identity letter member payment seal")},
		{"help", in("audit db fault id scrub seal")},
		{"callrequest", in("audit brand db event fault id identity letter scrub seal")},
		{"cases", in("audit bill day db event fault id letter scrub seal")},
		{"chat", in("audit db event fault id identity letter scrub seal")},
		{"notice", in("brand db event id letter paper payment words")},
		{"verify", in("db seal")},
	}},
	{"pages", "what people see", []room{
		{"web/ui", in("brand words")},
		{"web", in("audit brand fault identity web/ui words")},
		{"web/talk", in("brand chat fault letter scrub web web/ui")},
		{"web/bankform", in("payment processor/nacha web web/ui")},
		{"web/desk", in("audit bill brand caller callrequest cases chat contact day db event fault help household id identity ledger letter member money note paper payment phonepay scrub share staff web web/bankform web/talk web/ui words")},
		{"web/portal", in("audit bill brand callrequest cases chat consent contact day db dossier enroll event fault help household id identity ledger letter member money paper payment phonepay processor recovery seal share staff web web/bankform web/talk web/ui words")},
	}},
	{"whole", "what puts the parts together, and the worlds they are tried in", []room{
		{"sandbox", nil},
		{"demo", in("audit bill cases chat day db fault identity intake member staff")},
		{"seed", in("bill day db id identity ledger member money payment processor processor/nacha seal")},
		{"app", in("audit brand caller callrequest cases chat config contact db enroll event help household identity keys member note notice payment phonepay processor/nacha processor/stripe recovery seal share staff web web/desk web/portal words")},
		{"cmd/memberpay", in("app audit bill brand config day db demo event fault help identity intake keys ledger member money payment processor/nacha sandbox seal seed staff verify")},
	}},
}

// tools are packages outside the building: programs for the build, and support for tests, which only tests import.
var tools = map[string]bool{
	"db/dbtest":               true,
	"db/dbtest/pgcluster":     true,
	"processor/processortest": true,
	"payment/paymenttest":     true,
	"words/check":             true,
	"web/webtest":             true,
	"identity/identitytest":   true,
}

// fences name the only rooms that may import a module from outside, for those that would otherwise leak everywhere.
var fences = map[string][]string{
	"modernc.org/sqlite":            in("db sandbox"),
	"github.com/jackc/pgx":          in("db"),
	"github.com/pressly/goose":      in("db"),
	"github.com/stripe/stripe-go":   in("processor/stripe"),
	"github.com/moov-io/ach":        in("processor/nacha sandbox"),
	"github.com/tink-crypto":        in("seal"),
	"github.com/coreos/go-oidc":     in("staff"),
	"github.com/wneessen/go-mail":   in("notice"),
	"codeberg.org/go-pdf/fpdf":      in("paper"),
	"github.com/alecthomas/kong":    in("cmd/memberpay"),
	"github.com/nicksnyder/go-i18n": in("words"),
	"github.com/yuin/goldmark":      in("help"),
	"golang.org/x/mod":              in("audit"),
	"github.com/go-webauthn":        in("identity"),
	"github.com/pquerna/otp":        in("identity demo"),
	"github.com/trustelem/zxcvbn":   in("identity"),
}
