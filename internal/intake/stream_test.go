package intake

import (
	"bytes"
	"compress/gzip"
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"testing/iotest"
)

func write(t testing.TB, name string, content []byte) string {
	t.Helper()
	path := filepath.Join(t.TempDir(), name)
	if err := os.WriteFile(path, content, 0o600); err != nil {
		t.Fatal(err)
	}
	return path
}

func gz(layers int, parts ...string) []byte {
	var out bytes.Buffer
	for _, p := range parts {
		zw := gzip.NewWriter(&out)
		io.WriteString(zw, p)
		zw.Close()
	}
	if layers > 1 {
		return gz(layers-1, out.String())
	}
	return out.Bytes()
}

// outline reads a file and writes one word a record: "place=Type" or "place!code".
func outline(t testing.TB, path string) string {
	t.Helper()
	var out []string
	err := ReadFHIR(t.Context(), path, func(r Record) error {
		out = append(out, outlineOf(r))
		return nil
	})
	if err != nil {
		t.Fatal(err)
	}
	return strings.Join(out, " ")
}

func outlineOf(r Record) string {
	place := strings.ReplaceAll(r.Place, " ", "")
	if r.Refused != nil {
		return place + "!" + r.Refused.Code
	}
	return place + "=" + r.Type
}

const (
	pat   = `{"resourceType":"Patient","id":"1"}`
	obs   = `{"id":"2","resourceType":"Observation"}`
	entry = `{"fullUrl":"urn:uuid:1","resource":` + pat + `}`
)

func bundleOf(entries ...string) string {
	return `{"resourceType":"Bundle","type":"collection","entry":[` + strings.Join(entries, ",") + `]}`
}

