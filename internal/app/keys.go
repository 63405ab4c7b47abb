package app

import (
	"context"
	"log/slog"
	"slices"
	"time"

	"memberpay/internal/audit"
	"memberpay/internal/caller"
	"memberpay/internal/callrequest"
	"memberpay/internal/cases"
	"memberpay/internal/chat"
	"memberpay/internal/config"
	"memberpay/internal/contact"
	"memberpay/internal/db"
	"memberpay/internal/enroll"
	"memberpay/internal/event"
	"memberpay/internal/help"
	"memberpay/internal/household"
	"memberpay/internal/identity"
	"memberpay/internal/keys"
	"memberpay/internal/note"
	"memberpay/internal/payment"
	"memberpay/internal/processor/nacha"
	"memberpay/internal/recovery"
	"memberpay/internal/seal"
	"memberpay/internal/staff"
)

// SealedColumns are all columns of sealed values.
var SealedColumns = slices.Concat(
	audit.SealedColumns,
	event.SealedColumns,
	nacha.SealedColumns,
	payment.SealedColumns,
	identity.SealedColumns,
	household.SealedColumns,
	callrequest.SealedColumns,
	cases.SealedColumns,
	staff.SealedColumns,
	recovery.SealedColumns,
	enroll.SealedColumns,
	caller.SealedColumns,
	contact.SealedColumns,
	help.SealedColumns,
	note.SealedColumns,
	chat.SealedColumns,
)

// KeysConfig says where the keys are and what they seal. d may be nil where there is no database yet; who changes keys
// stands in the audit log.
func KeysConfig(d *db.DB, s config.Store, who audit.Who, log *slog.Logger) keys.Config {
	m := s.Master
	return keys.Config{DB: d, Path: s.Keys(), Columns: SealedColumns, Who: who, Log: log,
		Master: seal.MasterAt{Key: m.Key, KeyFile: m.KeyFile, Before: m.KeyBefore, BeforeFile: m.KeyBeforeFile, Default: s.MasterFile()}}
}

// OpenKeys reads the keyset, or makes it where nothing is sealed yet. What is written to d bears the marks of the audit log.
func OpenKeys(ctx context.Context, d *db.DB, s config.Store, who audit.Who, log *slog.Logger) (*keys.Keys, error) {
	k, err := keys.Open(ctx, KeysConfig(d, s, who, log))
	if err != nil {
		return nil, err
	}
	_, err = audit.OpenKey(ctx, d, k.Box, time.Now())
	return k, err
}
