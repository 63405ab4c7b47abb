package help

import (
	"embed"
	"maps"
	"math"
	"slices"
	"strings"
)

//go:embed synonyms
var synonymFiles embed.FS

// index is what is known of the words of one language's articles.
type index struct {
	lang     string
	docs     map[string]*doc
	known    map[string]int      // stem -> in how many articles
	spelling map[string]int      // whole word -> how often, for what a misspelled one may have been
	like     map[string][]string // a phrase of stems, with spaces -> stems that mean the same
	longest  int                 // words of the longest phrase of like
	empty    map[string]bool     // stems of words that say nothing
}

// doc is one article's stems, by where they stand.
type doc struct {
	article  Article
	title    map[string]bool
	keywords map[string]bool
	summary  map[string]bool
	body     map[string]int
	phrases  []phrase // keywords
	denies   bool     // the title says that something is not so: "I cannot pay this now"
}

// phrase is a keyword. A question has it in it where it has all its stems, and denies something where the keyword does.
type phrase struct {
	stems  []string // without what says nothing, but whole where a single one would be left of several
	says   int      // how many of them say something
	denies bool
}

// weights are what a word is worth, by where it stands.
const (
	inTitle    = 6.0
	inKeywords = 5.0
	inSummary  = 2.5
	inBody     = 1.0
)

// newIndex reads every article as a reader of a language sees it.
func newIndex(lang string, list []Article) *index {
	x := &index{lang: lang, docs: map[string]*doc{}, known: map[string]int{}, spelling: map[string]int{}, like: map[string][]string{}, empty: map[string]bool{}}
	for w := range stops[lang] {
		x.empty[stem(lang, w)] = true
	}
	for _, a := range list {
		d := &doc{article: a, title: x.words(a.Title), keywords: map[string]bool{}, summary: x.words(a.Summary), body: map[string]int{}, denies: denies(lang, strings.Fields(fold(a.Title)))}
		for _, k := range a.Keywords {
			words := strings.Fields(fold(k))
			p := phrase{denies: denies(lang, words)}
			for _, w := range words {
				d.keywords[stem(lang, w)] = true
				if !stops[lang][w] {
					p.stems = append(p.stems, stem(lang, w))
				}
			}
			p.says = len(p.stems)
			if len(p.stems) == 1 && len(words) > 1 { // "help paying" is more than "paying"
				p.stems = stems(lang, k)
			}
			d.phrases = append(d.phrases, p)
		}
		plain := a.Plain(Facts{})
		for _, s := range stems(lang, plain) {
			d.body[s]++
		}
		for _, w := range strings.Fields(fold(a.Title + " " + a.Summary + " " + strings.Join(a.Keywords, " ") + " " + plain)) {
			x.spelling[w]++
		}
		for s := range d.all() {
			x.known[s]++
		}
		x.docs[a.Slug] = d
	}
	x.readSynonyms()
	return x
}

func (x *index) words(text string) map[string]bool {
	out := map[string]bool{}
	for _, s := range stems(x.lang, text) {
		out[s] = true
	}
	return out
}

func (d *doc) all() map[string]bool {
	out := maps.Clone(d.title)
	maps.Copy(out, d.keywords)
	maps.Copy(out, d.summary)
	for s := range d.body {
		out[s] = true
	}
	return out
}

func (x *index) readSynonyms() {
	raw, err := synonymFiles.ReadFile("synonyms/" + x.lang + ".txt")
	if err != nil {
		return // a language without synonyms
	}
	for line := range strings.Lines(string(raw)) {
		if strings.HasPrefix(line, "#") {
			continue
		}
		var phrases [][]string
		for _, p := range strings.Split(line, ",") {
			if s := stems(x.lang, p); len(s) > 0 {
				phrases = append(phrases, s)
			}
		}
		for i, p := range phrases {
			key := strings.Join(p, " ")
			x.longest = max(x.longest, len(p))
			for j, other := range phrases {
				if i == j {
					continue
				}
				for _, s := range other {
					if !slices.Contains(x.like[key], s) && !slices.Contains(p, s) && !x.idle(s) {
						x.like[key] = append(x.like[key], s)
					}
				}
			}
			for _, w := range strings.Fields(fold(line)) {
				x.spelling[w] += 0
			}
		}
	}
}

// idle reports whether a stem is that of a word that says nothing of what is looked for.
func (x *index) idle(s string) bool { return x.empty[s] }

// asked is a question as it is looked for.
type asked struct {
	wishes []wish
	said   map[string]bool // all its stems
	denies bool            // it says that something is not so
	mended string          // with its misspelled words put right, "" where none is
}

// wish is one word of a question, with what else would do.
type wish struct {
	own  []string // stems of the word, or of the phrase
	like []string // stems that mean the same
}