func TestReadForms(t *testing.T) {
	t.Parallel()
	deep := strings.Repeat("[", 20_000) + strings.Repeat("]", 20_000)
	for _, c := range []struct{ name, file, text, want string }{
		{"bundle", "b.json", bundleOf(entry, entry), "entry1=Patient entry2=Patient"},
		{"bundle over many lines", "b.json", "{\r\n  \"resourceType\" : \"Bundle\",\r\n  \"entry\" : [ " + entry + " ,\r\n" + entry + " ]\r\n}\r\n", "entry1=Patient entry2=Patient"},
		{"entries at column 0", "b.json", "{\"resourceType\":\"Bundle\",\"entry\":[\n" + entry + ",\n" + entry + "\n]}\n", "entry1=Patient entry2=Patient"},
		{"entry before resourceType", "b.json", `{"entry":[` + entry + `],"resourceType":"Bundle"}`, "entry1=Patient"},
		{"escaped names", "b.json", `{"resourceType":"Bundle","\u0065ntry":[` + entry + `]}`, "entry1=Patient"},
		{"byte-order mark", "b.json", "\xef\xbb\xbf" + bundleOf(entry), "entry1=Patient"},
		{"single resource", "p.json", "\n" + pat + "\n", "resource=Patient"},
		{"single resource over lines", "p.json", "{\n\"resourceType\":\"Patient\"}\n", "resource=Patient"},
		{"a List is no bundle", "l.json", `{"resourceType":"List","entry":[{"item":1}]}`, "resource=List"},
		{"ndjson", "p.ndjson", pat + "\n" + obs + "\r\n\r\n   \n" + pat, "line1=Patient line2=Observation line5=Patient"},
		{"ndjson by content", "p.txt", pat + "\n" + obs + "\n", "line1=Patient line2=Observation"},
		{"ndjson with broken first line", "p.ndjson", "{\"resourceType\":\"Pat\n" + pat + "\n", "line1!truncated line2=Patient"},
		{"ndjson broken inside", "p.ndjson", pat + "\n{\"resourceType\":\n" + pat + "\nnonsense\n" + pat, "line1=Patient line2!truncated line3=Patient line4!not_json line5=Patient"},
		{"bundles as lines", "p.ndjson", bundleOf(entry) + "\n" + bundleOf(entry, "null") + "\n", "line1.1=Patient line2.1=Patient line2.2!no_resource"},
		{"bundle inside a bundle", "b.json", bundleOf(entry, `{"resource":`+bundleOf(entry, entry)+`}`, entry), "entry1=Patient entry2.1=Patient entry2.2=Patient entry3=Patient"},
		{"documents one after the other", "b.json", "{\n\"resourceType\":\"Patient\"}\n{\n\"resourceType\":\"Patient\"}", "resource=Patient resource=Patient"},
		{"null entry", "b.json", bundleOf(entry, "null", entry), "entry1=Patient entry2!no_resource entry3=Patient"},
		{"odd entries", "b.json", bundleOf(`7`, `"x"`, `[]`, `{}`, `{"resource":null}`, `{"resource":{}}`, `{"resource":{"resourceType":5}}`, entry),
			"entry1!no_resource entry2!no_resource entry3!no_resource entry4!no_resource entry5!no_resource entry6!no_type entry7!wrong_type entry8=Patient"},
		{"two resources in one entry", "b.json", bundleOf(`{"resource":`+pat+`,"resource":`+pat+`}`, entry), "entry1!duplicate_name entry2=Patient"},
		{"entry with bad surroundings", "b.json", bundleOf(`{"fullUrl":"a","fullUrl":"b","resource":`+pat+`}`, `{"x":tru,"resource":`+pat+`}`, entry), "entry1!malformed entry2!malformed entry3=Patient"},
		{"truncated bundle", "b.json", bundleOf(entry, entry)[:len(bundleOf(entry, entry))-20], "entry1=Patient entry2!truncated"},
		{"truncated between entries", "b.json", `{"resourceType":"Bundle","entry":[` + entry + ",", "entry1=Patient entry2!truncated"},
		{"missing comma", "b.json", `{"resourceType":"Bundle","entry":[` + entry + entry + "]}", "entry1=Patient entry2!malformed"},
		{"broken after the entries", "b.json", `{"resourceType":"Bundle","entry":[` + entry + "],}", "entry1=Patient file!malformed"},
		{"something behind the bundle", "b.json", "{\n" + bundleOf(entry)[1:] + "\n}", "entry1=Patient file!malformed"},
		{"something behind a bundle of one line", "b.json", bundleOf(entry) + "\n}", "line1.1=Patient line2!not_json"},
		{"no entries", "b.json", `{"resourceType":"Bundle"}`, "resource!empty"},
		{"entry is null", "b.json", `{"resourceType":"Bundle","entry":null}`, "resource!empty"},
		{"deep nesting", "b.json", bundleOf(`{"resource":{"resourceType":"Patient","x":`+deep+`}}`, entry), "entry1=Patient entry2=Patient"},
		{"unclosed brackets", "b.json", strings.Repeat("[{", 5000), "file!not_fhir"},
		{"empty", "b.json", "", "file!empty"},
		{"blank", "b.json", " \n\r\n ", "file!empty"},
		{"only a byte-order mark", "b.json", "\xef\xbb\xbf", "file!empty"},
		{"web page", "b.json", "<!DOCTYPE html><html><body>Sign in</body></html>", "file!not_json"},
		{"not JSON", "b.json", "resourceType: Patient", "file!not_json"},
		{"number", "b.json", "12", "file!not_json"},
		{"list", "b.json", "[" + pat + "]", "file!not_fhir"},
		{"JSON but not FHIR", "b.json", `{"name":"x"}`, "resource!no_type"},
		{"UTF-16", "b.json", "\xff\xfe{\x00\"\x00", "file!encoding"},
		{"UTF-16 without mark", "b.json", "{\x00\"\x00a\x00", "file!encoding"},
		{"zip", "b.json", "PK\x03\x04rest of it", "file!archive"},
		{"gzip", "b.json.gz", string(gz(1, bundleOf(entry))), "entry1=Patient"},
		{"gzip by content", "b.json", string(gz(1, bundleOf(entry))), "entry1=Patient"},
		{"gzip in gzip", "b.gz", string(gz(2, bundleOf(entry))), "entry1=Patient"},
		{"gzip too often", "b.gz", string(gz(4, bundleOf(entry))), "file!compression"},
		{"gzip of several members", "p.ndjson.gz", string(gz(1, pat+"\n", obs+"\n"+pat[:10], pat[10:])), "line1=Patient line2=Observation line3=Patient"},
		{"gzip of nothing", "p.gz", string(gz(1, "")), "file!empty"},
		{"gzip cut short", "p.gz", string(gz(1, strings.Repeat(pat+"\n", 3)))[:60], "line1=Patient line2=Patient line3=Patient line4!truncated"},
		{"not really gzip", "p.json.gz", pat, "resource=Patient"},
		{"gzip header only", "p.gz", "\x1f\x8b\x08\x00", "file!truncated"},
	} {
		t.Run(c.name, func(t *testing.T) {
			t.Parallel()
			if got := outline(t, write(t, c.file, []byte(c.text))); got != c.want {
				t.Errorf("\n got %s\nwant %s", got, c.want)
			}
		})
	}
}

