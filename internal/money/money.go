// Package money holds Cents, the only type in which an amount of money is kept.
// Amounts are integer US cents; there is no floating point and no other currency.
package money

import (
	"errors"
	"math/big"
	"strconv"
	"strings"
)

// Cents is an amount in US cents. Negative amounts are legal (a credit), but no page shows a minus sign.
type Cents int64

// Max is the largest amount one bill or payment may have: ten million dollars.
const Max Cents = 1_000_000_000

// Errors of ParseInput. Each is the last part of a translation key ("amount.format" and so on).
var (
	ErrEmpty    = errors.New("amount.empty")
	ErrFormat   = errors.New("amount.format")
	ErrTooSmall = errors.New("amount.too_small")
	ErrTooLarge = errors.New("amount.too_large")
)

// String writes the amount as people in the United States read it: "$1,234.50". A negative amount reads "-$3.00".
func (c Cents) String() string {
	sign := ""
	u := uint64(c)
	if c < 0 {
		sign, u = "-", uint64(-c)
	}
	whole := strconv.FormatUint(u/100, 10)
	var b strings.Builder
	b.Grow(len(whole) + len(whole)/3 + 5)
	b.WriteString(sign)
	b.WriteByte('$')
	for i := 0; i < len(whole); i++ {
		if i > 0 && (len(whole)-i)%3 == 0 {
			b.WriteByte(',')
		}
		b.WriteByte(whole[i])
	}
	b.WriteByte('.')
	b.WriteByte(byte('0' + u%100/10))
	b.WriteByte(byte('0' + u%10))
	return b.String()
}

// Plain writes the amount for an input field or a file: "1234.50", no sign of currency, no separators.
func (c Cents) Plain() string {
	sign := ""
	u := uint64(c)
	if c < 0 {
		sign, u = "-", uint64(-c)
	}
	return sign + strconv.FormatUint(u/100, 10) + "." + string([]byte{byte('0' + u%100/10), byte('0' + u%10)})
}

// ParseInput reads an amount that a person typed: digits, an optional dollar sign, correctly placed thousands commas
// and at most two decimals after a point. It refuses a decimal comma ("12,34"), exponents, signs and digits of other
// scripts with ErrFormat (an amount is never guessed), zero with ErrTooSmall and anything above Max with ErrTooLarge.
func ParseInput(s string) (Cents, error) {
	s = strings.TrimSpace(strings.TrimPrefix(strings.TrimSpace(s), "$"))
	if s == "" {
		return 0, ErrEmpty
	}
	whole, frac, hasPoint := strings.Cut(s, ".")
	if hasPoint && (len(frac) == 0 || len(frac) > 2) {
		return 0, ErrFormat
	}
	if strings.Contains(whole, ",") {
		groups := strings.Split(whole, ",")
		for i, g := range groups {
			if (i == 0 && (len(g) < 1 || len(g) > 3)) || (i > 0 && len(g) != 3) {
				return 0, ErrFormat
			}
		}
		whole = strings.Join(groups, "")
	}
	if !digits(whole) || !digits(frac) || (whole == "" && frac == "") {
		return 0, ErrFormat
	}
	for len(frac) < 2 {
		frac += "0"
	}
	all := strings.TrimLeft(whole+frac, "0")
	if all == "" {
		return 0, ErrTooSmall
	}
	if len(all) > 15 {
		return 0, ErrTooLarge
	}
	n, err := strconv.ParseInt(all, 10, 64)
	if err != nil {
		return 0, ErrFormat
	}
	if Cents(n) > Max {
		return 0, ErrTooLarge
	}
	return Cents(n), nil
}

// Decimal is an exact decimal amount of dollars, as files write it ("28.104000000000003"). The zero value is 0.
// Sums are exact; Round is the one place where a fraction of a cent is dropped.
type Decimal struct{ r *big.Rat }

// ParseDecimal reads a decimal number as JSON or CSV writes it, exponents included. It refuses anything else with
// ErrFormat, and numbers of absurd size (more than 40 characters, exponents beyond 30) with ErrTooLarge.
func ParseDecimal(s string) (Decimal, error) {
	s = strings.TrimSpace(s)
	if s == "" {
		return Decimal{}, ErrEmpty
	}
	if len(s) > 40 {
		return Decimal{}, ErrTooLarge
	}
	mant, exp, hasExp := strings.Cut(strings.ToLower(s), "e")
	if hasExp {
		n, err := strconv.Atoi(exp)
		if err != nil {
			return Decimal{}, ErrFormat
		}
		if n > 30 || n < -30 {
			return Decimal{}, ErrTooLarge
		}
	}
	m := strings.TrimPrefix(strings.TrimPrefix(mant, "-"), "+")
	whole, frac, _ := strings.Cut(m, ".")
	if !digits(whole) || !digits(frac) || whole+frac == "" {
		return Decimal{}, ErrFormat
	}
	r, ok := new(big.Rat).SetString(s)
	if !ok {
		return Decimal{}, ErrFormat
	}
	return Decimal{r}, nil
}

// Add returns d + e, exactly.
func (d Decimal) Add(e Decimal) Decimal {
	switch {
	case d.r == nil:
		return e
	case e.r == nil:
		return d
	}
	return Decimal{new(big.Rat).Add(d.r, e.r)}
}

// Neg returns -d.
func (d Decimal) Neg() Decimal {
	if d.r == nil {
		return d
	}
	return Decimal{new(big.Rat).Neg(d.r)}
}

// Sign is -1, 0 or 1.
func (d Decimal) Sign() int {
	if d.r == nil {
		return 0
	}
	return d.r.Sign()
}

// Equal reports whether both are the same number.
func (d Decimal) Equal(e Decimal) bool {
	if d.r == nil || e.r == nil {
		return d.Sign() == e.Sign() && d.Sign() == 0
	}
	return d.r.Cmp(e.r) == 0
}

// Round turns dollars into cents, half away from zero, and refuses what exceeds Max either way with ErrTooLarge.
func (d Decimal) Round() (Cents, error) {
	if d.r == nil {
		return 0, nil
	}
	cents := new(big.Rat).Mul(d.r, big.NewRat(100, 1))
	num, den := new(big.Int).Abs(cents.Num()), cents.Denom()
	q, rem := new(big.Int).QuoRem(num, den, new(big.Int))
	if rem.Lsh(rem, 1).Cmp(den) >= 0 {
		q.Add(q, big.NewInt(1))
	}
	if !q.IsInt64() || q.Int64() > int64(Max) {
		return 0, ErrTooLarge
	}
	c := Cents(q.Int64())
	if cents.Sign() < 0 {
		c = -c
	}
	return c, nil
}

func digits(s string) bool {
	for i := 0; i < len(s); i++ {
		if s[i] < '0' || s[i] > '9' {
			return false
		}
	}
	return true
}
