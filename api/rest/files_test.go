package rest_test

import (
	"crypto/sha256"
	"encoding/hex"
	"fmt"
	"io"
	"mime"
	"net/http"
	"runtime"
	"strings"
	"testing"

	"github.com/uzel-hub/uzel/api/rest"
	"github.com/uzel-hub/uzel/core"
)

// withFile registers a document that has a file.
func (h *hub) withFile(name, mediaType, body string) (*core.Document, string) {
	h.t.Helper()
	ref, err := h.blobs.Put(h.t.Context(), strings.NewReader(body))
	if err != nil {
		h.t.Fatal(err)
	}
	d := h.letter("С файлом", "ivan@example.org", func(d *core.Document) {
		d.Files = []core.Attachment{{Hash: ref.Hash, Size: ref.Size, Name: name, MediaType: mediaType, Role: core.FileAttachment}}
	})
	return d, path(d, "files", ref.Hash)
}

func TestFileComesWholeInPartsAndNotTwice(t *testing.T) {
	h := newHub(t)
	body := strings.Repeat("0123456789", 10_000)
	d, url := h.withFile("счёт.pdf", "application/pdf", body)
	c := h.clerk()
	whole := c.get(url).want(200)
	if string(whole.body) != body || whole.header.Get("Content-Type") != "application/pdf" {
		t.Fatalf("%d bytes of %s", len(whole.body), whole.header.Get("Content-Type"))
	}
	etag := whole.header.Get("ETag")
	for ranges, want := range map[string]string{"bytes=5-14": "5678901234", "bytes=-3": "789", "bytes=99998-": "89"} {
		part := c.with("Range", ranges).get(url).want(206)
		if string(part.body) != want {
			t.Errorf("%s: %q", ranges, part.body)
		}
	}
	c.with("Range", "bytes=200000-").get(url).want(416)
	c.with("If-None-Match", etag).get(url).want(304)
	c.with("If-None-Match", `"other"`).get(url).want(200)
	c.with("Range", "bytes=0-1").with("If-Range", etag).get(url).want(206)
	c.with("Range", "bytes=0-1").with("If-Range", `"other"`).get(url).want(200)
	if head := c.send("HEAD", url, "", nil).want(200); len(head.body) != 0 || head.header.Get("Content-Length") != "100000" {
		t.Fatalf("%d bytes, %v", len(head.body), head.header)
	}
	files := read[struct{ Items []core.Attachment }](c.get(path(d, "files")).want(200)).Items
	if len(files) != 1 || files[0].Name != "счёт.pdf" {
		t.Fatalf("%+v", files)
	}
}

func TestFileIsReachedThroughItsDocumentOnly(t *testing.T) {
	h := newHub(t)
	_, url := h.withFile("тайна.txt", "text/plain", "секрет")
	other, _ := h.withFile("другое.txt", "text/plain", "другое")
	hash := url[strings.LastIndex(url, "/")+1:]
	c := h.clerk()
	c.get(path(other, "files", hash)).problem(404, "files.not_found")
	c.get(url+"?name=other.txt").problem(404, "files.not_found")
	h.anonymous().get(url).problem(401, "access.none")
}

func TestLostFileIsADefectAndNotAMissingPage(t *testing.T) {
	h := newHub(t)
	_, url := h.withFile("a.txt", "text/plain", "важное")
	if err := h.blobs.Delete(t.Context(), url[strings.LastIndex(url, "/")+1:]); err != nil {
		t.Fatal(err)
	}
	p := h.clerk().get(url).problem(500, "internal")
	if strings.Contains(p.Detail, "lost") || !strings.Contains(p.Detail, p.Request) {
		t.Fatalf("%+v", p)
	}
	if !strings.Contains(h.log.String(), p.Request) {
		t.Fatal("the log does not know the number")
	}
}

func TestNothingThatRunsIsShownInPlace(t *testing.T) {
	for mediaType, shown := range map[string]bool{
		"text/html":              false,
		"image/svg+xml":          false,
		"application/xhtml+xml":  false,
		"text/xml":               false,
		"application/javascript": false,
		"broken; type;;":         false,
		"image/png":              true,
		"text/plain":             true,
		"application/pdf":        true,
	} {
		t.Run(mediaType, func(t *testing.T) {
			h := newHub(t)
			_, url := h.withFile("file", mediaType, "<script>alert(1)</script>")
			c := h.clerk()
			r := c.get(url + "?inline=true").want(200)
			if got := strings.HasPrefix(r.header.Get("Content-Disposition"), "inline"); got != shown {
				t.Errorf("inline %v", got)
			}
			if !strings.Contains(r.header.Get("Content-Security-Policy"), "default-src 'none'") || r.header.Get("X-Content-Type-Options") != "nosniff" {
				t.Errorf("%v", r.header)
			}
			r = c.get(url).want(200)
			if !strings.HasPrefix(r.header.Get("Content-Disposition"), "attachment") || !strings.HasPrefix(r.header.Get("Content-Security-Policy"), "sandbox;") {
				t.Errorf("%v", r.header)
			}
		})
	}
}