// TestSmallReads gives the scanner one byte at a time: every boundary is somewhere inside.
func TestSmallReads(t *testing.T) {
	t.Parallel()
	tricky := `{"resource":{"resourceType":"Patient","id":"a\\\\\"}{][\\","x":["\\",-1.5e3,true,null,{}]}}`
	text := bundleOf(entry, tricky, entry, "null")
	var one, all []string
	for _, run := range []struct {
		r   io.Reader
		out *[]string
	}{{iotest.OneByteReader(strings.NewReader(text)), &one}, {strings.NewReader(text), &all}} {
		d := &documents{file: "f", ctx: t.Context(), each: func(r Record) error {
			*run.out = append(*run.out, fmt.Sprintf("%s@%d %s", outlineOf(r), r.Offset, r.Raw))
			return nil
		}}
		if err := d.read(run.r, "f.json"); err != nil {
			t.Fatal(err)
		}
	}
	if strings.Join(one, "\n") != strings.Join(all, "\n") || len(all) != 4 {
		t.Errorf("byte by byte:\n%s\nat once:\n%s", strings.Join(one, "\n"), strings.Join(all, "\n"))
	}
	for _, r := range all {
		var offset int
		if _, err := fmt.Sscanf(r[strings.IndexByte(r, '@')+1:], "%d", &offset); err != nil {
			t.Fatal(err)
		}
		raw := r[strings.IndexByte(r, ' ')+1:]
		if !strings.HasPrefix(text[offset:], raw) {
			t.Errorf("offset %d is not where %s stands", offset, raw)
		}
	}
}

// repeat is an endless reader of a byte, for records too large to keep.
type repeat byte

func (c repeat) Read(p []byte) (int, error) {
	for i := range p {
		p[i] = byte(c)
	}
	return len(p), nil
}

