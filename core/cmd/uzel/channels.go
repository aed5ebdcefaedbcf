package main

import (
	"bufio"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"maps"
	"net/http"
	"net/url"
	"os"
	"slices"
	"strings"

	"github.com/goccy/go-yaml"
	"github.com/spf13/cobra"

	"github.com/uzel-hub/uzel/core"
)

const channelsPath = "/api/v1/channels"

func (c *cli) channels() *cobra.Command {
	cmd := &cobra.Command{Use: "channel", Short: "каналы: подключения к внешним системам"}
	cmd.AddCommand(
		c.allLister(channelsPath, "список", column{"id", "id"}, column{"название", "title"}, column{"коннектор", "plugin"},
			column{"состояние", "status.state"}, column{"причина", "status.reason"}, column{"принято", "status.received"},
			column{"отправлено", "status.sent"}, column{"ждёт", "status.queued"}),
		c.shower(channelsPath, "настройки и состояние"),
		c.channelAdd(), c.channelSet(), c.channelDelete(), c.channelCheck(), c.channelLog(),
		c.channelPause("pause", "приостановить приём (in), отправку (out) или обе стороны", true),
		c.channelPause("resume", "возобновить", false),
		c.poster("enable", "включить", channelsPath, "enable", "канал включён"),
		c.poster("disable", "выключить; процесс останавливается", channelsPath, "disable", "канал выключен"),
		c.poster("run", "опросить сейчас", channelsPath, "run", "опрос начат"),
		c.poster("restart", "перезапустить процесс", channelsPath, "restart", "перезапуск начат"),
	)
	return cmd
}

// readSettings reads a YAML or JSON file; `-` is the standard input.
func (c *cli) readSettings(path string) (object, error) {
	var raw []byte
	var err error
	if path == "-" {
		raw, err = io.ReadAll(c.in)
	} else {
		raw, err = os.ReadFile(path)
	}
	if err != nil {
		return nil, err
	}
	var settings object
	if err := yaml.Unmarshal(raw, &settings); err != nil {
		return nil, core.Invalid("settings.syntax", path, yaml.FormatError(err, false, true))
	}
	return settings, nil
}

// apply sets `imap.port=993` over the settings. A value that is JSON is taken as
// such, anything else as text.
func apply(settings object, assignments []string) error {
	for _, a := range assignments {
		path, value, ok := strings.Cut(a, "=")
		if !ok {
			return core.Invalid("settings.assignment", a, "нужно ИМЯ=ЗНАЧЕНИЕ")
		}
		at := settings
		names := strings.Split(path, ".")
		for _, name := range names[:len(names)-1] {
			next, ok := at[name].(object)
			if !ok {
				next = object{}
				at[name] = next
			}
			at = next
		}
		var v any
		if json.Unmarshal([]byte(value), &v) != nil {
			v = value
		}
		at[names[len(names)-1]] = v
	}
	return nil
}

func (c *cli) channelAdd() *cobra.Command {
	var plugin, title, file string
	var set []string
	var off bool
	cmd := &cobra.Command{
		Use: "add ID", Short: "создать и включить", Args: cobra.ExactArgs(1),
		Example: "  uzel channel add mail --plugin email --settings configs/mailbox.yaml --set password=…",
		RunE: func(cmd *cobra.Command, args []string) error {
			settings := object{}
			if file != "" {
				var err error
				if settings, err = c.readSettings(file); err != nil {
					return err
				}
			}
			if err := apply(settings, set); err != nil {
				return err
			}
			if title == "" {
				title = args[0]
			}
			var out object
			in := object{"id": args[0], "title": title, "plugin": plugin, "enabled": !off, "settings": settings}
			if err := c.call(cmd.Context(), http.MethodPost, channelsPath, in, &out); err != nil {
				return err
			}
			if c.json {
				return c.dump(out)
			}
			c.say("канал %s создан", args[0])
			return nil
		},
	}
	cmd.Flags().StringVar(&plugin, "plugin", "", "коннектор: uzel plugin list")
	cmd.Flags().StringVar(&title, "title", "", "название для людей")
	cmd.Flags().StringVar(&file, "settings", "", "файл настроек, YAML или JSON («-» — со стандартного ввода)")
	cmd.Flags().StringArrayVar(&set, "set", nil, "одна настройка: imap.port=993 (можно несколько)")
	cmd.Flags().BoolVar(&off, "off", false, "создать выключенным")
	return cmd
}

// channelFields are what an edit of a channel sends back.
var channelFields = []string{
	"id", "title", "organization", "plugin", "plugin_version", "enabled", "settings", "journal", "forward_to", "concurrency",
}

func (c *cli) channelSet() *cobra.Command {
	return &cobra.Command{
		Use: "set ID NAME=VALUE…", Short: "изменить настройки", Args: cobra.MinimumNArgs(2),
		RunE: func(cmd *cobra.Command, args []string) error {
			path := channelsPath + "/" + url.PathEscape(args[0])
			err := c.edit(cmd.Context(), path, func(had object) (any, error) {
				in := object{}
				for _, field := range channelFields {
					if v, ok := had[field]; ok {
						in[field] = v
					}
				}
				settings, _ := in["settings"].(object)
				return in, apply(settings, args[1:])
			})
			if err == nil {
				c.say("настройки канала %s изменены", args[0])
			}
			return err
		},
	}
}