func TestHostileFileNamesBecomeHarmless(t *testing.T) {
	for name, want := range map[string]string{
		"договор.pdf":                      "договор.pdf",
		"../../etc/passwd":                 "passwd",
		`C:\Windows\system32\evil.dll`:     "evil.dll",
		"a\r\nSet-Cookie: x=1.txt":         "aSet-Cookie_ x=1.txt",
		"photo\u202egpj.exe":               "photogpj.exe",
		"zero\u200bwidth.txt":              "zerowidth.txt",
		`quo"te.txt`:                       "quo_te.txt",
		"CON":                              "_CON",
		"nul.txt":                          "_nul.txt",
		"":                                 "file",
		"...":                              "file",
		" . ":                              "file",
		"\xff\xfe.bin":                     "_.bin",
		"tab\there.txt":                    "tabhere.txt",
		"a|b<c>d?e*f.txt":                  "a_b_c_d_e_f.txt",
		strings.Repeat("я", 300) + ".docx": strings.Repeat("я", 97) + ".docx",
	} {
		got := rest.SafeName(name)
		if got != want {
			t.Errorf("%q becomes %q, want %q", name, got, want)
		}
		if again := rest.SafeName(got); again != got {
			t.Errorf("%q is not left as it is but becomes %q", got, again)
		}
	}
}

func TestUploadedNamesAreCleanedAndKeptApart(t *testing.T) {
	h := newHub(t)
	d := read[core.Document](h.clerk().form("/api/v1/documents", map[string]any{"direction": "incoming", "subject": "x"},
		file{"../акт.txt", "один"}, file{"акт.txt", "два"}, file{"акт.txt", "три"}).want(201))
	var names []string
	for _, f := range d.Files {
		names = append(names, f.Name)
	}
	if strings.Join(names, "|") != "акт.txt|акт (2).txt|акт (3).txt" {
		t.Fatalf("%q", names)
	}
}

func FuzzSafeName(f *testing.F) {
	for _, seed := range []string{"a.txt", "../x", "CON.txt", "\u202e", strings.Repeat("я", 400)} {
		f.Add(seed)
	}
	f.Fuzz(func(t *testing.T, name string) {
		got := rest.SafeName(name)
		if got == "" || len(got) > 204 || strings.ContainsAny(got, "/\\\x00\r\n\"") || rest.SafeName(got) != got {
			t.Fatalf("%q becomes %q", name, got)
		}
		kind, params, err := mime.ParseMediaType(rest.Disposition("attachment", got))
		if err != nil || kind != "attachment" || params["filename"] == "" {
			t.Fatalf("%q: %v %v", rest.Disposition("attachment", got), params, err)
		}
	})
}

func TestNameInTheHeaderIsTheNameOfTheFile(t *testing.T) {
	for _, name := range []string{"договор №5 (копия).pdf", "a b+c%20.txt", "it's.txt", "日本.txt"} {
		_, params, err := mime.ParseMediaType(rest.Disposition("attachment", name))
		if err != nil || params["filename"] != name {
			t.Errorf("%q read back as %q, %v", name, params["filename"], err)
		}
	}
}

func TestUploadsBeyondTheLimitsAreRefused(t *testing.T) {
	h := newHub(t)
	c := h.clerk()
	in := map[string]any{"direction": "incoming", "subject": "x"}
	c.form("/api/v1/documents", in, file{"big.bin", strings.Repeat("x", 4<<20+1)}).problem(413, "request.too_large")
	c.form("/api/v1/documents", in, file{"a", strings.Repeat("x", 3<<20)}, file{"b", strings.Repeat("x", 3<<20)}, file{"c", strings.Repeat("x", 3<<20)}).problem(413, "request.too_large")
	in["text"] = strings.Repeat("x", 64<<10)
	c.post("/api/v1/documents", in).problem(413, "request.too_large")
	c.form("/api/v1/documents", in).problem(413, "request.too_large")
	c.post("/api/v1/parties", in).problem(413, "request.too_large")
	var many []file
	for i := range 101 {
		many = append(many, file{fmt.Sprint(i), "x"})
	}
	c.form("/api/v1/documents", map[string]any{"direction": "incoming", "subject": "x"}, many...).problem(400, "request.body")
	if n := len(read[rows](c.get("/api/v1/documents")).Items); n != 0 {
		t.Fatalf("%d documents registered", n)
	}
}

