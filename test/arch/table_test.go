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
	}},
	{"ground", "the database, sealed fields, facts; names and sentences", []room{
		{"db", nil},
		{"seal", nil},
		{"event", in("db id")},
		{"brand", in("day")},
		{"words", in("money day")},
	}},
	{"features", "what the product does, each with its types, rules, SQL and use-cases", []room{
		{"ledger", in("db id money")},
		{"member", in("db day event fault id")},
		{"bill", in("db day event fault id ledger member money")},
		{"processor", in("money")},
		{"processor/stripe", in("money processor")},
		{"processor/nacha", in("day money processor")},
		{"payment", in("bill db day event fault id ledger member money processor seal")},
		{"intake", in("bill day db event fault id member money")},
		{"identity", in("db event fault id member")},
		{"paper", in("bill brand day id member money payment words")},
		{"notice", in("bill brand db day event id member money paper payment words")},
	}},
	{"pages", "what people see", []room{
		{"web", in("brand fault id identity words")},
		{"web/ui", in("brand words")},
		{"web/portal", in("bill brand day fault id identity member money paper payment processor web web/ui words")},
	}},
	{"whole", "what puts the parts together", []room{
		{"sandbox", nil},
		{"app", in("bill brand db day event fault id identity intake ledger member money notice paper payment processor processor/nacha processor/stripe seal web web/portal words")},
		{"cmd/memberpay", in("app sandbox")},
	}},
}

// tools are packages outside the building: programs for the build, and support for tests, which only tests import.
var tools = map[string]bool{
	"db/dbtest":               true,
	"db/dbtest/pgcluster":     true,
	"processor/processortest": true,
	"words/check":             true,
}

// fences name the only rooms that may import a module from outside, for those that would otherwise leak everywhere.
var fences = map[string][]string{
	"modernc.org/sqlite":            in("db sandbox"),
	"github.com/jackc/pgx":          in("db"),
	"github.com/pressly/goose":      in("db"),
	"github.com/stripe/stripe-go":   in("processor/stripe"),
	"github.com/moov-io/ach":        in("processor/nacha sandbox"),
	"github.com/tink-crypto":        in("seal"),
	"github.com/wneessen/go-mail":   in("notice"),
	"codeberg.org/go-pdf/fpdf":      in("paper"),
	"github.com/alecthomas/kong":    in("cmd/memberpay"),
	"github.com/nicksnyder/go-i18n": in("words"),
}
