package identity

import (
	"strings"
	"time"
	"unicode"
	"unicode/utf8"

	"github.com/trustelem/zxcvbn"
	"golang.org/x/text/unicode/norm"

	"memberpay/internal/fault"
)

// How long passwords are, in characters.
const (
	MinPassword       = 15  // where it is all that opens the account
	MinPasswordSecond = 12  // where a second factor is asked for after it
	MaxPassword       = 128 // more is no safer, and costs time to look at
)

// Why a password is refused. Each has its sentence.
var (
	ErrPasswordShort        = ErrPassword                                      // of MinPassword
	ErrPasswordShortSecond  = fault.Field("password", "password.short_second") // of MinPasswordSecond
	ErrPasswordLong         = fault.Field("password", "password.long")         // of MaxPassword
	ErrPasswordCommon       = fault.Field("password", "password.common")       // many people have it; whoever guesses begins with it
	ErrPasswordPattern      = fault.Field("password", "password.pattern")      // one piece over and over, or a row of keys or letters
	ErrPasswordPersonal     = fault.Field("password", "password.personal")     // has a word of the person's own
	ErrPasswordOrganisation = fault.Field("password", "password.organisation") // has the organisation's name
)

const (
	// leastWord is the length from which a word of the person's own counts.
	leastWord = 4
	// leastGuesses is what the estimate must give for a password that is all that opens the account: ten billion, zxcvbn's
	// score 4, "safe where somebody has stolen the hashes". leastGuessesSecond is for one beside a second factor: score 3.
	leastGuesses       = 1e10
	leastGuessesSecond = 1e8
	// leastOnce is the share of them that must be left where each word of the password counts once.
	leastOnce = 1.0 / 100
	// piece is how many characters the estimate looks at once, and signs how many different signs in it may stand for letters
	// ("p@$sword"): its cost grows faster than both.
	piece = 32
	signs = 4
)

// CheckPassword says whether a password may be chosen, by somebody with or without a second factor; personal is what
// others may know of them: name, e-mail address, member ID, date of birth ("1984-03-07"), ZIP code. There is no rule about
// kinds of characters, and spaces count. It returns one of the errors above.
func CheckPassword(password string, secondFactor bool, personal ...string) error {
	return checkPassword("", password, secondFactor, personal)
}

// CheckPassword is CheckPassword that refuses the organisation's name as well.
func (a *Accounts) CheckPassword(password string, secondFactor bool, personal ...string) error {
	organisation := ""
	if a.party != nil {
		organisation = a.party.Name
	}
	return checkPassword(organisation, password, secondFactor, personal)
}

func checkPassword(organisation, password string, secondFactor bool, personal []string) error {
	if len(password) > MaxPassword*4*3 { // before anything is done with it; composing makes three runes of four bytes one at most
		return ErrPasswordLong
	}
	password = norm.NFC.String(strings.ToValidUTF8(password, "\uFFFD"))
	n := utf8.RuneCountInString(password)
	switch {
	case n > MaxPassword:
		return ErrPasswordLong
	case secondFactor && n < MinPasswordSecond:
		return ErrPasswordShortSecond
	case !secondFactor && n < MinPassword:
		return ErrPasswordShort
	}
	folded := foldWord(password)
	if hasWord(folded, words(organisation)) {
		return ErrPasswordOrganisation
	}
	own := words(personal...)
	if hasWord(folded, own) {
		return ErrPasswordPersonal
	}
	if repeats(folded) {
		return ErrPasswordPattern
	}
	least := float64(leastGuesses)
	if secondFactor {
		least = leastGuessesSecond
	}
	if err := estimate(password, own, least); err != nil {
		return err
	}
	if wordGuesses(password, own, least*leastOnce) < least*leastOnce {
		return ErrPasswordCommon
	}
	return nil
}

// wordGuesses is how many guesses a password takes for somebody who tries words in all their orders, with whatever between
// them: each word and each number counts once, however often it is there and in whichever case. It stops at enough.
func wordGuesses(password string, own []string, enough float64) float64 {
	seen := map[string]bool{}
	guesses := 1.0
	for _, w := range runs(strings.ToLower(password)) {
		if seen[w] {
			continue
		}
		seen[w] = true
		text := plain(w)
		guesses *= max(1, zxcvbn.PasswordStrength(text[:min(len(text), piece)], own).Guesses) * float64(len(seen)) // their orders
		if guesses >= enough {
			break
		}
	}
	return guesses
}

