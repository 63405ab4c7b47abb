package member

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"slices"
	"strings"
	"unicode"
	"unicode/utf8"

	"memberpay/internal/day"
	"memberpay/internal/db"
)

// Limits of a search by name.
const (
	MostFound    = 20  // people that one search returns
	maxWanted    = 8   // words of a name that are looked at
	mostWays     = 14  // pairs of words that are tried
	readAtOnce   = 300 // people that are read for one pair
	mostBorn     = 4000
	shortestWord = 2 // letters of a name alone; with a date of birth or a ZIP code, one more
	mostNames    = 24
	mostWhole    = 60 // names that begin like a word that is cut short
)

// Wanted is whom a search by name looks for. Words and Birth, or both, are needed; the others narrow it.
type Wanted struct {
	Words []string // folded, in any order; the last letters of each may be missing
	Birth day.Date // zero where unknown
	Year  int      // of birth, 0 where unknown
	ZIP   string   // five digits, "" where unknown
}

// NameWords are the words of a name as they are compared: folded, in order, at most eight.
func NameWords(s string) []string {
	list := nameWords(strings.Map(func(r rune) rune {
		if r == ',' || r == '.' || r == ';' || r == '/' || r == '_' {
			return ' '
		}
		return r
	}, s))
	return list[:min(len(list), maxWanted)]
}

// searchNames are the rows by which a person is found by name: each word of the given names with each of the family
// names, in both orders, and names of several words also as one.
func searchNames(given, family string) []string {
	words := func(s string) []string {
		list := nameWords(s)
		if len(list) > 1 {
			list = append(list, strings.Join(list, ""))
		}
		return list
	}
	g, f := words(given), slices.DeleteFunc(words(family), func(w string) bool { return slices.Contains(suffixes, w) && family != w })
	var out []string
	add := func(s string) {
		if s = clip(s); s != "" && len(out) < mostNames && !slices.Contains(out, s) {
			out = append(out, s)
		}
	}
	for _, x := range g {
		for _, y := range f {
			add(x + " " + y)
			add(y + " " + x)
		}
	}
	if len(g) == 0 || len(f) == 0 {
		for _, x := range append(g, f...) {
			add(x)
		}
	}
	return out
}

// clip keeps a key short enough for an index of either engine.
func clip(s string) string {
	const most = 120
	for len(s) > most {
		_, n := utf8.DecodeLastRuneInString(s)
		s = s[:len(s)-n]
	}
	return s
}

// FoldPhone is the form in which phone numbers are compared: the ten digits of the North American plan, or all digits of
// another. It is "" where there are fewer than seven.
func FoldPhone(s string) string {
	digits := strings.Map(func(r rune) rune {
		if r >= '0' && r <= '9' {
			return r
		}
		return -1
	}, s)
	if len(digits) == 11 && digits[0] == '1' {
		digits = digits[1:]
	}
	if len(digits) < 7 || len(digits) > 15 {
		return ""
	}
	return digits
}

// foldEmail is the form in which e-mail addresses are compared, "" for what is none.
func foldEmail(s string) string {
	s = strings.ToLower(strings.TrimSpace(s))
	if len(s) > 254 || !strings.Contains(s, "@") {
		return ""
	}
	return s
}

// Search returns whom a search by name means, at most MostFound, those in whose names the words stand as typed first.
// more tells that there are further ones. It reads a bounded part of an index however many members there are.
func Search(ctx context.Context, q db.Queryer, w Wanted) (found []Member, more bool, err error) {
	w.Words = w.Words[:min(len(w.Words), maxWanted)]
	if !w.Birth.IsZero() {
		return searchBorn(ctx, q, w)
	}
	if letters := len([]rune(strings.Join(w.Words, ""))); letters < shortestWord || (w.ZIP != "" && letters <= shortestWord) {
		return nil, false, nil
	}
	seen := map[string]bool{}
	all := ways(w.Words)
	for i := 0; i < len(all); i++ {
		way := all[i]
		if way == "" { // where no word is whole, the names that begin like the first are gone through, one by one
			if len(found) == 0 && !more {
				whole, err := wholeWords(ctx, q, w.Words[0])
				if err != nil {
					return nil, false, err
				}
				for _, x := range whole {
					all = append(all, clip(x+" "+w.Words[len(w.Words)-1]))
				}
				more = len(whole) == mostWhole
			}
			continue
		}
		ids, full, err := namedLike(ctx, q, way, w.ZIP)
		if err != nil {
			return nil, false, err
		}
		ids = slices.DeleteFunc(ids, func(s string) bool { return seen[s] })
		known, err := ByIDs(ctx, q, ids)
		if err != nil {
			return nil, false, err
		}
		more = more || full
		for _, rowID := range ids {
			m, ok := known[rowID]
			if !ok || seen[rowID] || !w.means(m) {
				continue
			}
			seen[rowID] = true
			if len(found) == MostFound {
				return found, true, nil
			}
			found = append(found, m)
		}
		if len(found) == MostFound {
			return found, more, nil
		}
	}
	return found, more, nil
}

