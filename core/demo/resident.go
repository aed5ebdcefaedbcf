package demo

import (
	"bytes"
	"context"
	"crypto/rand"
	"errors"
	"fmt"
	"image"
	"image/color"
	"image/jpeg"
	"mime/multipart"
	"net/http"
	"net/http/cookiejar"
	"strings"

	"github.com/uzel-hub/uzel/core/internal/hubproc"
)

// resident is a browser signed in to the cabinet.
type resident struct {
	*demo
	web *http.Client
}

// enters signs the resident in with the code that the page shows.
func (d *demo) enters(ctx context.Context) (*resident, error) {
	jar, _ := cookiejar.New(nil) // cannot fail without options
	r := &resident{d, &http.Client{Jar: jar, Transport: header{"X-Cabinet": "1"}}}
	var shown struct{ Code string }
	if err := r.ask(ctx, http.MethodPost, "/api/code", object{"name": d.Resident.Name, "phone": d.Resident.Phone}, &shown); err != nil {
		return nil, err
	}
	return r, r.ask(ctx, http.MethodPost, "/api/login", object{"phone": d.Resident.Phone, "code": shown.Code}, nil)
}

func (r *resident) ask(ctx context.Context, method, path string, in, out any) error {
	return hubproc.Call(ctx, r.web, method, r.Cabinet+path, "application/json", in, out)
}

// writes sends an appeal with two photos and gives its id.
func (r *resident) writes(ctx context.Context) (string, error) {
	id := "demo" + strings.ToLower(rand.Text())
	var body bytes.Buffer
	form := multipart.NewWriter(&body)
	var faults []error
	for name, value := range map[string]string{
		"id": id, "subject": "Сломан домофон", "text": "Дверь второго подъезда не закрывается, код не срабатывает. Фотографии приложены.",
		"account": "100500", "address": "г. Примерск, ул. Садовая, д. 14, кв. 38", "consent": "yes",
	} {
		faults = append(faults, form.WriteField(name, value))
	}
	for n, name := range []string{"дверь.jpg", "панель.jpg"} {
		part, err := form.CreateFormFile("file", name)
		if err == nil {
			err = jpeg.Encode(part, photo(n), nil)
		}
		faults = append(faults, err)
	}
	if err := errors.Join(append(faults, form.Close())...); err != nil {
		return "", err
	}
	return id, hubproc.Call(ctx, r.web, http.MethodPost, r.Cabinet+"/api/appeals", form.FormDataContentType(), body.Bytes(), nil)
}

// photo is a picture that differs from another.
func photo(n int) image.Image {
	img := image.NewRGBA(image.Rect(0, 0, 320, 240))
	for x := range 320 {
		for y := range 240 {
			img.Set(x, y, color.RGBA{uint8(x * (n + 1)), uint8(y), uint8(80 * n), 255})
		}
	}
	return img
}

// reads waits for the answer to be in the cabinet and tells what it is.
func (r *resident) reads(ctx context.Context, id, text string) (files int, err error) {
	err = r.await(ctx, "кабинет показывает ответ", func() (bool, error) {
		var appeal struct {
			Messages []struct {
				Direction, Text string
				Files           []struct{ Name string }
			}
		}
		if err := r.ask(ctx, http.MethodGet, "/api/appeals/"+id, nil, &appeal); err != nil {
			return false, fmt.Errorf("read the appeal in the cabinet: %w", err)
		}
		for _, m := range appeal.Messages {
			if m.Direction == "outgoing" && strings.Contains(m.Text, text) {
				files = len(m.Files)
				return true, nil
			}
		}
		return false, nil
	})
	return files, err
}
