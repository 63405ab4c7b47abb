package main

import (
	"context"
	"errors"
	"fmt"
	"net"
	"net/http"
	"os"
	"path/filepath"
	"strings"
	"time"

	"memberpay/internal/app"
	"memberpay/internal/brand"
	"memberpay/internal/config"
	"memberpay/internal/db"
	"memberpay/internal/help"
	"memberpay/internal/keys"
)

type doctorCommand struct {
	config.Server `embed:""`
}

// Run looks at everything serving needs, tells what it finds a line each, and exits with 1 where something is wrong.
// It changes nothing: no schema, no key, no file stays behind.
func (c doctorCommand) Run(ctx context.Context) error {
	c.Complete()
	wrong := 0
	tell := func(what string, err error) {
		if err == nil {
			fmt.Printf("fine   %s\n", what)
			return
		}
		list := []error{err}
		if joined, ok := err.(interface{ Unwrap() []error }); ok {
			list = joined.Unwrap()
		}
		for _, err := range list {
			wrong++
			fmt.Printf("WRONG  %s: %s\n", what, strings.ReplaceAll(err.Error(), "\n", "\n         "))
		}
	}
	tell("settings", c.Check())
	tell("brand", c.brand())
	tell("listening on "+c.Listen, c.listening())
	tell("data folder "+c.Data, writable(c.Data))
	d, err := c.database(ctx)
	if d != nil {
		defer d.Close()
	}
	tell("database", err)
	tell("keyset", c.keyset(ctx, d))
	tell("folder for the bank", writable(c.Bank.Outbound))
	tell("folder from the bank", writable(c.Bank.Inbound))
	tell("card processor", reach(ctx, "MEMBERPAY_CARDS_API", c.Cards.API))
	if c.Help != "" {
		tell("help articles in "+c.Help, c.articles())
	}
	if c.Mail.Host == "" {
		fmt.Println("note   mail server: none is set; letters wait until MEMBERPAY_SMTP_HOST is")
	} else {
		tell("mail server", c.mailServer(ctx))
	}
	tell("folder for printed letters", writable(c.Print.Outbound))
	if c.Texts.URL == "" {
		fmt.Println("note   text messages: no gateway is set; pages do not offer texts until MEMBERPAY_SMS_URL is")
	} else {
		tell("text gateway", reach(ctx, "MEMBERPAY_SMS_URL", c.Texts.URL))
	}
	if wrong > 0 {
		fmt.Printf("%d things to mend\n", wrong)
		return exitCode(1)
	}
	fmt.Println("ready to serve")
	return nil
}

func (c doctorCommand) brand() error {
	_, err := app.LoadBrand(c.Brand)
	var invalid *brand.Invalid
	if errors.As(err, &invalid) {
		return invalid
	}
	return err
}

// articles reads the organisation's own help articles as serving does, where what is wrong is left out.
func (c doctorCommand) articles() error {
	_, bad := help.ReadFolder(c.Help)
	return errors.Join(bad...)
}

func (c doctorCommand) listening() error {
	l, err := app.Listen(c.Listen)
	if err != nil {
		return err
	}
	return l.Close()
}

// writable reports whether files can be made in a folder, or the folder itself where its parent allows it.
func writable(dir string) error {
	for {
		info, err := os.Stat(dir)
		if errors.Is(err, os.ErrNotExist) && filepath.Dir(dir) != dir {
			dir = filepath.Dir(dir)
			continue
		}
		if err != nil {
			return err
		}
		if !info.IsDir() {
			return fmt.Errorf("%s is a file; name a folder", dir)
		}
		f, err := os.CreateTemp(dir, ".memberpay-doctor-*")
		if err != nil {
			return fmt.Errorf("%s cannot be written; give this user the right to: %w", dir, err)
		}
		return errors.Join(f.Close(), os.Remove(f.Name()))
	}
}

// keyset reads the keys as serving does, and makes none. d is nil where there is no database to read them from.
func (c doctorCommand) keyset(ctx context.Context, d *db.DB) error {
	master := c.Master.KeyFile
	if master == "" && c.Master.Key == "" {
		master = c.MasterFile()
	}
	err := errors.Join(private(c.Keys()), private(master))
	k, found := keys.Look(ctx, app.KeysConfig(d, c.Store, atCommandLine, logger()))
	switch {
	case errors.Is(found, keys.ErrNone):
		fmt.Println("note   keyset: there is none yet; the first start makes it, and a master key beside it where none is set")
	case found != nil:
		err = errors.Join(err, found)
	case k.Clear:
		fmt.Printf("note   keyset: %s is in clear; the next start wraps it under the master key\n", c.Keys())
	}
	return err
}

// private is an error where somebody else on this machine can read a file. A file that is not there is fine.
func private(path string) error {
	info, err := os.Stat(path)
	if path == "" || errors.Is(err, os.ErrNotExist) {
		return nil
	}
	if err == nil && info.Mode().Perm()&0o077 != 0 {
		err = fmt.Errorf("%s can be read by others; run: chmod 600 %s", path, path)
	}
	return err
}

// database checks the database, and returns it open where it is there and of this version.
func (c doctorCommand) database(ctx context.Context) (*db.DB, error) {
	if path, ok := strings.CutPrefix(c.DatabaseURL(), "sqlite:"); ok {
		if _, err := os.Stat(path); errors.Is(err, os.ErrNotExist) {
			return nil, writable(filepath.Dir(path)) // serve makes the file
		}
	}
	ctx, cancel := context.WithTimeout(ctx, 5*time.Second)
	defer cancel()
	d, err := db.Open(ctx, c.DatabaseURL())
	if err != nil {
		return nil, err
	}
	n, err := d.Pending(ctx)
	if err == nil && n == 0 {
		return d, nil
	}
	d.Close()
	if n < 0 {
		err = db.ErrNewerSchema
	} else if err == nil {
		fmt.Printf("note   database: %d migrations will run at the next start\n", n)
	}
	return nil, err
}

func reach(ctx context.Context, setting, url string) error {
	ctx, cancel := context.WithTimeout(ctx, 5*time.Second)
	defer cancel()
	req, err := http.NewRequestWithContext(ctx, http.MethodHead, url, nil)
	if err != nil {
		return err
	}
	res, err := http.DefaultClient.Do(req)
	if err != nil {
		return fmt.Errorf("%s does not answer; check %s and the firewall: %w", url, setting, err)
	}
	return res.Body.Close()
}

func (c doctorCommand) mailServer(ctx context.Context) error {
	dialer := net.Dialer{Timeout: 5 * time.Second}
	conn, err := dialer.DialContext(ctx, "tcp", c.Mail.Host)
	if err != nil {
		return fmt.Errorf("%s does not answer; check MEMBERPAY_SMTP_HOST and the firewall: %w", c.Mail.Host, err)
	}
	return conn.Close()
}