// runs are the words and the numbers of a text.
func runs(s string) (out []string) {
	for _, part := range strings.FieldsFunc(s, func(r rune) bool { return !unicode.IsLetter(r) && !unicode.IsDigit(r) && !unicode.Is(unicode.M, r) }) {
		from := 0
		runes := []rune(part)
		for i := 1; i <= len(runes); i++ {
			if i == len(runes) || unicode.IsDigit(runes[i]) != unicode.IsDigit(runes[i-1]) {
				out = append(out, string(runes[from:i]))
				from = i
			}
		}
	}
	return out
}

// hasWord reports whether a folded password holds one of the words.
func hasWord(folded string, words []string) bool {
	for _, w := range words {
		if strings.Contains(folded, w) {
			return true
		}
	}
	return false
}

// foldWord is the form in which passwords and words are compared: small letters without accents, letters and figures only.
func foldWord(s string) string {
	return strings.Map(func(r rune) rune {
		if !unicode.IsLetter(r) && !unicode.IsDigit(r) {
			return -1
		}
		return unicode.ToLower(r)
	}, norm.NFKD.String(s))
}

// words are the folded words of what is known of somebody: each whole, and its parts, from four characters on. Of an
// e-mail address that is what stands before the @; a date is in the ways people write it.
func words(known ...string) (out []string) {
	add := func(s string) {
		if s = foldWord(s); utf8.RuneCountInString(s) >= leastWord {
			out = append(out, s)
		}
	}
	for _, s := range known {
		if len(s) > 256 {
			s = s[:256]
		}
		s = strings.ToValidUTF8(s, "")
		if local, _, ok := strings.Cut(s, "@"); ok {
			s = local
		}
		if t, err := time.Parse(time.DateOnly, strings.TrimSpace(s)); err == nil {
			for _, layout := range []string{"2006", "010206", "020106", "060102"} {
				add(t.Format(layout))
			}
			continue
		}
		add(s)
		for _, part := range strings.FieldsFunc(s, func(r rune) bool { return !unicode.IsLetter(r) && !unicode.IsDigit(r) && !unicode.Is(unicode.Mn, r) }) {
			add(part)
		}
	}
	return out
}

// repeats reports whether a folded password is one short piece over and over, or made of very few characters.
func repeats(folded string) bool {
	runes := []rune(folded)
	seen := map[rune]bool{}
	for _, r := range runes {
		seen[r] = true
	}
	if len(runes) > 0 && len(seen) < 5 {
		return true
	}
	for period := 1; period < MinPasswordSecond && period*2 <= len(runes); period++ {
		same := true
		for i := period; i < len(runes) && same; i++ {
			same = runes[i] == runes[i-period]
		}
		if same {
			return true
		}
	}
	return false
}

// estimate says whether a password is easy to guess. Of a long one it looks at a piece at a time: one strong piece is
// enough.
func estimate(password string, own []string, least float64) error {
	var why error
	for text := plain(password); text != ""; {
		n := min(len(text), piece)
		result := zxcvbn.PasswordStrength(text[:n], own)
		inPattern, words := 0, 0
		for _, m := range result.Sequence {
			switch m.Pattern {
			case "repeat", "sequence", "spatial":
				inPattern += len(m.Token)
			case "dictionary":
				words++
			}
		}
		row := inPattern == n // "abcdef...": however long, it is told in a breath
		if result.Guesses >= least && !row {
			return nil
		}
		if why == nil {
			if why = ErrPasswordCommon; row || 2*inPattern >= n && words == 0 {
				why = ErrPasswordPattern
			}
		}
		text = text[n:]
	}
	return why
}

// plain writes a password for the estimate, in ASCII, a byte for a character: letters lose their accents, and characters
// of other scripts become any others. Signs that may stand for letters stop doing so where there are too many kinds.
func plain(password string) string {
	var out []byte
	seen := ""
	for _, r := range norm.NFKD.String(password) {
		switch {
		case unicode.Is(unicode.Mn, r):
			continue
		case r < ' ' || r > '~':
			r = '!' + r%('~'-'!')
		}
		c := byte(r)
		if len(out)%piece == 0 {
			seen = ""
		}
		if strings.IndexByte("@({[<&#|!$+%", c) >= 0 && strings.IndexByte(seen, c) < 0 {
			if len(seen) == signs {
				c = '~'
			} else {
				seen += string(rune(c))
			}
		}
		out = append(out, c)
	}
	return string(out)
}
