package main

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"os"
	"time"

	"memberpay/internal/app"
	"memberpay/internal/config"
	"memberpay/internal/db"
	"memberpay/internal/keys"
	"memberpay/internal/seal"
)

type keysCommand struct {
	List   keysList   `cmd:"" help:"Say which keys there are, how old they are, and how many values each has sealed."`
	Rotate keysRotate `cmd:"" help:"Add a key, seal every value again with it, while servers serve."`
	Retire keysRetire `cmd:"" help:"Take old keys out for good. Refused while anything needs them."`
	Rewrap keysRewrap `cmd:"" help:"Wrap the keys under a new master key."`
	Master keysMaster `cmd:"" help:"Make a master key in a new file."`
}

type keysStore struct {
	config.Store `embed:""`
}

// open opens the database and its keys, which have to be there.
func (c keysStore) open(ctx context.Context) (*db.DB, *keys.Keys, error) {
	d, err := openExisting(ctx, c.Store)
	if err != nil {
		return nil, nil, err
	}
	cfg := app.KeysConfig(d, c.Store, atCommandLine, logger())
	if _, err = keys.Look(ctx, cfg); err == nil {
		var k *keys.Keys
		if k, err = keys.Open(ctx, cfg); err == nil {
			return d, k, nil
		}
	}
	d.Close()
	return nil, nil, err
}

// progress tells what goes on, and how far values are at most every two seconds.
func progress() keys.Progress {
	var told time.Time
	return keys.Progress{
		Say: func(text string) { fmt.Println(text) },
		Values: func(c seal.Column, done, of int64) error {
			if time.Since(told) >= 2*time.Second {
				told = time.Now()
				fmt.Printf("%d of %d values are sealed again, now %s\n", done, of, c)
			}
			return nil
		},
	}
}

type keysRotate struct{ keysStore }

// Run rotates, or goes on with a rotation that was interrupted. It exits with 1 where a value did not open.
func (c keysRotate) Run(ctx context.Context) error {
	d, k, err := c.open(ctx)
	if err != nil {
		return err
	}
	defer d.Close()
	r, err := k.Rotate(ctx, progress())
	if err != nil {
		if r.Primary != 0 || r.Added {
			fmt.Fprintf(os.Stderr, "stopped after %d values; nothing is lost, and the same command goes on from there\n", r.Resealed)
		}
		return err
	}
	fmt.Printf("key %d seals, and %d values were sealed again with it\n", r.Primary, r.Resealed)
	if len(r.Trouble) > 0 {
		for i, t := range r.Trouble {
			if i == 20 {
				fmt.Printf("and %d more\n", len(r.Trouble)-i)
				break
			}
			fmt.Printf("DOES NOT OPEN  %s of row %s: %v\n", t.Column, t.Key, t.Err)
		}
		fmt.Printf("%d values do not open and were left as they are: they were damaged, or their key is lost; restore those rows, or their key, from a backup\n", len(r.Trouble))
		return exitCode(1)
	}
	fmt.Println("nothing needs the older keys any more, except backups. \"memberpay keys retire\" takes them out for good")
	return nil
}

type keysRetire struct{ keysStore }

// Run takes old keys out, or says what needs them and exits with 1.
func (c keysRetire) Run(ctx context.Context) error {
	d, k, err := c.open(ctx)
	if err != nil {
		return err
	}
	defer d.Close()
	gone, err := k.Retire(ctx, progress())
	if err != nil {
		return err
	}
	if len(gone) == 0 {
		fmt.Println("there are no old keys")
		return nil
	}
	for _, keyID := range gone {
		fmt.Printf("key %d is gone\n", keyID)
	}
	fmt.Println("a backup of the database from before has the keyset of its time, and opens with that")
	return nil
}

type keysRewrap struct{ keysStore }

// Run wraps the keys under the master key of the settings.
func (c keysRewrap) Run(ctx context.Context) error {
	d, k, err := c.open(ctx)
	if err != nil {
		return err
	}
	defer d.Close()
	done, err := k.Rewrap(ctx, progress())
	if err != nil {
		return err
	}
	if !done {
		fmt.Println("the keys are wrapped under this master key already")
		return nil
	}
	fmt.Println("the keys are wrapped under the new master key. Take MEMBERPAY_MASTER_KEY_BEFORE out of the settings of every server; " +
		"keep the earlier key for as long as you keep backups from before")
	return nil
}

type keysMaster struct {
	File string `arg:"" help:"File to make." type:"path"`
}

