package nacha

import (
	"fmt"
	"strings"
	"time"

	"memberpay/internal/day"
	"memberpay/internal/money"
)

// sums are what control records are checked against.
type sums struct {
	entries, records int64 // records counts addenda, too
	hash             int64
	debit, credit    int64
}

func (s *sums) add(o sums) {
	s.entries += o.entries
	s.records += o.records
	s.hash = (s.hash + o.hash) % hashCycle
	s.debit += o.debit
	s.credit += o.credit
}

const hashCycle = 10_000_000_000 // a control record keeps ten digits of the hash

// parser walks through the records of a file.
type parser struct {
	today, created day.Date
	allowGaps      bool
	out            answers

	inFile, inBatch, sawBatch, advice bool
	batches                           int64
	batch, file                       sums
	settles                           day.Date // of the batch

	entry *answer // the entry that is being read; kind is not known until its addenda are
	found bool    // an addenda made it an answer
}

// readNACHA reads returns and notices of change. It is forgiving about line ends, lost trailing blanks, unknown codes,
// foreign letters in names and how addenda are counted, and strict about everything that shows damage: lengths, totals,
// hashes, missing control records.
func readNACHA(content []byte, today day.Date, incomplete bool) (answers, *trouble) {
	p := parser{today: today, allowGaps: incomplete}
	last := 0
	t := records(content, func(n int, rec string) *trouble {
		last = n
		return p.record(n, rec)
	})
	if t == nil {
		t = p.close(last)
	}
	if t != nil {
		return answers{}, t
	}
	if len(p.out.list) == 0 && p.out.other > 0 {
		return answers{}, &trouble{0, fmt.Sprintf("none of its %d entries is a return or a notice of change", p.out.other),
			wrongPlace}
	}
	return p.out, nil
}

func (p *parser) record(n int, rec string) *trouble {
	if rec[0] != '7' {
		p.finishEntry()
	}
	switch rec[0] {
	case '1':
		return p.fileHeader(n, rec)
	case '5':
		return p.batchHeader(n, rec)
	case '6':
		return p.entryDetail(n, rec)
	case '7':
		return p.addenda(n, rec)
	case '8':
		return p.batchControl(n, rec)
	case '9':
		if strings.Trim(rec, "9") == "" {
			return nil // padding
		}
		return p.fileControl(n, rec)
	}
	return &trouble{n, fmt.Sprintf("a record starts with %q instead of 1, 5, 6, 7, 8 or 9", rec[0]), wrongPlace}
}

// gap notes a missing record, or refuses the file because of it.
func (p *parser) gap(n int, what string) *trouble {
	if !p.allowGaps {
		return &trouble{n, what + ": the file is cut off or damaged", sendAgain}
	}
	p.out.incomplete = true
	return nil
}

func (p *parser) fileHeader(n int, rec string) *trouble {
	if p.inFile || p.inBatch {
		if t := p.gap(n, "a file header comes before the control record of the file before it"); t != nil {
			return t
		}
	}
	p.inFile, p.inBatch, p.sawBatch, p.advice, p.batches, p.file = true, false, false, false, 0, sums{}
	p.created = shortDate(rec[23:29], p.today)
	return nil
}

// shortDate reads YYMMDD; what is no date is the fallback.
func shortDate(s string, fallback day.Date) day.Date {
	d, err := day.Parse("20" + s[:2] + "-" + s[2:4] + "-" + s[4:6])
	if err != nil {
		return fallback
	}
	return d
}

func (p *parser) batchHeader(n int, rec string) *trouble {
	if !p.inFile {
		if t := p.gap(n, "a batch comes before any file header"); t != nil {
			return t
		}
	}
	if p.inBatch {
		if t := p.gap(n, "a batch starts before the control record of the batch before it"); t != nil {
			return t
		}
	}
	p.inBatch, p.sawBatch, p.batch = true, true, sums{}
	p.batches++
	p.advice = p.advice || rec[50:53] == "ADV" // accounting advice has another layout and no answers
	if p.created.IsZero() {
		p.created = p.today
	}
	p.settles = dayOfYear(rec[75:78], p.created)
	return nil
}

// dayOfYear reads the settlement date that the operator writes into a batch header: the day of the year, of the year
// that puts it nearest to the file's date.
func dayOfYear(s string, near day.Date) day.Date {
	n, ok := number(s)
	if !ok || n < 1 || n > 366 {
		return near
	}
	best := near
	for i, year := range []int{near.Year(), near.Year() - 1, near.Year() + 1} {
		first, err := day.New(year, time.January, 1)
		if err != nil {
			continue
		}
		d := first.AddDays(int(n) - 1)
		if d.Year() == year && (i == 0 || distance(d, near) < distance(best, near)) {
			best = d
		}
	}
	return best
}

func distance(a, b day.Date) int {
	n := a.Sub(b)
	return max(n, -n)
}

