package verify

import (
	"context"
	"crypto/sha256"
	"database/sql"
	"encoding/hex"
	"fmt"

	"memberpay/internal/db"
	"memberpay/internal/seal"
)

// Rule is one thing that is always true.
type Rule struct {
	Name string // stable word: "bill.receivable"
	Says string // what is always true

	// find selects the violations: the id of what is wrong, what is, and what should be.
	find string
	// scan is for what SQL cannot see; it opens sealed fields.
	scan func(ctx context.Context, q db.Queryer, box *seal.Box, found func(subject, detail string)) error
}

// Violation is one row that breaks a rule.
type Violation struct {
	Rule    string `json:"rule"`
	Subject string `json:"subject"`
	Detail  string `json:"detail"`
}

// Result is what one rule found. Violations holds the first few; Count has them all.
type Result struct {
	Rule       string      `json:"rule"`
	Says       string      `json:"says"`
	Count      int         `json:"violations"`
	Violations []Violation `json:"first,omitempty"`
	Skipped    bool        `json:"skipped,omitempty"` // the rule reads sealed fields and there was no keyset
}

// keep is how many violations of one rule are told.
const keep = 10

// Run checks every rule, in order, and returns one result each. told, where not nil, hears each result as it comes. box
// opens sealed fields; where it is nil, the rules that need it are skipped and say so.
// Run it beside a live server if you like: each rule is one statement and so sees one moment.
func Run(ctx context.Context, d *db.DB, box *seal.Box, told func(Result)) ([]Result, error) {
	var out []Result
	for _, rule := range Rules {
		r := Result{Rule: rule.Name, Says: rule.Says}
		found := func(subject, detail string) {
			if r.Count++; r.Count <= keep {
				r.Violations = append(r.Violations, Violation{rule.Name, subject, detail})
			}
		}
		if r.Skipped = rule.scan != nil && box == nil; !r.Skipped {
			if err := rule.run(ctx, d.Read(), box, found); err != nil {
				return out, fmt.Errorf("rule %s: %w", rule.Name, err)
			}
		}
		out = append(out, r)
		if told != nil {
			told(r)
		}
	}
	return out, nil
}

func (rule Rule) run(ctx context.Context, q db.Queryer, box *seal.Box, found func(subject, detail string)) error {
	if rule.scan != nil {
		return rule.scan(ctx, q, box, found)
	}
	return db.Each(ctx, q, rule.find, nil, func(rows *sql.Rows) error {
		var subject string
		var is, want int64
		if err := rows.Scan(&subject, &is, &want); err != nil {
			return err
		}
		found(subject, fmt.Sprintf("is %d, should be %d", is, want))
		return nil
	})
}

// files checks that the bytes of every bank file are those whose hash was noted when it was cut.
func files(ctx context.Context, q db.Queryer, box *seal.Box, found func(subject, detail string)) error {
	return db.Each(ctx, q, "SELECT id, sha256, content_sealed FROM ach_file ORDER BY id", nil, func(rows *sql.Rows) error {
		var file, want string
		var sealed []byte
		if err := rows.Scan(&file, &want, &sealed); err != nil {
			return err
		}
		content, err := box.Open(sealed, "ach_file/"+file+"/content_sealed")
		if err != nil {
			found(file, "its content does not open: it was changed, or sealed with another keyset")
			return nil
		}
		sum := sha256.Sum256(content)
		if got := hex.EncodeToString(sum[:]); got != want {
			found(file, "its content has the hash "+got+", it was cut with "+want)
		}
		return nil
	})
}