// Run makes a master key and never replaces a file.
func (c keysMaster) Run() error {
	m, made, err := seal.MakeMaster(c.File)
	if err == nil && !made {
		err = errors.New(c.File + " is there already and is not replaced")
	}
	if err != nil {
		return err
	}
	fmt.Printf("%s holds the master key %s. Keep a copy where the backups of the database are not\n", c.File, m.Name())
	return nil
}

type keysList struct {
	keysStore
	JSON bool `help:"Report as JSON."`
}

// Run lists keys, values and servers. It exits with 1 where values are sealed with keys that are not there.
func (c keysList) Run(ctx context.Context) error {
	d, err := openExisting(ctx, c.Store)
	if err != nil {
		return err
	}
	defer d.Close()
	k, err := keys.Look(ctx, app.KeysConfig(d, c.Store, atCommandLine, logger()))
	if err != nil {
		return err
	}
	list, err := k.List(ctx)
	if err != nil {
		return err
	}
	if c.JSON {
		err = json.NewEncoder(os.Stdout).Encode(listJSON(list))
	} else {
		printList(list, time.Now())
	}
	if err == nil && len(list.Lost()) > 0 {
		err = exitCode(1)
	}
	return err
}

func printList(l keys.List, now time.Time) {
	fmt.Printf("generation %d, wrapped under the master key %s\n\n", l.Keyset.Generation, l.Master)
	fmt.Printf("%-12s %-8s %-12s %-12s %s\n", "key", "state", "made", "out of use", "values")
	for _, key := range l.Keyset.Keys() {
		values, where := l.Under(key.ID)
		fmt.Printf("%-12d %-8s %-12s %-12s %d\n", key.ID, key.State, ago(now, key.MadeAt, "not known"), ago(now, key.OldAt, ""), values)
		for _, n := range where {
			fmt.Printf("    %-40s %d\n", n.Column, n.Values)
		}
	}
	for _, n := range l.Lost() {
		fmt.Printf("NO KEY OPENS  %s\n", n)
	}
	fmt.Println()
	for _, s := range l.Servers {
		fmt.Printf("%s runs with generation %d, seen %s\n", s.Host, s.Generation, ago(now, s.SeenAt, ""))
	}
	if len(l.Servers) == 0 {
		fmt.Println("no server runs")
	}
}

// ago says how long ago something was, and none for the zero time.
func ago(now, t time.Time, none string) string {
	d := now.Sub(t)
	switch {
	case t.IsZero():
		return none
	case d < 2*time.Minute:
		return fmt.Sprintf("%d s ago", int(d.Seconds()))
	case d < 2*time.Hour:
		return fmt.Sprintf("%d min ago", int(d.Minutes()))
	case d < 48*time.Hour:
		return fmt.Sprintf("%d h ago", int(d.Hours()))
	}
	return fmt.Sprintf("%d days ago", int(d.Hours()/24))
}

// listJSON is a list under the names that scripts read.
func listJSON(l keys.List) any {
	type column struct {
		Column string `json:"column"`
		Values int64  `json:"values"`
	}
	type key struct {
		ID        uint32     `json:"id"`
		State     seal.State `json:"state"`
		MadeAt    time.Time  `json:"made_at,omitzero"`
		PrimaryAt time.Time  `json:"primary_at,omitzero"`
		OldAt     time.Time  `json:"old_at,omitzero"`
		Values    int64      `json:"values"`
		Columns   []column   `json:"columns"`
	}
	type server struct {
		Host       string    `json:"host"`
		Generation int64     `json:"generation"`
		SeenAt     time.Time `json:"seen_at"`
	}
	out := struct {
		Generation int64    `json:"generation"`
		Master     string   `json:"master"`
		Keys       []key    `json:"keys"`
		Lost       []string `json:"lost"`
		Servers    []server `json:"servers"`
	}{l.Keyset.Generation, l.Master, []key{}, []string{}, []server{}}
	for _, k := range l.Keyset.Keys() {
		values, where := l.Under(k.ID)
		columns := []column{}
		for _, n := range where {
			columns = append(columns, column{n.Column.String(), n.Values})
		}
		out.Keys = append(out.Keys, key{k.ID, k.State, k.MadeAt, k.PrimaryAt, k.OldAt, values, columns})
	}
	for _, n := range l.Lost() {
		out.Lost = append(out.Lost, n.String())
	}
	for _, s := range l.Servers {
		out.Servers = append(out.Servers, server{s.Host, s.Generation, s.SeenAt})
	}
	return out
}