func (p *parser) entryDetail(n int, rec string) *trouble {
	if !p.inBatch {
		if t := p.gap(n, "an entry stands outside of a batch"); t != nil {
			return t
		}
		p.settles = p.created
		if p.settles.IsZero() {
			p.settles = p.today
		}
	}
	p.entry = &answer{line: n, individualID: strings.TrimSpace(rec[39:54]), on: p.settles}
	p.found = false
	p.batch.entries++
	p.batch.records++
	if p.advice {
		return nil
	}
	bank, ok1 := number(rec[3:11])
	amount, ok2 := number(rec[29:39])
	if !ok1 || !ok2 {
		return &trouble{n, "the bank or the amount of the entry is not a number", sendAgain}
	}
	p.entry.amount = money.Cents(amount)
	p.batch.hash = (p.batch.hash + bank) % hashCycle
	if c := rec[2]; c >= '1' && c <= '4' { // 21-24, 31-34: credits; 26-29, 36-39: debits
		p.batch.credit += amount
	} else {
		p.batch.debit += amount
	}
	return nil
}

func (p *parser) addenda(n int, rec string) *trouble {
	if p.entry == nil {
		return &trouble{n, "an addenda record follows no entry", sendAgain}
	}
	p.batch.records++
	what := rec[1:3]
	if what != "98" && what != "99" || p.advice {
		return nil
	}
	code := rec[3:6]
	letter := byte('R')
	if what == "98" {
		letter = 'C'
	}
	if code[0] != letter || !isDigit(code[1]) || !isDigit(code[2]) {
		return &trouble{n, fmt.Sprintf("the reason code %q is not %c and two digits", code, letter), sendAgain}
	}
	if p.found && p.entry.kind == disputed {
		return nil // it repeats the returns before it
	}
	p.found = true
	p.entry.line, p.entry.code, p.entry.trace = n, code, strings.TrimSpace(rec[6:21])
	switch {
	case what == "98" && code >= "C61":
		p.entry.kind = refused
	case what == "98":
		p.entry.kind, p.entry.corrected = changed, strings.TrimSpace(rec[35:64])
	case Lookup(code).Kind == Dispute:
		p.entry.kind = disputed
	default:
		p.entry.kind = returned
	}
	return nil
}

func isDigit(c byte) bool { return c >= '0' && c <= '9' }

func (p *parser) finishEntry() {
	switch {
	case p.entry == nil:
		return
	case p.found:
		p.out.list = append(p.out.list, *p.entry)
	default:
		p.out.other++
	}
	p.entry = nil
}

func (p *parser) batchControl(n int, rec string) *trouble {
	if !p.inBatch {
		if t := p.gap(n, "a batch control record ends no batch"); t != nil {
			return t
		}
	}
	p.inBatch = false
	p.file.add(p.batch)
	if p.advice {
		return nil
	}
	return compare(n, "batch", p.batch, rec[4:10], rec[10:20], rec[20:32], rec[32:44])
}

func (p *parser) fileControl(n int, rec string) *trouble {
	if !p.inFile {
		if t := p.gap(n, "a file control record ends no file"); t != nil {
			return t
		}
	}
	if p.inBatch {
		if t := p.gap(n, "the last batch has no control record"); t != nil {
			return t
		}
		p.file.add(p.batch)
	}
	inFile := p.inFile
	p.inFile, p.inBatch = false, false
	if p.advice || !inFile {
		return nil
	}
	if count, ok := number(rec[1:7]); !ok || count != p.batches {
		return &trouble{n, fmt.Sprintf("the file control record counts %s batches, there are %d",
			strings.TrimSpace(rec[1:7]), p.batches), sendAgain}
	}
	return compare(n, "file", p.file, rec[13:21], rec[21:31], rec[31:43], rec[43:55])
}

// compare checks the four sums of a control record. Banks count addenda or leave them out; both are right.
func compare(n int, what string, s sums, count, hash, debit, credit string) *trouble {
	got := [4]int64{}
	for i, field := range []string{count, hash, debit, credit} {
		v, ok := number(field)
		if !ok {
			return &trouble{n, "the " + what + " control record has something other than digits in its totals", sendAgain}
		}
		got[i] = v
	}
	switch {
	case got[0] != s.records && got[0] != s.entries:
		return &trouble{n, fmt.Sprintf("the %s control record counts %d entries and addenda, there are %d",
			what, got[0], s.records), sendAgain}
	case got[1] != s.hash:
		return &trouble{n, fmt.Sprintf("the %s control record has the entry hash %d, the entries add up to %d",
			what, got[1], s.hash), sendAgain}
	case got[2] != s.debit || got[3] != s.credit:
		return &trouble{n, fmt.Sprintf("the %s control record totals %d cents of debits and %d of credits, "+
			"the entries %d and %d", what, got[2], got[3], s.debit, s.credit), sendAgain}
	}
	return nil
}

// close checks that nothing is missing at the end.
func (p *parser) close(n int) *trouble {
	p.finishEntry()
	switch {
	case p.inBatch:
		return p.gap(n, "the last batch has no control record")
	case p.inFile:
		return p.gap(n, "the file control record is missing")
	case p.created.IsZero() && !p.sawBatch && len(p.out.list) == 0 && p.out.other == 0:
		return &trouble{0, "the file has no records, only padding", sendAgain}
	}
	return nil
}