func (c *cli) channelDelete() *cobra.Command {
	return &cobra.Command{
		Use: "delete ID", Short: "удалить; документы остаются", Args: cobra.ExactArgs(1),
		RunE: func(cmd *cobra.Command, args []string) error {
			path := channelsPath + "/" + url.PathEscape(args[0])
			header, err := c.callWith(cmd.Context(), http.MethodGet, path, nil, nil, nil)
			if err != nil {
				return err
			}
			match := http.Header{"If-Match": {header.Get("ETag")}}
			if _, err := c.callWith(cmd.Context(), http.MethodDelete, path, match, nil, nil); err != nil {
				return err
			}
			c.say("канал %s удалён", args[0])
			return nil
		},
	}
}

// errCheck is the exit of a check that failed.
var errCheck = errors.New("связи нет, см. выше")

func (c *cli) channelCheck() *cobra.Command {
	var section string
	cmd := &cobra.Command{
		Use: "check ID", Short: "проверить связь", Args: cobra.ExactArgs(1),
		RunE: func(cmd *cobra.Command, args []string) error {
			path := channelsPath + "/" + url.PathEscape(args[0]) + "/check"
			if section != "" {
				path += "?" + url.Values{"section": {section}}.Encode()
			}
			var out object
			if err := c.call(cmd.Context(), http.MethodPost, path, nil, &out); err != nil {
				return err
			}
			if c.json {
				return c.dump(out)
			}
			for _, part := range objects(out["parts"]) {
				word := map[bool]string{true: "связь есть", false: "связи нет"}[part["ok"] == true]
				c.say("%s: %s %s", text(part["name"]), word, text(part["text"]))
			}
			if detail := text(at(out, "problem.detail")); detail != "" {
				c.say("%s", detail)
			}
			if out["ok"] != true {
				return errCheck
			}
			return nil
		},
	}
	cmd.Flags().StringVar(&section, "section", "", "раздел настроек: imap, smtp …")
	return cmd
}

func (c *cli) channelPause(use, short string, paused bool) *cobra.Command {
	return &cobra.Command{
		Use: use + " ID [in|out]", Short: short, Args: cobra.RangeArgs(1, 2),
		RunE: func(cmd *cobra.Command, args []string) error {
			in := object{"direction": "both"}
			if len(args) == 2 {
				in["direction"] = args[1]
			}
			if err := c.call(cmd.Context(), http.MethodPost, channelsPath+"/"+url.PathEscape(args[0])+"/"+use, in, nil); err != nil {
				return err
			}
			c.say("канал %s: %s", args[0], map[bool]string{true: "приостановлен", false: "возобновлён"}[paused])
			return nil
		},
	}
}

func (c *cli) channelLog() *cobra.Command {
	var lines int
	var follow bool
	cmd := &cobra.Command{
		Use: "log ID", Short: "журнал канала", Args: cobra.ExactArgs(1),
		RunE: func(cmd *cobra.Command, args []string) error {
			path := fmt.Sprintf("%s/%s/log?lines=%d&follow=%v", channelsPath, url.PathEscape(args[0]), lines, follow)
			res, err := c.do(cmd.Context(), http.MethodGet, path, nil, nil)
			if err != nil {
				return err
			}
			defer res.Body.Close() //nolint:errcheck // only read
			if follow {
				return c.followLog(res.Body)
			}
			var p page
			if err := json.NewDecoder(res.Body).Decode(&p); err != nil {
				return err
			}
			for _, line := range p.Items {
				c.logLine(line)
			}
			return nil
		},
	}
	cmd.Flags().IntVarP(&lines, "lines", "n", 50, "сколько последних строк")
	cmd.Flags().BoolVarP(&follow, "follow", "f", false, "показывать новые строки")
	return cmd
}

// followLog prints the lines of a stream of server-sent events.
func (c *cli) followLog(body io.Reader) error {
	lines := bufio.NewScanner(body)
	lines.Buffer(nil, 1<<20)
	for lines.Scan() {
		data, ok := strings.CutPrefix(lines.Text(), "data: ")
		if !ok {
			continue
		}
		var line object
		if json.Unmarshal([]byte(data), &line) == nil {
			c.logLine(line)
		}
	}
	return lines.Err()
}

// logLine prints a line as hclog writes it: moment, level, text, then what the
// connector put beside it.
func (c *cli) logLine(line object) {
	fmt.Fprintf(c.out, "%s %-5s %s", text(line["@timestamp"]), text(line["@level"]), text(line["@message"])) //nolint:errcheck // nobody left to tell
	for _, name := range slices.Sorted(maps.Keys(line)) {
		if !strings.HasPrefix(name, "@") {
			fmt.Fprintf(c.out, " %s=%s", name, text(line[name])) //nolint:errcheck // as above
		}
	}
	fmt.Fprintln(c.out) //nolint:errcheck // as above
}
