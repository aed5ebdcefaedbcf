// Package demo shows the hub to a person without an account anywhere: emulators
// of the outside world beside a running hub, channels on them, and a story that
// plays over REST. It knows nothing of the hub's inside and the hub nothing of
// it.
package demo

import (
	"context"
	"crypto/rand"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net/http"
	"os"
	"path/filepath"
	"strings"
	"time"

	"golang.org/x/sync/errgroup"

	"github.com/uzel-hub/uzel/core/internal/hubproc"
)

// Config of Run.
type Config struct {
	Out      io.Writer // what a person should read, in Russian
	Programs string    // folder of the emulators and the cabinet's page
	Data     string    // data folder of the hub; the demo keeps its files in FolderName there
	Address  string    // of the hub: http://127.0.0.1:8080
	Show     Show
}

// Show is what Run shows.
type Show string

// The shows.
const (
	ShowStory Show = "story" // the stage, and a story that plays on it
	ShowStage Show = "stage" // all emulators, connected; what happens there others do
	ShowMail  Show = "mail"  // a mailbox with letters and nothing else
)

// Known tells whether there is such a show.
func (s Show) Known() bool { return s == ShowStory || s == ShowStage || s == ShowMail }

// FolderName is the folder of the demo in the hub's data folder. It is made
// anew at each start.
const FolderName = "demo"

// WorldName is the file there that says where everything is: a World as JSON.
const WorldName = "world.json"

// Done is how the last line of the story begins, Ready that of the stage.
const (
	Done  = "История сыграна"
	Ready = "Сцена готова"
)

// World is where everything is, for people and programs that want to look.
type World struct {
	Hub     string `json:"hub"`
	Mail    Mail   `json:"mail"`
	GIS     GIS    `json:"gis"`
	Cabinet string `json:"cabinet"`
	// Users may sign in to the hub with these passwords.
	Users []User `json:"users"`
	// Resident may sign in to the cabinet with a code that its page shows.
	Resident Resident `json:"resident"`
}

// Mail is the mail emulator.
type Mail struct {
	Web       string   `json:"web"` // page of all letters
	IMAPS     string   `json:"imaps"`
	SMTPS     string   `json:"smtps"`
	CA        string   `json:"ca"` // PEM
	User      string   `json:"user"`
	Password  string   `json:"password"` // of all mailboxes
	Residents []string `json:"residents"`
}

// GIS is the emulator of GIS ZhKKh.
type GIS struct {
	URL      string `json:"url"` // what it knows of its appeals is at Seen
	Org      string `json:"org"`
	Answerer string `json:"answerer"`
	Master   string `json:"master"`
}

// Seen is the page of the appeals, as GIS has them.
func (g GIS) Seen() string { return g.URL + "/emulator/appeals" }

// User of the hub.
type User struct {
	Login    string `json:"login"`
	Name     string `json:"name"`
	Password string `json:"password"`
}

// Resident of the cabinet.
type Resident struct {
	Name  string `json:"name"`
	Phone string `json:"phone"`
}

// demo is one run.
type demo struct {
	Config
	World
	began  time.Time
	client *http.Client // of the hub, as its command line
	dir    string
	key    string // shared with the cabinet
}

// Run shows the demo until ctx is done. It fails if a part of it ends or the
// story does not come about.
func Run(ctx context.Context, c Config) error {
	d := &demo{
		Config: c, World: World{Hub: c.Address}, began: time.Now(), client: hubproc.Client(c.Data), key: rand.Text() + rand.Text(),
		dir: filepath.Join(c.Data, FolderName),
	}
	defer d.client.CloseIdleConnections()
	g, ctx := errgroup.WithContext(ctx)
	g.Go(func() error {
		err := d.show(ctx, g)
		if ctx.Err() != nil {
			return nil // whoever started the hub has stopped it
		}
		return err
	})
	return g.Wait()
}

