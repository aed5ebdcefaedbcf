// Command cabinet is a small residents' cabinet over the API of the connector
// plugins/cabinet: a page where a resident signs in, writes and reads answers,
// and a widget for the organisation's own site. README.md tells how to run it.
package main

import (
	"context"
	"errors"
	"flag"
	"fmt"
	"net"
	"net/http"
	"os"
	"os/signal"
	"strings"
	"syscall"
	"time"
)

func main() {
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
	defer stop()
	if err := run(ctx, os.Args[1:]); err != nil {
		fmt.Fprintln(os.Stderr, "cabinet:", err)
		os.Exit(1)
	}
}

func run(ctx context.Context, args []string) error {
	flags := flag.NewFlagSet("cabinet", flag.ContinueOnError)
	listen := flags.String("listen", "127.0.0.1:8090", "`address` to serve at")
	url := flags.String("hub", "http://127.0.0.1:8080/hooks/lk", "web-hook `address` of the channel")
	sites := flags.String("sites", "", "`origins` that may carry the widget, by commas: https://uk-dom.ru")
	if err := flags.Parse(args); err != nil {
		return err
	}
	key := os.Getenv("CABINET_KEY")
	if key == "" {
		return errors.New("CABINET_KEY is not set: the shared key of the channel")
	}
	s := newServer(&hub{URL: strings.TrimSuffix(*url, "/"), Key: key, Client: &http.Client{Timeout: time.Minute}}, strings.Split(*sites, ","), time.Now)
	door, err := net.Listen("tcp", *listen)
	if err != nil {
		return err
	}
	web := &http.Server{Handler: s, ReadHeaderTimeout: 10 * time.Second}
	done := make(chan error, 1)
	go func() { done <- web.Serve(door) }()
	fmt.Println("http://" + door.Addr().String())
	select {
	case err := <-done:
		return err
	case <-ctx.Done():
	}
	last, cancel := context.WithTimeout(context.WithoutCancel(ctx), 5*time.Second)
	defer cancel()
	err = web.Shutdown(last)
	<-done // http.ErrServerClosed
	return err
}
