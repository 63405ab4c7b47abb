package demo

import (
	"context"
	"fmt"
	"time"

	"memberpay/internal/audit"
	"memberpay/internal/chat"
	"memberpay/internal/identity"
)

// Chats begins two conversations that wait for the desk: a member's, and one of a guest who writes in Spanish.
func Chats(ctx context.Context, accounts *identity.Accounts, chats *chat.Chats, now time.Time) error {
	ada, err := accounts.ByEmail(ctx, People[2].Email)
	if err != nil || len(ada.Members) == 0 {
		return fmt.Errorf("demo chats: the account of %s: %w", People[2].Email, err)
	}
	for i, b := range []chat.Beginning{
		{AccountID: ada.ID, MemberID: ada.Members[0], Language: "en", Text: "Hello, I paid my bill by bank account on Monday and it still says “Payment submitted”. Do I have to pay again?"},
		{Name: "Noé", Email: "noe@members.example", Language: "es", Text: "Buenas tardes. Perdí mi tarjeta de miembro y no encuentro mi número. ¿Qué debo hacer?"},
	} {
		b.Key = fmt.Sprintf("demo-chat-%d", i+1)
		who := audit.Who{Actor: b.AccountID, Role: audit.Member, From: "127.0.0.1"}
		if b.AccountID == "" {
			who.Role = audit.Guest
		}
		if _, _, err := chats.Start(ctx, now.Add(time.Duration(i-6)*time.Minute), who, b); err != nil {
			return fmt.Errorf("demo chats: %w", err)
		}
	}
	return nil
}
