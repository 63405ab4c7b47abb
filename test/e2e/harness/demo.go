package harness

import (
	"context"
	"encoding/json"
	"fmt"
	"os"
	"path/filepath"
	"time"
)

// Member is a person of the demo. Email and Password are "" for one who has no account.
type Member struct {
	MemberID    string `json:"member_id"`
	Name        string `json:"name"`
	DateOfBirth string `json:"date_of_birth"`
	ZIP         string `json:"zip"`
	Email       string `json:"email"`
	Password    string `json:"password"`
}

// Demo is a running demo and its card.
type Demo struct {
	*Process
	Data       string // folder; demo.json stands in it
	URL        string
	SandboxURL string
	MailboxURL string
	Members    []Member
}

// StartDemo starts "memberpay demo" with its data in dir and waits until it answers. database is "" for its default, or
// an address as --database takes it; env adds to the environment.
func StartDemo(ctx context.Context, dir, database string, env ...string) (*Demo, error) {
	listen, err := FreeAddress()
	if err != nil {
		return nil, err
	}
	args := []string{"demo"}
	if database != "" {
		args = append(args, "--database", database)
	}
	p, err := Start(dir, "demo", append([]string{"MEMBERPAY_LISTEN=" + listen, "MEMBERPAY_DATA=" + dir}, env...), args...)
	if err != nil {
		return nil, err
	}
	ctx, cancel := context.WithTimeout(ctx, time.Minute)
	defer cancel()
	if err := p.Ready(ctx, "http://"+listen+"/readyz"); err != nil {
		p.Kill()
		return nil, err
	}
	d, err := readCard(ctx, p, dir)
	if err != nil {
		p.Kill()
	}
	return d, err
}

// readCard reads demo.json, which may come a moment after the server answers.
func readCard(ctx context.Context, p *Process, dir string) (*Demo, error) {
	path := filepath.Join(dir, "demo.json")
	for {
		text, err := os.ReadFile(path)
		var card struct {
			URL        string   `json:"url"`
			SandboxURL string   `json:"sandbox_url"`
			MailboxURL string   `json:"mailbox_url"`
			Members    []Member `json:"members"`
		}
		if err == nil {
			err = json.Unmarshal(text, &card)
		}
		if err == nil {
			return &Demo{Process: p, Data: dir, URL: card.URL, SandboxURL: card.SandboxURL, MailboxURL: card.MailboxURL, Members: card.Members}, nil
		}
		select {
		case <-ctx.Done():
			return nil, fmt.Errorf("the demo's card: %w\n%s", err, p.Log())
		case <-time.After(10 * time.Millisecond):
		}
	}
}

// Events returns the last 8 KB of the demo's log file, where it tells what happens after the start.
func (d *Demo) Events() string { return tail(filepath.Join(d.Data, "memberpay.log")) }
