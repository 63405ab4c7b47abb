package sandbox

import (
	"net/http"
	"os"
	"path/filepath"
	"strings"
	"time"
)

// printed is one letter that waits in the print folder.
type printed struct {
	Name string
	At   time.Time
}

// letters lists the letters in Config.PrintDir, newest first. It takes none away.
func (s *Sandbox) letters() ([]printed, error) {
	if s.cfg.PrintDir == "" {
		return nil, nil
	}
	entries, err := os.ReadDir(s.cfg.PrintDir)
	if os.IsNotExist(err) {
		return nil, nil
	}
	var out []printed
	for i := len(entries) - 1; i >= 0 && len(out) < mailPage; i-- { // names begin with the time
		if e := entries[i]; isLetter(e.Name()) {
			if info, err := e.Info(); err == nil {
				out = append(out, printed{e.Name(), info.ModTime().UTC()})
			}
		}
	}
	return out, err
}

func isLetter(name string) bool {
	return strings.HasSuffix(name, ".pdf") && !strings.HasPrefix(name, ".") && filepath.Base(name) == name
}

func (p *pages) letters(s *Sandbox) http.HandlerFunc {
	return func(w http.ResponseWriter, _ *http.Request) {
		list, err := s.letters()
		if err != nil {
			s.cfg.Log.Error("sandbox: read print folder", "error", err)
			http.Error(w, "The print folder could not be read.", http.StatusInternalServerError)
			return
		}
		p.show(w, "letters.html", pagePolicy, list)
	}
}

// letterPDF serves one printed letter.
func (s *Sandbox) letterPDF(w http.ResponseWriter, r *http.Request) {
	name := r.PathValue("name")
	if s.cfg.PrintDir == "" || !isLetter(name) {
		http.Error(w, "There is no such letter.", http.StatusNotFound)
		return
	}
	pdf, err := os.ReadFile(filepath.Join(s.cfg.PrintDir, name))
	if err != nil {
		http.Error(w, "There is no such letter.", http.StatusNotFound)
		return
	}
	w.Header().Set("Content-Type", "application/pdf")
	w.Header().Set("X-Content-Type-Options", "nosniff")
	w.Write(pdf)
}