// ways are the beginnings of names that words may be: each pair of them in either order, first and last first. "" stands for
// the whole words that begin like the first one.
func ways(words []string) []string {
	if len(words) < 2 {
		return words
	}
	var out []string
	add := func(x, y string) {
		if s := clip(x + " " + y); len(out) < mostWays-1 && !slices.Contains(out, s) {
			out = append(out, s)
		}
	}
	last := len(words) - 1
	add(words[0], words[last])
	add(words[last], words[0])
	if last > 1 { // "ana de la cruz": the family name may be all but the first word, or "de la cruz ana" all but the last
		add(words[0], strings.Join(words[1:], ""))
		add(strings.Join(words[:last], ""), words[last])
	}
	for i := range words {
		for j := range words {
			if i != j {
				add(words[i], words[j])
			}
		}
	}
	return append(out, strings.Join(words, ""), "") // "mar gar": both may be cut short
}

// wholeWords are the words with which names begin that begin so, at most mostWhole: each is one step in the index.
func wholeWords(ctx context.Context, q db.Queryer, prefix string) (out []string, err error) {
	from, end := prefix, prefix+"\U0010FFFF"
	for len(out) < mostWhole {
		var name string
		err := q.QueryRowContext(ctx, "SELECT name FROM member_name WHERE name >= $1 AND name < $2 ORDER BY name LIMIT 1", from, end).Scan(&name)
		if errors.Is(err, sql.ErrNoRows) {
			return out, nil
		}
		if err != nil {
			return nil, fmt.Errorf("find names: %w", err)
		}
		word, _, _ := strings.Cut(name, " ")
		out, from = append(out, word), word+"!" // behind every name that begins with this word
	}
	return out, nil
}

// namedLike returns the people with a name that begins so, in the order of names. full tells that there may be more.
func namedLike(ctx context.Context, q db.Queryer, name, zip string) (ids []string, full bool, err error) {
	query, args := "SELECT member_id FROM member_name WHERE name >= $1 AND name < $2 ORDER BY name, zip, member_id LIMIT $3", []any{name, name + "\U0010FFFF", readAtOnce}
	if zip != "" {
		query, args = "SELECT member_id FROM member_name WHERE name >= $1 AND name < $2 AND zip = $4 ORDER BY name, zip, member_id LIMIT $3", append(args, zip)
	}
	n := 0
	err = db.Each(ctx, q, query, args, func(rows *sql.Rows) error {
		var s string
		err := rows.Scan(&s)
		if n++; !slices.Contains(ids, s) {
			ids = append(ids, s)
		}
		return err
	})
	if err != nil {
		return nil, false, fmt.Errorf("find members by name: %w", err)
	}
	return ids, n == readAtOnce, nil
}

// searchBorn goes through everybody born on a day.
func searchBorn(ctx context.Context, q db.Queryer, w Wanted) (found []Member, more bool, err error) {
	query, args := "SELECT "+fields+" FROM member WHERE birth_date = $1 ORDER BY id LIMIT $2", []any{w.Birth, mostBorn}
	if w.ZIP != "" {
		query, args = "SELECT "+fields+" FROM member WHERE birth_date = $1 AND SUBSTR(zip, 1, 5) = $3 ORDER BY id LIMIT $2", append(args, w.ZIP)
	}
	err = db.Each(ctx, q, query, args, func(rows *sql.Rows) error {
		m, err := scan(rows)
		if err != nil || !w.means(m) {
			return err
		}
		if len(found) == MostFound {
			more = true
			return nil
		}
		found = append(found, m)
		return nil
	})
	if err != nil {
		return nil, false, fmt.Errorf("find members by date of birth: %w", err)
	}
	return found, more, nil
}

// means reports whether each word begins a word of the person's names, and the rest fits.
func (w Wanted) means(m Member) bool {
	if (w.Year != 0 && m.BirthDate.Year() != w.Year) || (!w.Birth.IsZero() && m.BirthDate != w.Birth) || (w.ZIP != "" && first5(m.ZIP) != w.ZIP) {
		return false
	}
	if len(w.Words) == 0 {
		return true
	}
	given, family := nameWords(m.Given), nameWords(m.Family)
	words := append(append(slices.Clone(given), family...), strings.Join(given, ""), strings.Join(family, ""))
	all := strings.Join(w.Words, "")
	if strings.HasPrefix(strings.Join(given, "")+strings.Join(family, ""), all) || strings.HasPrefix(strings.Join(family, "")+strings.Join(given, ""), all) {
		return true
	}
	return begin(w.Words, words)
}

// begin reports whether each word, alone or joined to those behind it ("o brien"), begins one of a person's.
func begin(typed, words []string) bool {
	for n := 1; n <= len(typed); n++ {
		want := strings.Join(typed[:n], "")
		if slices.ContainsFunc(words, func(x string) bool { return strings.HasPrefix(x, want) }) && begin(typed[n:], words) {
			return true
		}
	}
	return len(typed) == 0
}

// ByContact returns whom an e-mail address or a phone number on file reaches, in any spelling: at most MostFound, an empty
// list where it is neither or nobody's.
func ByContact(ctx context.Context, q db.Queryer, contact string) ([]Member, error) {
	column, value := "email_folded", foldEmail(contact)
	if value == "" && !strings.ContainsFunc(contact, unicode.IsLetter) {
		column, value = "phone_folded", FoldPhone(contact)
	}
	if value == "" {
		return nil, nil
	}
	var out []Member
	err := db.Each(ctx, q, "SELECT "+fields+" FROM member WHERE "+column+" <> '' AND "+column+" = $1 ORDER BY id LIMIT $2", []any{value, MostFound}, func(rows *sql.Rows) error {
		m, err := scan(rows)
		out = append(out, m)
		return err
	})
	if err != nil {
		return nil, fmt.Errorf("find members by contact: %w", err)
	}
	return out, nil
}
