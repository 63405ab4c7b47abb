package help

import (
	"cmp"
	"context"
	"database/sql"
	"fmt"
	"slices"
	"strings"
	"unicode"

	"memberpay/internal/db"
)

// Limits of a search.
const (
	longestQuery = 200 // characters that are looked at
	mostWords    = 12
	candidates   = 60 // articles that the database brings for the words
	mostHits     = 12
)

// Piece is a piece of a text. Mark is a word that was looked for.
type Piece struct {
	Text string
	Mark bool
}

// Hit is an article that answers, with the part of it that does.
type Hit struct {
	Article Article
	Excerpt []Piece
}

// Found is the answer to a search.
type Found struct {
	Query  string // as it was looked at: shortened, on one line
	Mended string // the question with misspelled words put right, which is what was looked for; "" where none is
	Hits   []Hit  // the best first
}

// Search finds the articles that answer a question, in a language. Nothing that is typed makes it fail: a question without
// a word finds nothing.
func (c *Center) Search(ctx context.Context, lang, query string, known Facts) (Found, error) {
	now, err := c.current(ctx)
	if err != nil {
		return Found{}, err
	}
	f := Found{Query: tidy(query)}
	words := strings.Fields(fold(f.Query))
	words = words[:min(mostWords, len(words))]
	x := now.indexes[lang]
	if len(words) == 0 || x == nil {
		return f, nil
	}
	q := x.understand(words)
	f.Mended = q.mended
	slugs, err := c.candidates(ctx, lang, q.wishes)
	if err != nil {
		return Found{}, err
	}
	type scored struct {
		article Article
		found   map[string]bool
		score   float64
	}
	var list []scored
	for _, slug := range slugs {
		d := x.docs[slug]
		if d == nil {
			continue // another node has other articles right now
		}
		found := map[string]bool{}
		if s := x.score(d, q, found); s > 0 {
			list = append(list, scored{d.article, found, s})
		}
	}
	slices.SortFunc(list, func(a, b scored) int {
		return cmp.Or(cmp.Compare(b.score, a.score), strings.Compare(a.article.Slug, b.article.Slug))
	})
	for _, s := range list[:min(mostHits, len(list))] {
		if s.score*8 >= list[0].score {
			f.Hits = append(f.Hits, Hit{s.article, excerpt(s.article, known, s.found)})
		}
	}
	return f, nil
}

// tidy shortens a question and puts it on one line.
func tidy(query string) string {
	query = strings.ToValidUTF8(query, " ")
	query = strings.Map(func(r rune) rune {
		if unicode.IsControl(r) {
			return ' '
		}
		return r
	}, query)
	query = strings.Join(strings.Fields(query), " ")
	if r := []rune(query); len(r) > longestQuery {
		query = strings.TrimSpace(string(r[:longestQuery]))
	}
	return query
}

// candidates are the articles with any of the words, the best by the database's own measure first.
func (c *Center) candidates(ctx context.Context, lang string, wishes []wish) ([]string, error) {
	var words []string
	for _, w := range wishes {
		words = append(append(words, w.own...), w.like...)
	}
	slices.Sort(words)
	e := c.DB.Engine
	terms := e.AnyWord(slices.Compact(words))
	if terms == "" {
		return nil, nil
	}
	var out []string
	err := db.Each(ctx, c.DB.Read(), "SELECT slug FROM help_doc WHERE language = $1 AND "+e.WithWords("help_doc", "$2")+
		" ORDER BY "+e.ByWords("help_doc", "$2")+" LIMIT $3", []any{lang, terms, candidates}, func(rows *sql.Rows) error {
		var slug string
		err := rows.Scan(&slug)
		out = append(out, slug)
		return err
	})
	if err != nil {
		return nil, fmt.Errorf("search the help center: %w", err)
	}
	return out, nil
}

// longestExcerpt is how many characters of an article a result shows.
const longestExcerpt = 180

// excerpt is the part of an article that answers best: its summary, or the line of it with most of the words.
func excerpt(a Article, known Facts, found map[string]bool) []Piece {
	best, most := a.Summary, marks(a.Lang, a.Summary, found)+1 // the summary is made for this
	for _, line := range strings.Split(a.Plain(known), "\n") {
		if n := marks(a.Lang, line, found); n > most {
			best, most = line, n
		}
	}
	return mark(a.Lang, clip(best, a.Lang, found), found)
}

func marks(lang, text string, found map[string]bool) int {
	seen := map[string]bool{}
	for _, s := range stems(lang, text) {
		if found[s] {
			seen[s] = true
		}
	}
	return len(seen)
}

// clip keeps the words around the first that was looked for.
func clip(text, lang string, found map[string]bool) string {
	if len([]rune(text)) <= longestExcerpt {
		return text
	}
	words := strings.Fields(text)
	first := max(0, slices.IndexFunc(words, func(w string) bool { return marks(lang, w, found) > 0 }))
	from := max(0, first-8)
	out := ""
	for _, w := range words[from:] {
		if len([]rune(out))+len([]rune(w)) > longestExcerpt {
			out += " …"
			break
		}
		out = strings.TrimSpace(out + " " + w)
	}
	if from > 0 {
		out = "… " + out
	}
	return out
}

// mark cuts a text into pieces at the words that were looked for.
func mark(lang, text string, found map[string]bool) []Piece {
	var out []Piece
	add := func(s string, hit bool) {
		if s == "" {
			return
		}
		if n := len(out); n > 0 && out[n-1].Mark == hit {
			out[n-1].Text += s
			return
		}
		out = append(out, Piece{s, hit})
	}
	letter := func(r rune) bool { return unicode.IsLetter(r) || unicode.IsDigit(r) || r == '’' || r == '\'' }
	for rest := text; rest != ""; {
		n := strings.IndexFunc(rest, letter)
		if n < 0 {
			n = len(rest)
		}
		add(rest[:n], false)
		rest = rest[n:]
		if n = strings.IndexFunc(rest, func(r rune) bool { return !letter(r) }); n < 0 {
			n = len(rest)
		}
		add(rest[:n], n > 0 && marks(lang, rest[:n], found) > 0)
		rest = rest[n:]
	}
	return out
}
