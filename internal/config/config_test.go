package config

import (
	"path/filepath"
	"strings"
	"testing"
	"time"
)

func TestCheckSaysWhatToDo(t *testing.T) {
	t.Parallel()
	good := func() Server {
		s := Server{Store: Store{Data: "data"}, Listen: "127.0.0.1:8080",
			Cards: Cards{SecretKey: "sk_test_x", PublishableKey: "pk_test_x", WebhookSecret: "whsec_x", Timeout: 20 * time.Second}}
		return s
	}
	s := good()
	s.Complete()
	if err := s.Check(); err != nil || s.BaseURL != "http://localhost:8080" || s.Secure() {
		t.Errorf("a good configuration: %v, %s", err, s.BaseURL)
	}
	for listen, want := range map[string]string{"[::1]:80": "http://localhost:80", "127.0.0.2:80": "http://127.0.0.2:80", "pay.example:80": "http://pay.example:80", "8080": "http://8080"} {
		s := good()
		s.Listen = listen
		s.Complete()
		if s.BaseURL != want {
			t.Errorf("listening on %s: %s, want %s", listen, s.BaseURL, want)
		}
	}
	for want, spoil := range map[string]func(*Server){
		"MEMBERPAY_LISTEN":                func(s *Server) { s.Listen, s.BaseURL = "8080", "http://127.0.0.1" },
		"MEMBERPAY_URL":                   func(s *Server) { s.BaseURL = "http://pay.example.org" },
		"is not a web address":            func(s *Server) { s.BaseURL = "pay.example.org" },
		"MEMBERPAY_CARDS_SECRET_KEY":      func(s *Server) { s.Cards.SecretKey = "" },
		"MEMBERPAY_CARDS_PUBLISHABLE_KEY": func(s *Server) { s.Cards.PublishableKey = "" },
		"MEMBERPAY_CARDS_WEBHOOK_SECRET":  func(s *Server) { s.Cards.WebhookSecret = "" },
		"one key is live":                 func(s *Server) { s.Cards.SecretKey = "sk_live_x" },
		"MEMBERPAY_CARDS_TIMEOUT":         func(s *Server) { s.Cards.Timeout = time.Hour },
		"MEMBERPAY_SMTP_HOST":             func(s *Server) { s.Mail.Host = "mail" },
		"MEMBERPAY_SMS_URL: is not":       func(s *Server) { s.Texts = Texts{"gateway", "t", "f"} },
		"codes may not travel":            func(s *Server) { s.Texts = Texts{"http://texts.example/send", "t", "f"} },
		"MEMBERPAY_SMS_TOKEN":             func(s *Server) { s.Texts = Texts{"https://texts.example/send", "", "f"} },
		"MEMBERPAY_SMS_FROM":              func(s *Server) { s.Texts = Texts{"http://127.0.0.1:8081/sms", "t", ""} },
	} {
		s := good()
		spoil(&s)
		s.Complete()
		if err := s.Check(); err == nil || !strings.Contains(err.Error(), want) || strings.Count(err.Error(), "\n") > 0 {
			t.Errorf("%s: %v", want, err)
		}
	}
	local := good()
	local.Texts = Texts{"http://127.0.0.1:8081/sms", "t", "+18005550142"}
	local.Complete()
	if err := local.Check(); err != nil || local.Print.Outbound != filepath.Join("data", "print", "outbound") {
		t.Errorf("texts on this machine, letters in %q: %v", local.Print.Outbound, err)
	}
	secret := good()
	secret.Cards.SecretKey = "sk_live_veryprivate"
	if err := secret.Check(); err != nil && strings.Contains(err.Error(), "veryprivate") {
		t.Errorf("a key is told: %v", err)
	}
}