// understand makes wishes of a folded question.
func (x *index) understand(words []string) (q asked) {
	fixed, changed := make([]string, len(words)), false
	for i, w := range words {
		fixed[i] = w
		if better := x.spell(w); better != "" {
			fixed[i], changed = better, true
		}
	}
	list := make([]string, len(fixed))
	q.said, q.denies = map[string]bool{}, denies(x.lang, fixed)
	for i, w := range fixed {
		list[i] = stem(x.lang, w)
		q.said[list[i]] = true
	}
	for i := 0; i < len(list); {
		taken := 0
		for n := min(x.longest, len(list)-i); n >= 2 && taken == 0; n-- {
			if like, ok := x.like[strings.Join(list[i:i+n], " ")]; ok {
				own := slices.DeleteFunc(slices.Clone(list[i:i+n]), x.idle)
				q.wishes, taken = append(q.wishes, wish{own, like}), n
			}
		}
		if taken == 0 {
			if taken = 1; !stops[x.lang][fixed[i]] {
				q.wishes = append(q.wishes, wish{[]string{list[i]}, x.like[list[i]]})
			}
		}
		i += taken
	}
	if len(q.wishes) == 0 { // a question of words that say nothing is looked for as it is
		for _, s := range list {
			q.wishes = append(q.wishes, wish{own: []string{s}})
		}
	}
	if changed {
		q.mended = strings.Join(fixed, " ")
	}
	return q
}

// spell returns the word that a misspelled one was most likely meant to be, "" where it is known, too short, or like none.
func (x *index) spell(w string) string {
	if len(w) < 4 || stops[x.lang][w] || x.known[stem(x.lang, w)] > 0 || strings.Trim(w, "0123456789") == "" {
		return ""
	}
	if _, ok := x.spelling[w]; ok {
		return ""
	}
	if _, ok := x.like[stem(x.lang, w)]; ok {
		return ""
	}
	most := 1
	if len(w) > 5 {
		most = 2
	}
	best, far, often := "", most+1, -1
	for other, n := range x.spelling {
		if len(other) < 3 || (other[0] != w[0] && most > 1 && len(w) < 7) {
			continue
		}
		d := distance(w, other, min(far, most))
		if d > most || d > far {
			continue
		}
		if d == far { // a letter is forgotten more often than one is added
			if more := len(other) > len(w); more != (len(best) > len(w)) {
				if !more {
					continue
				}
			} else if n < often || (n == often && other > best) {
				continue
			}
		}
		best, far, often = other, d, n
	}
	return best
}

// score is how well an article answers, 0 for not at all. found is which stems were found in it. A title that says that
// something is not so counts less for a question that does not, and more for one that does: who asks how to pay has no
// trouble with it yet.
func (x *index) score(d *doc, q asked, found map[string]bool) float64 {
	trust := 1.0
	if d.denies && !q.denies {
		trust = 0.4
	}
	total, hit := 0.0, 0.0
	sum := 0.0
	asked := map[string]bool{}
	for _, w := range q.wishes {
		weight := 0.0
		best := 0.0
		for _, s := range w.own {
			asked[s] = true
			weight = max(weight, x.rarity(s))
			best += x.worth(d, trust, s, found)
		}
		best /= float64(max(1, len(w.own)))
		for _, s := range w.like {
			best = max(best, 0.6*x.worth(d, trust, s, found))
		}
		if weight == 0 {
			weight = 1
		}
		total += weight
		if best > 0 {
			hit += weight
		}
		sum += best
	}
	if hit == 0 {
		return 0
	}
	cover := hit / total
	if cover < 0.4 {
		return 0
	}
	for _, p := range d.phrases { // a keyword that the question has in it
		if len(p.stems) > 0 && (q.denies || !p.denies) && !slices.ContainsFunc(p.stems, func(s string) bool { return !q.said[s] }) {
			sum += 4 * float64(p.says)
			if p.says == len(asked) && p.says == len(p.stems) { // it is all that the question says
				sum += 4
			}
		}
	}
	same, all := 0, 0
	for s := range d.title {
		if !x.idle(s) {
			if all++; asked[s] {
				same++
			}
		}
	}
	if all > 0 {
		sum += 8 * trust * float64(same) / float64(all)
		if d.denies && q.denies && same > 0 {
			sum += 4
		}
	}
	return sum * cover * cover
}

// worth is what a stem brings an article whose title counts so much.
func (x *index) worth(d *doc, trust float64, s string, found map[string]bool) float64 {
	w := 0.0
	if d.title[s] {
		w = max(w, inTitle*trust)
	}
	if d.keywords[s] {
		w = max(w, inKeywords)
	}
	if d.summary[s] {
		w = max(w, inSummary)
	}
	if n := d.body[s]; n > 0 {
		w += inBody * (1 - 1/float64(1+n))
	}
	if w > 0 {
		found[s] = true
	}
	return w * x.rarity(s) / 3
}

// rarity is what a stem tells apart: more where fewer articles have it.
func (x *index) rarity(s string) float64 {
	n := x.known[s]
	if n == 0 {
		return 0
	}
	return math.Log(1 + float64(len(x.docs))/float64(n))
}