// TestHugeRecord puts a record above the limit between good ones: it is refused, its bytes are not kept, the rest counts.
func TestHugeRecord(t *testing.T) {
	if testing.Short() {
		t.Skip("reads 200 MB")
	}
	huge := func() io.Reader {
		return io.MultiReader(strings.NewReader(`{"resourceType":"Patient","x":"`), io.LimitReader(repeat('x'), MaxRecord+10), strings.NewReader(`"}`))
	}
	for _, c := range []struct {
		name, want string
		r          io.Reader
	}{
		{"b.json", "entry1=Patient entry2!too_large entry3=Patient", io.MultiReader(strings.NewReader(`{"resourceType":"Bundle","entry":[`+entry+`,{"resource":`), huge(), strings.NewReader(`},`+entry+`]}`))},
		{"p.ndjson", "line1=Patient line2!too_large line3=Patient", io.MultiReader(strings.NewReader(pat+"\n"), huge(), strings.NewReader("\n"+pat))},
		{"p.json", "resource!too_large", huge()},
	} {
		var out []string
		d := &documents{file: c.name, ctx: t.Context(), each: func(r Record) error {
			out = append(out, outlineOf(r))
			if r.Refused != nil && r.Raw != nil {
				t.Errorf("%s: %d bytes kept", c.name, len(r.Raw))
			}
			return nil
		}}
		if err := d.read(c.r, c.name); err != nil {
			t.Fatal(err)
		}
		if got := strings.Join(out, " "); got != c.want {
			t.Errorf("%s: got %s, want %s", c.name, got, c.want)
		}
	}
}

func TestReadStops(t *testing.T) {
	t.Parallel()
	path := write(t, "b.json", []byte(bundleOf(entry, entry, entry)))
	mine := errors.New("mine")
	n := 0
	err := ReadFHIR(t.Context(), path, func(Record) error {
		if n++; n == 2 {
			return mine
		}
		return nil
	})
	if !errors.Is(err, mine) || n != 2 {
		t.Errorf("stopped after %d with %v", n, err)
	}
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	if err := ReadFHIR(ctx, path, func(Record) error { t.Error("called"); return nil }); !errors.Is(err, context.Canceled) {
		t.Error(err)
	}
}

func TestExpand(t *testing.T) {
	t.Parallel()
	root := t.TempDir()
	for _, f := range []string{"b.json", "a/z.json", "a/Patient.ndjson", "a/.hidden", ".git/x.json", "hospitals.json"} {
		path := filepath.Join(root, f)
		if err := os.MkdirAll(filepath.Dir(path), 0o700); err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(path, nil, 0o600); err != nil {
			t.Fatal(err)
		}
	}
	files, err := Expand([]string{root, filepath.Join(root, "b.json")})
	if err != nil {
		t.Fatal(err)
	}
	var got []string
	for _, f := range files {
		rel, err := filepath.Rel(root, f)
		if err != nil {
			t.Fatal(err)
		}
		got = append(got, filepath.ToSlash(rel))
	}
	if want := "a/Patient.ndjson hospitals.json a/z.json b.json b.json"; strings.Join(got, " ") != want {
		t.Errorf("got %v, want %s", got, want)
	}
	if _, err := Expand([]string{filepath.Join(root, "missing")}); err == nil || !strings.Contains(err.Error(), "missing") {
		t.Errorf("a missing path: %v", err)
	}
	if got := outline(t, root); got != "file!not_a_file" {
		t.Errorf("a folder read as a file: %s", got)
	}
}

func TestFolderWithOddFiles(t *testing.T) {
	t.Parallel()
	root := t.TempDir()
	for name, text := range map[string]string{"a.json": bundleOf(entry), "b.csv": "a,b\n1,2\n", "c.png": "\x89PNG\r\n\x1a\n\x00\x00", "d": "",
		"e.json": pat, "f.pdf": "%PDF-1.7"} {
		if err := os.WriteFile(filepath.Join(root, name), []byte(text), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	if err := os.Symlink(filepath.Join(root, "nowhere"), filepath.Join(root, "g.json")); err != nil {
		t.Fatal(err)
	}
	files, err := Expand([]string{root})
	if err != nil {
		t.Fatal(err)
	}
	var got []string
	for _, f := range files {
		got = append(got, filepath.Base(f)+":"+outline(t, f))
	}
	want := "a.json:entry1=Patient b.csv:file!not_json c.png:file!encoding d:file!empty e.json:resource=Patient f.pdf:file!not_json g.json:file!unreadable"
	if strings.Join(got, " ") != want {
		t.Errorf("got %s", strings.Join(got, " "))
	}
}
