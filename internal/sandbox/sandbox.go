package sandbox

import (
	"context"
	"crypto/rand"
	"errors"
	"fmt"
	"net"
	"net/http"
	"os"
	"sync"
	"time"
)

// Sandbox is the world outside. It is safe for concurrent use.
type Sandbox struct {
	cfg     Config
	store   *store
	handler http.Handler
	bank    *Bank // nil without folders

	busy     keyring // idempotency keys whose first request is not answered yet
	settled  watchers
	wakeNews chan struct{}
	wakeDue  chan struct{}
	paused   pause

	stop     context.CancelFunc
	ctx      context.Context
	workers  sync.WaitGroup
	smtpAddr net.Addr
	closing  sync.Once
	closeErr error
}

// New opens the book and starts the work that goes on by itself: callbacks, late outcomes, the bank, and the mail
// listener where Config.ListenSMTP is set. It serves HTTP only through Handler or Run. Call Close in the end.
func New(cfg Config) (*Sandbox, error) {
	cfg, err := cfg.withDefaults()
	if err != nil {
		return nil, err
	}
	if err := os.MkdirAll(cfg.DataDir, 0o700); err != nil {
		return nil, fmt.Errorf("sandbox: make data folder: %w", err)
	}
	st, err := openStore(cfg.DataDir)
	if err != nil {
		return nil, err
	}
	if err := st.write(forgetAnswers); err != nil {
		return nil, errors.Join(err, st.close())
	}
	s := &Sandbox{cfg: cfg, store: st, wakeNews: make(chan struct{}, 1), wakeDue: make(chan struct{}, 1)}
	s.ctx, s.stop = context.WithCancel(context.Background())
	if s.handler, err = s.routes(); err != nil {
		return nil, errors.Join(err, s.Close())
	}
	if cfg.OutboundDir != "" {
		if s.bank, err = newBank(s); err != nil {
			return nil, errors.Join(err, s.Close())
		}
		s.work(s.bank.run)
	}
	if cfg.ListenSMTP != "" {
		if err := s.listenMail(); err != nil {
			return nil, errors.Join(err, s.Close())
		}
	}
	s.work(s.deliverNews)
	s.work(s.ringAlarms)
	return s, nil
}

// Handler serves the whole sandbox: API, script, frame, challenge, book and mailbox.
func (s *Sandbox) Handler() http.Handler { return s.handler }

// SMTPAddr is where mail is accepted, nil without a mail listener.
func (s *Sandbox) SMTPAddr() net.Addr { return s.smtpAddr }

// Close ends all work and closes the book. Requests under way get an error. It may be called more than once.
func (s *Sandbox) Close() error {
	s.closing.Do(func() {
		s.stop()
		s.workers.Wait()
		s.closeErr = s.store.close()
	})
	return s.closeErr
}

// Run serves the sandbox on cfg.Listen until ctx ends, then closes it. It calls cfg.Ready once requests are accepted.
func Run(ctx context.Context, cfg Config) error {
	s, err := New(cfg)
	if err != nil {
		return err
	}
	ln, err := net.Listen("tcp", s.cfg.Listen)
	if err != nil {
		return errors.Join(fmt.Errorf("sandbox: listen on %s: %w", s.cfg.Listen, err), s.Close())
	}
	// No ReadTimeout: it would end the context of an answer that is held back.
	srv := &http.Server{Handler: s.handler, ReadHeaderTimeout: 10 * time.Second}
	ended := make(chan error, 1)
	go func() { ended <- srv.Serve(ln) }()
	if s.cfg.Ready != nil {
		s.cfg.Ready(ln.Addr())
	}
	select {
	case err = <-ended:
	case <-ctx.Done():
		grace, cancel := context.WithTimeout(context.Background(), 2*time.Second)
		defer cancel()
		s.stop() // wakes requests that hold their answer back
		if srv.Shutdown(grace) != nil {
			srv.Close()
		}
		<-ended
		err = nil
	}
	return errors.Join(err, s.Close())
}

func (s *Sandbox) work(fn func(context.Context)) {
	s.workers.Add(1)
	go func() {
		defer s.workers.Done()
		fn(s.ctx)
	}()
}

func wake(c chan struct{}) {
	select {
	case c <- struct{}{}:
	default:
	}
}

// newID returns an object id as the API makes them: a prefix and 24 letters and digits.
func newID(prefix string) string {
	const letters = "0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz"
	var raw [24]byte
	rand.Read(raw[:])
	for i, b := range raw {
		raw[i] = letters[int(b)%len(letters)]
	}
	return prefix + "_" + string(raw[:])
}

// keyring holds names that are in use.
type keyring struct {
	mu   sync.Mutex
	used map[string]bool
}

// take reports whether name was free, and marks it used.
func (k *keyring) take(name string) bool {
	k.mu.Lock()
	defer k.mu.Unlock()
	if k.used[name] {
		return false
	}
	if k.used == nil {
		k.used = map[string]bool{}
	}
	k.used[name] = true
	return true
}

func (k *keyring) free(name string) {
	k.mu.Lock()
	defer k.mu.Unlock()
	delete(k.used, name)
}

// watchers let a request wait until something named has happened.
type watchers struct {
	mu sync.Mutex
	by map[string][]chan struct{}
}

func (w *watchers) watch(name string) <-chan struct{} {
	w.mu.Lock()
	defer w.mu.Unlock()
	if w.by == nil {
		w.by = map[string][]chan struct{}{}
	}
	c := make(chan struct{})
	w.by[name] = append(w.by[name], c)
	return c
}

func (w *watchers) tell(name string) {
	w.mu.Lock()
	defer w.mu.Unlock()
	for _, c := range w.by[name] {
		close(c)
	}
	delete(w.by, name)
}
