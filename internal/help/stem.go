package help

import (
	"slices"
	"strings"
)

// stops are words that say nothing about what is looked for.
var stops = map[string]map[string]bool{
	"en": set("a an the is are was were be been am do does did have has had i me my mine we us our you your it its this that these those of to in on at by for with from as and or but if so not no can could will would should may might what why how when where which who whom please help about there here get got take im ive dont cant want need"),
	"es": set("a al ante con de del desde e el ella ellos en entre era es esta estas este esto estos fue ha hay la las le les lo los me mi mis mas muy no nos o para pero por que qué se si sin sobre son su sus te tu tus un una unas uno unos usted y ya yo como cuando donde cual quien ayuda porque tengo puedo hacer quiero necesito"),
}

// denials are words that turn what is said into its opposite.
var denials = map[string]map[string]bool{
	"en": set("no not cannot never cant dont doesnt didnt wont couldnt wasnt isnt havent hasnt unable"),
	"es": set("no nunca jamas tampoco"),
}

// denies reports whether folded words say that something is not so.
func denies(lang string, words []string) bool {
	return slices.ContainsFunc(words, func(w string) bool { return denials[lang][w] })
}

func set(words string) map[string]bool {
	out := map[string]bool{}
	for _, w := range strings.Fields(words) {
		out[fold(w)] = true
	}
	return out
}

// stem cuts a folded word down to what its forms have in common. It is rough on purpose: it only has to cut the articles
// and the questions alike.
func stem(lang, w string) string {
	if lang == "es" {
		return stemSpanish(w)
	}
	return stemEnglish(w)
}

func stemEnglish(w string) string {
	cut := func(suffix, instead string, least int) bool {
		if strings.HasSuffix(w, suffix) && len(w)-len(suffix) >= least {
			w = w[:len(w)-len(suffix)] + instead
			return true
		}
		return false
	}
	switch {
	case cut("sses", "ss", 1), cut("ies", "y", 2), cut("xes", "x", 1), cut("ches", "ch", 1), cut("shes", "sh", 1), cut("zes", "z", 2):
	case strings.HasSuffix(w, "ss"), strings.HasSuffix(w, "us"), strings.HasSuffix(w, "is"):
	default:
		cut("s", "", 3)
	}
	if cut("ing", "", 3) || cut("ed", "", 3) {
		if n := len(w); n > 3 && w[n-1] == w[n-2] && !strings.ContainsRune("lsz", rune(w[n-1])) {
			w = w[:n-1]
		}
	}
	if w == "cancell" {
		w = "cancel"
	}
	cut("e", "", 3)
	return w
}

func stemSpanish(w string) string {
	if len(w) < 4 {
		return w
	}
	switch n := len(w); {
	case n > 5 && strings.HasSuffix(w, "es") && !strings.ContainsRune("aeiou", rune(w[n-3])):
		w = w[:n-2]
	case n > 4 && w[n-1] == 's':
		w = w[:n-1]
	}
	for _, suffix := range []string{"ieron", "iendo", "aron", "ando", "aste", "iste", "amos", "emos", "ados", "ado", "ada", "ido", "ida", "aba", "ar", "er", "ir", "an", "en", "io", "ia", "o", "a", "e", "i"} {
		if strings.HasSuffix(w, suffix) && len(w)-len(suffix) >= 3 {
			return w[:len(w)-len(suffix)]
		}
	}
	return w
}

// stems are the stems of a text, in order.
func stems(lang, text string) []string {
	list := strings.Fields(fold(text))
	for i, w := range list {
		list[i] = stem(lang, w)
	}
	return list
}

// distance is how many letters have to be changed, added, left out or swapped with their neighbour to make b of a. Where it is
// more than most, it returns most+1.
func distance(a, b string, most int) int {
	if d := len(a) - len(b); d > most || -d > most {
		return most + 1
	}
	before, last, next := make([]int, len(b)+1), make([]int, len(b)+1), make([]int, len(b)+1)
	for j := range last {
		last[j] = j
	}
	for i := 1; i <= len(a); i++ {
		next[0] = i
		least := i
		for j := 1; j <= len(b); j++ {
			cost := 1
			if a[i-1] == b[j-1] {
				cost = 0
			}
			next[j] = min(last[j]+1, next[j-1]+1, last[j-1]+cost)
			if i > 1 && j > 1 && a[i-1] == b[j-2] && a[i-2] == b[j-1] {
				next[j] = min(next[j], before[j-2]+1)
			}
			least = min(least, next[j])
		}
		if least > most {
			return most + 1
		}
		before, last, next = last, next, before
	}
	return min(last[len(b)], most+1)
}
