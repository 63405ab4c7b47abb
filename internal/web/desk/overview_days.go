package desk

import (
	"strconv"
	"time"

	"memberpay/internal/audit"
	"memberpay/internal/chat"
	"memberpay/internal/day"
	"memberpay/internal/web"
	"memberpay/internal/web/ui"
)

// dayTally is how one day at the desk went.
type dayTally struct {
	On                day.Date
	Verified, Refused int
	Chats             chat.Tally
}

// lastDays are the days of the charts, the oldest first.
func (d *Desk) lastDays(c *web.Context, today day.Date) ([]dayTally, error) {
	ctx, zone := c.R.Context(), c.Site.Brand.Zone()
	var out []dayTally
	for on := today.AddDays(1 - overviewDays); !on.After(today); on = on.AddDays(1) {
		from, to := on.At(0, 0, zone), on.AddDays(1).At(0, 0, zone)
		tallies, err := audit.StaffTallies(ctx, d.DB.Read(), from, to)
		if err != nil {
			return nil, err
		}
		x := dayTally{On: on, Verified: deeds[1].sum(tallies), Refused: deeds[2].sum(tallies)}
		if x.Chats, err = d.Chats.TallyOf(ctx, from, to); err != nil {
			return nil, err
		}
		out = append(out, x)
	}
	return out, nil
}

// proofs is how many callers and visitors were verified each day, and how many were not.
func proofs(c *web.Context, days []dayTally) ui.Bars {
	b := ui.Bars{Title: c.T("overview.proofs"), Series: []string{c.T("overview.deed.verified"), c.T("overview.deed.refused")}, Show: c.T("overview.figures"), None: c.T("overview.proofs.none"),
		Table: ui.Table{Caption: c.T("overview.proofs"), HideCaption: true, FirstIsHeader: true, Columns: []ui.Column{{Label: c.T("overview.day")},
			{Label: c.T("overview.deed.verified"), Money: true}, {Label: c.T("overview.deed.refused"), Money: true}}}}
	for _, x := range days {
		b.Days = append(b.Days, ui.BarDay{Label: dateOf(c, x.On), Counts: []int{x.Verified, x.Refused}})
		b.Table.Rows = append(b.Table.Rows, []ui.Cell{{Text: dateOf(c, x.On)}, {Text: strconv.Itoa(x.Verified)}, {Text: strconv.Itoa(x.Refused)}})
	}
	return b
}

// waits is how many minutes people waited in chats each day, and how they rated them.
func waits(c *web.Context, days []dayTally) ui.Bars {
	b := ui.Bars{Title: c.T("overview.waits"), Series: []string{c.T("overview.waits.half"), c.T("overview.waits.longest")}, Show: c.T("overview.figures"), None: c.T("overview.waits.none"),
		Table: ui.Table{Caption: c.T("overview.waits"), HideCaption: true, FirstIsHeader: true, Columns: []ui.Column{{Label: c.T("overview.day")}, {Label: c.T("overview.deed.chats"), Money: true},
			{Label: c.T("overview.waits.half"), Money: true}, {Label: c.T("overview.waits.longest"), Money: true}, {Label: c.T("overview.rating"), Money: true}}}}
	for _, x := range days {
		t := x.Chats
		b.Days = append(b.Days, ui.BarDay{Label: dateOf(c, x.On), Counts: []int{minutes(t.Median), minutes(t.Longest)}})
		rating := c.T("overview.none")
		if t.Rated > 0 {
			rating = c.T("overview.rating.of", "Rating", strconv.FormatFloat(t.Rating, 'f', 1, 64), "Count", t.Rated)
		}
		b.Table.Rows = append(b.Table.Rows, []ui.Cell{{Text: dateOf(c, x.On)}, {Text: strconv.Itoa(t.Taken)}, {Text: strconv.Itoa(minutes(t.Median))}, {Text: strconv.Itoa(minutes(t.Longest))}, {Text: rating}})
	}
	return b
}

// minutes are begun minutes.
func minutes(d time.Duration) int { return int((d + time.Minute - 1) / time.Minute) }

// daysCSV is the figures of the charts as a file for spreadsheets.
func (d *Desk) daysCSV(c *web.Context) error {
	days, err := d.lastDays(c, day.Of(c.Now, c.Site.Brand.Zone()))
	if err != nil {
		return err
	}
	if err := audit.Write(c.R.Context(), d.DB, who(c).Did(c.Now, "activity.exported", "", "")); err != nil {
		return err
	}
	out := file(c, "days.csv", "day", "verified", "refused", "chats", "wait_median_seconds", "wait_longest_seconds", "rated", "rating")
	for _, x := range days {
		rating := ""
		if x.Chats.Rated > 0 {
			rating = strconv.FormatFloat(x.Chats.Rating, 'f', 2, 64)
		}
		out.Write([]string{x.On.String(), strconv.Itoa(x.Verified), strconv.Itoa(x.Refused), strconv.Itoa(x.Chats.Taken), strconv.Itoa(int(x.Chats.Median.Seconds())),
			strconv.Itoa(int(x.Chats.Longest.Seconds())), strconv.Itoa(x.Chats.Rated), rating})
	}
	out.Flush()
	return out.Error()
}
