package main

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"net/url"
	"strings"
	"time"

	"memberpay/internal/web"
)

const (
	openChats   = 2_000
	chatAgents  = 20 // each with openChats/chatAgents conversations
	chatClients = 16 // that begin and take them
	talkers     = 100
	chatFlood   = 1_000 // messages a second from one guest
)

// chat measures conversations of guests, each with its stream open: what an idle one holds in memory, how soon messages
// come to the other side, and what one guest who floods the server leaves of that.
func (b *bench) chat(ctx context.Context) error {
	h, err := b.newHall(ctx)
	if err != nil {
		return err
	}
	s, err := b.serveReady(ctx, h.database, h.settings...)
	if err != nil {
		return err
	}
	err = h.begin(ctx, b, s.address)
	if err := errors.Join(err, s.stop()); err != nil {
		return err
	}
	if err := b.settle(ctx, h.database); err != nil {
		return err
	}
	if s, err = b.serveReady(ctx, h.database, h.settings...); err != nil { // one that did nothing else before
		return err
	}
	err = h.idle(ctx, b, s)
	if err == nil {
		err = h.deliveries(ctx, b, s.address)
	}
	return errors.Join(err, h.close(), s.stop())
}

// begin begins every conversation as a browser does, and lets the agents take them.
func (h *hall) begin(ctx context.Context, b *bench, address string) error {
	b.say("%d guests begin a conversation, %d agents take them", openChats, chatAgents)
	for _, a := range h.agents {
		err := each(ctx, address, 1, 1, func(c *conn, _ int) error {
			return expect(c, http.StatusSeeOther, form(address, "/desk/chats/duty", a, url.Values{"on": {"yes"}}))
		})
		if err != nil {
			return err
		}
	}
	h.talks = make([][2]party, openChats)
	return each(ctx, address, chatClients, openChats, func(c *conn, i int) error {
		got, err := c.send(form(address, "/chat", "X-Forwarded-For: "+visitor(0, i)+"\r\n",
			url.Values{"key": {fmt.Sprintf("bench-chat-%d", i)}, "name": {""}, "email": {""}, "text": {"Hello, I have a question about a bill."}}))
		if err != nil {
			return err
		}
		if got.status != http.StatusSeeOther || got.cookie == "" {
			return fmt.Errorf("%w: a conversation begins with status %d", errWrong, got.status)
		}
		chatID := strings.TrimPrefix(got.location, "/chat/")
		h.talks[i] = [2]party{{"/chat/" + chatID, "Cookie: " + got.cookie + "\r\n"}, {"/desk/chats/" + chatID, h.agents[i%chatAgents]}}
		return expect(c, http.StatusSeeOther, form(address, h.talks[i][1].path+"/take", h.talks[i][1].headers, nil))
	})
}

// idle opens every guest's stream and measures what each holds, once it has been told that it is alive.
func (h *hall) idle(ctx context.Context, b *bench, s *server) error {
	b.say("opening %d streams", openChats)
	if err := rest(ctx, 3*time.Second); err != nil {
		return err
	}
	before, err := s.memory()
	if err != nil {
		return err
	}
	h.streams = make([]*stream, openChats)
	began := time.Now()
	err = each(ctx, s.address, chatClients, openChats, func(_ *conn, i int) (err error) {
		h.streams[i], err = h.open(s.address, h.talks[i], 0)
		return err
	})
	if err != nil {
		return err
	}
	took := time.Since(began)
	if err := rest(ctx, web.Beat+time.Second); err != nil {
		return err
	}
	for _, x := range h.streams {
		if x.beats.Load() == 0 {
			return errors.Join(h.failed(), fmt.Errorf("%w: a stream was not told that it is alive", errWrong))
		}
	}
	after, err := s.memory()
	if err != nil {
		return err
	}
	b.report.note("opening %d streams", "%.1f s, %.0f MiB before, %.0f MiB after", openChats, took.Seconds(), before, after)
	b.report.atMost("memory of an idle conversation", (after-before)*1024/openChats, 64, "KiB", fmt.Sprintf("%d streams open", openChats))
	return nil
}

// deliveries measures how soon messages come, undisturbed and while one guest sends as fast as they can.
func (h *hall) deliveries(ctx context.Context, b *bench, address string) error {
	if err := h.watch(address); err != nil {
		return err
	}
	var calm, flooded []sample
	var rates []float64
	var taken, refused int64
	for round := range b.rounds {
		b.say("round %d: %d messages a second, undisturbed and under a flood", round+1, talkers)
		got, err := h.converse(ctx, address, b.seconds)
		if err != nil {
			return err
		}
		calm = append(calm, got)
		loud := h.talks[round][0]
		f := torrent{address: address, clients: floodClients, rate: chatFlood, taken: http.StatusOK, request: func(n int) []byte {
			return message(address, loud, fmt.Sprintf("flood-%d-%d", round, n), "Are you there?")
		}}.begin(ctx)
		got, err = h.converse(ctx, address, b.seconds)
		rate, failed := f.stop()
		if err := errors.Join(err, failed); err != nil {
			return err
		}
		flooded, rates = append(flooded, got), append(rates, rate)
		taken, refused = taken+f.taken.Load(), refused+f.refused.Load()
	}
	b.report.note("messages, undisturbed", "%s", times(calm))
	b.report.note("messages under the flood", "%s", times(flooded))
	b.report.atMost("p99 of a message to the other side", median(calm, p99), 250, "ms", fmt.Sprintf("%d streams open", openChats))
	b.report.atMost("p99 of others' messages under a flood", ratios(flooded, calm, p99), 3, "x calm",
		fmt.Sprintf("%.1f against %.1f ms", median(flooded, p99), median(calm, p99)))
	b.report.atLeast("a flood of 1,000 messages/s that is answered", middle(rates)/chatFlood, 0.9, "x sent", fmt.Sprintf("%d were taken, %d refused", taken, refused))
	return h.complete(ctx, b.rounds, taken)
}

// times is how long messages took, in the report.
func times(list []sample) string {
	return fmt.Sprintf("%7.0f a second  p50 %.2f ms  p95 %.2f ms  p99 %.2f ms", median(list, rate), median(list, p50), median(list, p95), median(list, p99))
}
