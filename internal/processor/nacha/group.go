package nacha

import (
	"cmp"
	"context"
	"database/sql"
	"errors"
	"fmt"
	"slices"
	"strings"

	"memberpay/internal/db"
)

// group is what goes into one file: a batch for each payee and entry class.
type group struct {
	head    head
	batches []batch
}

// group sorts entries into files by where they go and who makes them, and into batches by payee and entry class. Files and batches are
// in a fixed order, entries stay in theirs.
func (r *Rail) group(list []queuedLine) []group {
	type kind struct {
		payee string
		sec   SEC
	}
	byKind := map[kind][]line{}
	for _, l := range list {
		k := kind{l.payee, l.sec}
		byKind[k] = append(byKind[k], l.line)
	}
	byHead := map[head][]batch{}
	for _, payee := range r.payees {
		o := r.originators[payee]
		h := head{destination: o.DestinationRouting, destinationName: o.DestinationName,
			origin: o.Origin, originName: o.OriginName}
		for _, sec := range []SEC{Web, Tel} {
			if entries := byKind[kind{payee, sec}]; len(entries) > 0 {
				byHead[h] = append(byHead[h], batch{o, sec, entries})
			}
		}
	}
	out := make([]group, 0, len(byHead))
	for h, batches := range byHead {
		out = append(out, group{h, batches})
	}
	slices.SortFunc(out, func(a, b group) int {
		return cmp.Or(cmp.Compare(a.head.destination, b.head.destination), cmp.Compare(a.head.origin, b.head.origin),
			cmp.Compare(a.head.destinationName, b.head.destinationName), cmp.Compare(a.head.originName, b.head.originName))
	})
	return out
}

// modifiers tell files of one day apart.
const modifiers = "ABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789"

// errTooManyFiles means that the file id modifiers of one minute are used up.
var errTooManyFiles = errors.New("36 files were made in this minute; cut again in the next")

// modifier returns the file id modifier of the next file of the day. The 37th file of a day uses a modifier again, which
// its creation time tells apart; within one minute none is used twice.
func modifier(ctx context.Context, tx *db.Tx, h head) (byte, error) {
	count, now := 0, map[byte]bool{}
	err := db.Each(ctx, tx,
		"SELECT created_time, modifier FROM ach_file WHERE origin = $1 AND destination = $2 AND created_on = $3",
		[]any{h.origin, h.destination, h.created.Format("2006-01-02")}, func(rows *sql.Rows) error {
			var at, mod string
			if err := rows.Scan(&at, &mod); err != nil {
				return err
			}
			if at == h.created.Format("1504") && mod != "" {
				now[mod[0]] = true
			}
			count++
			return nil
		})
	if err != nil {
		return 0, fmt.Errorf("file id modifier: %w", err)
	}
	for i := range len(modifiers) {
		if m := modifiers[(count+i)%len(modifiers)]; !now[m] {
			return m, nil
		}
	}
	return 0, fmt.Errorf("bank %s: %w", strings.TrimSpace(h.destinationName), errTooManyFiles)
}
