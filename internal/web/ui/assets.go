package ui

import (
	"bytes"
	"compress/gzip"
	"crypto/sha256"
	"embed"
	"encoding/hex"
	"io/fs"
	"net/http"
	"path"
	"strconv"
	"strings"
	"sync"

	"memberpay/internal/brand"
)

//go:embed assets
var files embed.FS

// AssetPath is where Assets must be mounted. URL, BrandURL and LogoURL give addresses below it.
const AssetPath = "/assets/"

// asset is one file as it is sent.
type asset struct {
	kind  string
	plain []byte
	gzip  []byte // nil where it would not be smaller
}

var kinds = map[string]string{
	".css": "text/css; charset=utf-8", ".js": "text/javascript; charset=utf-8", ".svg": "image/svg+xml",
}

// stamped maps each embedded file's name to the name that carries a hash of its content. Style sheets are compressed
// of comments and line ends, and the names of pictures in them replaced, before they are hashed.
var stamped = sync.OnceValue(func() map[string]string { return library().names })

var library = sync.OnceValue(func() *shelf {
	s := &shelf{names: map[string]string{}, byName: map[string]asset{}}
	for _, ext := range []string{".svg", ".css", ".js"} {
		entries, err := fs.ReadDir(files, "assets")
		if err != nil {
			panic(err) // the folder is compiled in
		}
		for _, e := range entries {
			if path.Ext(e.Name()) != ext {
				continue
			}
			raw, err := fs.ReadFile(files, "assets/"+e.Name())
			if err != nil {
				panic(err)
			}
			s.add(e.Name(), raw)
		}
	}
	return s
})

// shelf is the embedded files under their hashed names.
type shelf struct {
	names  map[string]string
	byName map[string]asset
}

func (s *shelf) add(name string, raw []byte) {
	ext := path.Ext(name)
	if ext == ".css" {
		raw = []byte(squeeze(string(raw)))
		for plain, hashed := range s.names {
			raw = bytes.ReplaceAll(raw, []byte("url("+plain+")"), []byte("url("+hashed+")"))
		}
	}
	sum := sha256.Sum256(raw)
	hashed := strings.TrimSuffix(name, ext) + "-" + hex.EncodeToString(sum[:6]) + ext
	s.names[name] = hashed
	s.byName[hashed] = pack(kinds[ext], raw)
}

func pack(kind string, raw []byte) asset {
	var buf bytes.Buffer
	zip, _ := gzip.NewWriterLevel(&buf, gzip.BestCompression) // the level is valid
	zip.Write(raw)                                            //nolint:errcheck // a buffer does not fail
	zip.Close()                                               //nolint:errcheck // as above
	a := asset{kind: kind, plain: raw}
	if buf.Len() < len(raw) {
		a.gzip = buf.Bytes()
	}
	return a
}

// squeeze drops comments, indentation and line ends from a style sheet. It expects that no string in it holds "/*".
func squeeze(css string) string {
	var out strings.Builder
	for {
		before, after, found := strings.Cut(css, "/*")
		for line := range strings.SplitSeq(before, "\n") {
			line = strings.TrimSpace(line)
			out.WriteString(line)
			if strings.HasSuffix(line, ",") || line == "" {
				continue
			}
			if last := line[len(line)-1]; last != '{' && last != '}' && last != ';' {
				out.WriteByte(' ')
			}
		}
		if !found {
			return out.String()
		}
		_, css, _ = strings.Cut(after, "*/")
	}
}

// URL returns the address of an embedded file: URL("app.css") is "/assets/app-1f2e3d4c5b6a.css". It panics on a name
// that does not exist, which a test of any page shows at once.
func URL(name string) string {
	hashed, ok := stamped()[name]
	if !ok {
		panic("ui: there is no asset " + strconv.Quote(name))
	}
	return AssetPath + hashed
}

// BrandURL returns the address of the brand's colours.
func BrandURL(b *brand.Brand) string { return AssetPath + "brand-" + b.Version() + ".css" }

// LogoURL returns the address of the brand's logo.
func LogoURL(b *brand.Brand) string { return AssetPath + "logo-" + b.Version() + ".svg" }

// Assets serves the embedded files, the brand's colours and its logo, below AssetPath. Every address carries a hash of
// its content, so answers may be kept for a year; an address that is not current is not found. Files are compressed
// once, here.
func Assets(b *brand.Brand) http.Handler {
	all := map[string]asset{
		strings.TrimPrefix(BrandURL(b), AssetPath): pack(kinds[".css"], []byte(b.CSS())),
		strings.TrimPrefix(LogoURL(b), AssetPath):  pack(kinds[".svg"], b.LogoSVG()),
	}
	for name, a := range library().byName {
		all[name] = a
	}
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		a, ok := all[strings.TrimPrefix(r.URL.Path, AssetPath)]
		if !ok {
			http.NotFound(w, r)
			return
		}
		if r.Method != http.MethodGet && r.Method != http.MethodHead {
			w.Header().Set("Allow", "GET, HEAD")
			http.Error(w, http.StatusText(http.StatusMethodNotAllowed), http.StatusMethodNotAllowed)
			return
		}
		a.send(w, r)
	})
}

func (a asset) send(w http.ResponseWriter, r *http.Request) {
	h := w.Header()
	h.Set("Content-Type", a.kind)
	h.Set("Cache-Control", "public, max-age=31536000, immutable")
	h.Set("X-Content-Type-Options", "nosniff")
	h.Set("Vary", "Accept-Encoding")
	if a.kind == kinds[".svg"] {
		h.Set("Content-Security-Policy", "default-src 'none'; style-src 'unsafe-inline'; sandbox")
	}
	body := a.plain
	if a.gzip != nil && acceptsGzip(r) {
		h.Set("Content-Encoding", "gzip")
		body = a.gzip
	}
	h.Set("Content-Length", strconv.Itoa(len(body)))
	if r.Method == http.MethodGet {
		w.Write(body) //nolint:errcheck // the reader has gone; nothing is left to tell
	}
}

// acceptsGzip reports whether the request allows gzip: it is named, and not with quality 0.
func acceptsGzip(r *http.Request) bool {
	for part := range strings.SplitSeq(r.Header.Get("Accept-Encoding"), ",") {
		name, params, _ := strings.Cut(strings.TrimSpace(part), ";")
		if strings.TrimSpace(name) != "gzip" {
			continue
		}
		q, found := strings.CutPrefix(strings.ReplaceAll(params, " ", ""), "q=")
		value, err := strconv.ParseFloat(q, 64)
		return !found || (err == nil && value > 0)
	}
	return false
}