func TestBrokenFormsAreRefused(t *testing.T) {
	h := newHub(t)
	c := h.clerk()
	const kind = "multipart/form-data; boundary=b"
	for name, body := range map[string]string{
		"no data":      "--b\r\nContent-Disposition: form-data; name=\"file\"; filename=\"a\"\r\n\r\nx\r\n--b--\r\n",
		"data twice":   "--b\r\nContent-Disposition: form-data; name=\"data\"\r\n\r\n{}\r\n--b\r\nContent-Disposition: form-data; name=\"data\"\r\n\r\n{}\r\n--b--\r\n",
		"foreign part": "--b\r\nContent-Disposition: form-data; name=\"x\"\r\n\r\n{}\r\n--b--\r\n",
		"cut short":    "--b\r\nContent-Disposition: form-data; name=\"file\"; filename=\"a\"\r\n\r\nxxx",
		"nothing":      "",
		"wrong data":   "--b\r\nContent-Disposition: form-data; name=\"data\"\r\n\r\n{\"x\":1}\r\n--b--\r\n",
	} {
		t.Run(name, func(t *testing.T) {
			h.in(t)
			c.send("POST", "/api/v1/documents", kind, []byte(body)).problem(400, "request.body")
		})
	}
	c.send("POST", "/api/v1/documents", "multipart/form-data", []byte("x")).problem(400, "request.body")
	c.send("POST", "/api/v1/documents", "text/plain", []byte("x")).problem(415, "request.media_type")
}

// pattern is a file of any length that is nowhere in memory.
type pattern struct{ left int64 }

func (p *pattern) Read(b []byte) (int, error) {
	if p.left == 0 {
		return 0, io.EOF
	}
	n := int(min(int64(len(b)), p.left))
	for i := range n {
		b[i] = byte(p.left >> 12)
	}
	p.left -= int64(n)
	return n, nil
}

func TestLargeFileNeverLiesInMemory(t *testing.T) {
	const size = 200 << 20
	h := newHub(t, func(c *rest.Config) { c.MaxFile, c.MaxUpload = size, size+1<<20 })
	c := h.clerk()
	var before, after runtime.MemStats
	runtime.ReadMemStats(&before)

	head := "--b\r\nContent-Disposition: form-data; name=\"data\"\r\n\r\n{\"direction\":\"incoming\",\"subject\":\"x\"}\r\n" +
		"--b\r\nContent-Disposition: form-data; name=\"file\"; filename=\"video.mp4\"\r\n\r\n"
	body := io.MultiReader(strings.NewReader(head), &pattern{size}, strings.NewReader("\r\n--b--\r\n"))
	req, err := http.NewRequestWithContext(t.Context(), "POST", h.url+"/api/v1/documents", body)
	if err != nil {
		t.Fatal(err)
	}
	req.Header = c.header.Clone()
	req.Header.Set("Content-Type", "multipart/form-data; boundary=b")
	resp, err := http.DefaultClient.Do(req)
	if err != nil {
		t.Fatal(err)
	}
	raw, _ := io.ReadAll(resp.Body)
	resp.Body.Close()
	d := read[core.Document]((&response{t: t, what: "upload", status: resp.StatusCode, body: raw}).want(201))
	if d.Files[0].Size != size {
		t.Fatalf("%d bytes kept", d.Files[0].Size)
	}

	req, err = http.NewRequestWithContext(t.Context(), "GET", h.url+path(&d, "files", d.Files[0].Hash), nil)
	if err != nil {
		t.Fatal(err)
	}
	req.Header = c.header.Clone()
	if resp, err = http.DefaultClient.Do(req); err != nil {
		t.Fatal(err)
	}
	sum := sha256.New()
	if _, err := io.Copy(sum, resp.Body); err != nil {
		t.Fatal(err)
	}
	resp.Body.Close()
	if hex.EncodeToString(sum.Sum(nil)) != d.Files[0].Hash {
		t.Fatal("another file came back")
	}
	runtime.ReadMemStats(&after)
	if grown := after.TotalAlloc - before.TotalAlloc; grown > size/4 {
		t.Fatalf("%d MiB were allocated for a file of %d MiB", grown>>20, size>>20)
	}
}