// show brings the world up and plays the story; the emulators go on in g.
func (d *demo) show(ctx context.Context, g *errgroup.Group) error {
	if err := errors.Join(os.RemoveAll(d.dir), os.MkdirAll(d.dir, 0o700)); err != nil {
		return err
	}
	if err := d.await(ctx, "хаб отвечает", func() (bool, error) {
		return d.call(ctx, http.MethodGet, "/readyz", nil, nil) == nil, nil
	}); err != nil {
		return err
	}
	if err := d.begin(ctx, g, &d.Mail, "mailemulator"); err != nil {
		return err
	}
	if d.Show == ShowMail {
		d.say("Демо: ящик %s, письма: %s и bin/uzel document list", d.Mail.User, d.Mail.Web)
		return d.connectMail(ctx)
	}
	desk, err := d.open(ctx, g)
	if err != nil {
		return err
	}
	if d.Show == ShowStage {
		d.say("%s: пишите за жителя и отвечайте сами. Остановить — Ctrl+C.", Ready)
		return nil
	}
	return d.play(ctx, desk)
}

// open starts the rest of the world, connects it and tells where it is.
func (d *demo) open(ctx context.Context, g *errgroup.Group) (*desk, error) {
	authority, err := d.authority(ctx)
	if err != nil {
		return nil, err
	}
	if err := d.begin(ctx, g, &d.GIS, "gisemulator", "-roots", authority.root); err != nil {
		return nil, err
	}
	if err := d.beginCabinet(ctx, g); err != nil {
		return nil, err
	}
	desk, err := d.people(ctx)
	if err != nil {
		return nil, err
	}
	if err := d.connect(ctx, authority); err != nil {
		return nil, err
	}
	return desk, d.tell()
}

// tell says where everything is, on the screen and in a file.
func (d *demo) tell() error {
	d.say("Демонстрация. Всё внешнее — эмуляторы на этой машине; файлы и пробный УЦ в %s", d.dir)
	d.say("  Почта     %s — все письма; ящик %s, IMAP %s, SMTP %s, пароль %s", d.Mail.Web, d.Mail.User, d.Mail.IMAPS, d.Mail.SMTPS, d.Mail.Password)
	d.say("  ГИС ЖКХ   %s — обращения, как их видит ГИС; подпись каждого запроса проверяет OpenSSL", d.GIS.Seen())
	d.say("  Кабинет   %s — житель %s, телефон %s (код покажет страница); виджет: %[1]s/site.html", d.Cabinet, d.Resident.Name, d.Resident.Phone)
	for _, u := range d.Users {
		d.say("  Хаб       %s — %s, вход %s, пароль %s", d.Hub, u.Name, u.Login, u.Password)
	}
	raw, err := json.MarshalIndent(d.World, "", "  ")
	if err != nil {
		return err
	}
	return os.WriteFile(filepath.Join(d.dir, WorldName), append(raw, '\n'), 0o600)
}

// say prints a line; nobody is left to hear that it did not work.
func (d *demo) say(format string, args ...any) {
	fmt.Fprintf(d.Out, format+"\n", args...) //nolint:errcheck // nobody is left to hear of it
}

// call makes a request of the hub as its command line does.
func (d *demo) call(ctx context.Context, method, path string, in, out any) error {
	return hubproc.Call(ctx, d.client, method, "http://hub"+path, "application/json", in, out)
}

// patience is how long one step of the demo may take.
const patience = 2 * time.Minute

// await asks until it is so.
func (d *demo) await(ctx context.Context, what string, so func() (bool, error)) error {
	ctx, cancel := context.WithTimeout(ctx, patience)
	defer cancel()
	for pause := 20 * time.Millisecond; ; pause = min(2*pause, 500*time.Millisecond) {
		if ok, err := so(); ok || err != nil {
			return err
		}
		select {
		case <-ctx.Done():
			return fmt.Errorf("не дождались: %s: %w", what, ctx.Err())
		case <-time.After(pause):
		}
	}
}

// clock is the time since the demo began, as it stands before a line.
func (d *demo) clock() string {
	s := int(time.Since(d.began).Seconds())
	return fmt.Sprintf("%02d:%02d", s/60, s%60)
}

// step prints a line of the story.
func (d *demo) step(format string, args ...any) {
	d.say(d.clock()+" "+strings.ReplaceAll(format, "\n", " "), args...)
}
