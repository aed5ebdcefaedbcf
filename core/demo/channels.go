package demo

import (
	"context"
	"net"
	"net/http"
	"os"
	"path/filepath"
	"strconv"

	"github.com/uzel-hub/uzel/core"
	"github.com/uzel-hub/uzel/core/internal/hubproc"
)

// The channels of the demo.
const (
	mailChannel    = "demo-mail"
	edsChannel     = "demo-eds"
	gisChannel     = "demo-gis"
	cabinetChannel = "demo-cabinet"
)

// connect connects everything; the key first, for GIS asks for it at once.
func (d *demo) connect(ctx context.Context, a *authority) error {
	if err := d.connectKey(ctx, a); err != nil {
		return err
	}
	for _, connect := range []func(context.Context) error{d.connectMail, d.connectGIS, d.connectCabinet} {
		if err := connect(ctx); err != nil {
			return err
		}
	}
	for _, id := range []string{edsChannel, mailChannel, gisChannel, cabinetChannel} {
		if err := d.awaitChannel(ctx, id); err != nil {
			return err
		}
	}
	return nil
}

func (d *demo) connectMail(ctx context.Context) error {
	m := &d.Mail
	return d.channel(ctx, mailChannel, "Почта (демо)", "email", object{
		"address": m.User, "name": "УК «Демо»", "password": m.Password, "ca": m.CA,
		"imap":   object{"host": "localhost", "port": portOf(m.IMAPS), "tls": "tls"},
		"smtp":   object{"host": "localhost", "port": portOf(m.SMTPS), "tls": "tls"},
		"letter": object{"signature": "С уважением,\nУК «Демо»"},
	})
}

func (d *demo) connectKey(ctx context.Context, a *authority) error {
	files := map[string]string{a.sign: "", a.key: "", a.root: ""}
	for path := range files {
		raw, err := os.ReadFile(path)
		if err != nil {
			return err
		}
		files[path] = string(raw)
	}
	list, err := filepath.Abs(a.list)
	if err != nil {
		return err
	}
	return d.channel(ctx, edsChannel, "Электронная подпись (демо)", "eds", object{
		"back_end": "openssl", "key": object{"certificate": files[a.sign], "key": files[a.key]},
		"trust": object{"roots": files[a.root], "lists": []string{list}},
	})
}

func (d *demo) connectGIS(ctx context.Context) error {
	return d.channel(ctx, gisChannel, "ГИС ЖКХ (демо)", "gis", object{
		"url": d.GIS.URL, "org": d.GIS.Org, "answerer": d.GIS.Answerer,
		"performers": []object{{"name": masterName, "guid": d.GIS.Master}},
		"receive":    object{"every": "2s", "reread": "10s"},
		"poll":       object{"first": "100ms", "most": "1s", "wait": "30s"},
	})
}

func (d *demo) connectCabinet(ctx context.Context) error {
	return d.channel(ctx, cabinetChannel, "Личный кабинет (демо)", "cabinet", object{
		"mode": "api", "key": d.key, "webhook": object{"url": d.Cabinet + "/hook"},
	})
}

// channel creates a channel, or points the one of an earlier demo to the new
// world.
func (d *demo) channel(ctx context.Context, id, title, plugin string, settings object) error {
	const path = "/api/v1/channels"
	wanted := object{"id": id, "title": title, "plugin": plugin, "enabled": true, "settings": settings}
	var had struct{ Version uint64 }
	err := d.call(ctx, http.MethodGet, path+"/"+id, nil, &had)
	if status(err) == http.StatusNotFound {
		return d.call(ctx, http.MethodPost, path, wanted, nil)
	}
	if err != nil {
		return err
	}
	return hubproc.Call(ctx, matching(d.client, had.Version), http.MethodPut, "http://hub"+path+"/"+id, "application/json", wanted, nil)
}

func (d *demo) awaitChannel(ctx context.Context, id string) error {
	return d.await(ctx, "канал "+id+" работает", func() (bool, error) {
		var c struct{ Status core.ChannelStatus }
		err := d.call(ctx, http.MethodGet, "/api/v1/channels/"+id, nil, &c)
		return c.Status.State == core.ChannelRunning, err
	})
}

func portOf(address string) int {
	_, port, _ := net.SplitHostPort(address)
	n, _ := strconv.Atoi(port)
	return n
}
