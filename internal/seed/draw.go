package seed

import (
	"encoding/base32"
	"encoding/binary"
	"math/bits"
	"math/rand/v2"
	"time"

	"memberpay/internal/day"
	"memberpay/internal/id"
	"memberpay/internal/money"
)

// draw is where everything invented comes from: a stream of numbers that is the same for the same block.
type draw struct {
	*rand.Rand
	block uint64
	seq   uint64
}

func newDraw(block int) *draw {
	return &draw{Rand: rand.New(rand.NewPCG(0x6d656d6265727061, uint64(block))), block: uint64(block)}
}

// n returns a number from 0 to below.
func (d *draw) n(below int) int { return d.IntN(below) }

// percent is true that often.
func (d *draw) percent(p int) bool { return d.IntN(100) < p }

func pick[T any](d *draw, list []T) T { return list[d.IntN(len(list))] }

// cents returns an amount between two amounts.
func (d *draw) cents(from, to money.Cents) money.Cents {
	return from + money.Cents(d.Int64N(int64(to-from+1)))
}

var encoding = base32.NewEncoding("0123456789abcdefghjkmnpqrstvwxyz").WithPadding(base32.NoPadding)

// rowID is a row id as id.New makes them, only that its bits come from the block: ids of later rows sort later.
func (d *draw) rowID(prefix string) string {
	var raw [16]byte
	binary.BigEndian.PutUint64(raw[:8], d.block<<20|d.seq)
	binary.BigEndian.PutUint64(raw[8:], d.Uint64())
	d.seq++
	return prefix + "_" + encoding.EncodeToString(raw[:])
}

// scatter turns the n-th of something into one of space numbers that look unordered; no two are alike. factor and space
// have no divisor in common.
func scatter(n, factor, space uint64) uint64 {
	hi, lo := bits.Mul64(n, factor)
	_, rem := bits.Div64(hi%space, lo, space)
	return rem
}

const confirmationAlphabet = "23456789BCDFGHJKLMNPQRSTVWXYZ"

// confirmation is the confirmation number of the n-th payment.
func confirmation(n uint64) string {
	const space = 14_507_145_975_869 // 29^9
	v := scatter(n+1, 6_364_136_223_847, space)
	out := make([]byte, 10)
	for i := 8; i >= 0; i-- {
		out[i] = confirmationAlphabet[v%29]
		v /= 29
	}
	for _, c := range []byte(confirmationAlphabet) {
		if out[9] = c; id.Checked(string(out)) {
			break
		}
	}
	return string(out)
}

// lastDay is the day up to which histories reach. It is fixed, so that the same data comes out on any day.
var lastDay = day.MustParse("2026-12-01")

// dayBefore is a day some days before lastDay.
func (d *draw) dayBefore(from, to int) day.Date { return lastDay.AddDays(-(from + d.n(to-from+1))) }

// hour is a time of that day.
func (d *draw) hour(on day.Date) time.Time {
	return on.At(0, 0, time.UTC).Add(time.Duration(14*3600+d.n(6*3600)) * time.Second)
}
