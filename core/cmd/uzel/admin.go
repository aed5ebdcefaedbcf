package main

import (
	"net/http"
	"net/url"
	"os"

	"github.com/spf13/cobra"
)

// lister makes a `list` command of a REST list.
func (c *cli) lister(path, short string, columns ...column) *cobra.Command {
	limit := 0
	cmd := &cobra.Command{
		Use: "list", Short: short, Args: cobra.NoArgs,
		RunE: func(cmd *cobra.Command, _ []string) error {
			p, err := c.list(cmd.Context(), path, nil, limit)
			if err != nil {
				return err
			}
			return c.table(p, columns...)
		},
	}
	cmd.Flags().IntVar(&limit, "limit", 100, "сколько показать")
	return cmd
}

// allLister makes a `list` command of a REST list that comes whole.
func (c *cli) allLister(path, short string, columns ...column) *cobra.Command {
	return &cobra.Command{
		Use: "list", Short: short, Args: cobra.NoArgs,
		RunE: func(cmd *cobra.Command, _ []string) error {
			var p page
			if err := c.call(cmd.Context(), http.MethodGet, path, nil, &p); err != nil {
				return err
			}
			return c.table(p, columns...)
		},
	}
}

// poster makes a command that posts to PATH/ID/action and says what was done.
func (c *cli) poster(use, short, path, action, done string) *cobra.Command {
	return &cobra.Command{
		Use: use + " ID", Short: short, Args: cobra.ExactArgs(1),
		RunE: func(cmd *cobra.Command, args []string) error {
			var out object
			err := c.call(cmd.Context(), http.MethodPost, path+"/"+url.PathEscape(args[0])+"/"+action, nil, &out)
			if err != nil {
				return err
			}
			if c.json {
				return c.dump(out)
			}
			c.say("%s", done)
			return nil
		},
	}
}

// shower makes a `show` command that prints one object as it is.
func (c *cli) shower(path, short string) *cobra.Command {
	return &cobra.Command{
		Use: "show ID", Short: short, Args: cobra.ExactArgs(1),
		RunE: func(cmd *cobra.Command, args []string) error {
			var out object
			if err := c.call(cmd.Context(), http.MethodGet, path+"/"+url.PathEscape(args[0]), nil, &out); err != nil {
				return err
			}
			return c.dump(out)
		},
	}
}

func (c *cli) deadLetters() *cobra.Command {
	const path = "/api/v1/dead-letters"
	cmd := &cobra.Command{Use: "deadletter", Short: "события, с которыми не справился ни один обработчик"}
	cmd.AddCommand(
		c.lister(path, "список", column{"состояние", "state"}, column{"событие", "event.topic"}, column{"обработчик", "handler"},
			column{"код", "code"}, column{"причина", "text"}, column{"попыток", "attempts"}, column{"id", "id"}),
		c.shower(path, "всё о событии и причине"),
		c.poster("replay", "обработать ещё раз", path, "replay", "отправлено на повторную обработку"),
		c.poster("give-up", "больше не обрабатывать", path, "give-up", "отложено навсегда"),
	)
	return cmd
}

func (c *cli) users() *cobra.Command {
	const path = "/api/v1/users"
	cmd := &cobra.Command{Use: "user", Short: "пользователи"}
	cmd.AddCommand(
		c.lister(path, "список", column{"логин", "login"}, column{"имя", "name"}, column{"роли", "roles"}, column{"состояние", "state"}, column{"id", "id"}),
		c.userAdd(path), c.userPassword(path),
	)
	return cmd
}

func (c *cli) userAdd(path string) *cobra.Command {
	var name, email string
	var roles []string
	cmd := &cobra.Command{
		Use: "add LOGIN", Short: "завести пользователя; печатает одноразовый пароль", Args: cobra.ExactArgs(1),
		RunE: func(cmd *cobra.Command, args []string) error {
			in := object{"login": args[0], "name": name, "roles": roles}
			if name == "" {
				in["name"] = args[0]
			}
			if email != "" {
				in["email"] = email
			}
			return c.oneTimePassword(cmd, path, in)
		},
	}
	cmd.Flags().StringVar(&name, "name", "", "имя и фамилия")
	cmd.Flags().StringVar(&email, "email", "", "адрес почты")
	cmd.Flags().StringSliceVar(&roles, "role", []string{"operator"}, "роли: administrator, supervisor, operator, clerk, auditor, integration")
	return cmd
}

func (c *cli) userPassword(path string) *cobra.Command {
	return &cobra.Command{
		Use: "password LOGIN", Short: "выдать новый одноразовый пароль", Args: cobra.ExactArgs(1),
		RunE: func(cmd *cobra.Command, args []string) error {
			p, err := c.list(cmd.Context(), path, nil, 1000)
			if err != nil {
				return err
			}
			id := args[0]
			for _, u := range p.Items {
				if u["login"] == args[0] {
					id = text(u["id"])
				}
			}
			return c.oneTimePassword(cmd, path+"/"+url.PathEscape(id)+"/password", nil)
		},
	}
}

func (c *cli) oneTimePassword(cmd *cobra.Command, path string, in any) error {
	var out object
	if err := c.call(cmd.Context(), http.MethodPost, path, in, &out); err != nil {
		return err
	}
	if c.json {
		return c.dump(out)
	}
	c.say("одноразовый пароль: %s", text(out["password"]))
	return nil
}

func (c *cli) plugins() *cobra.Command {
	const path = "/api/v1/plugins"
	cmd := &cobra.Command{Use: "plugin", Short: "коннекторы, которые знает хаб"}
	cmd.AddCommand(
		c.allLister(path, "список", column{"имя", "name"}, column{"версия", "current"}, column{"все версии", "versions"}, column{"каналов", "channels"}, column{"название", "title"}),
		c.shower(path, "описание, настройки, версии"),
		&cobra.Command{
			Use: "install FILE.tar.gz", Short: "установить", Args: cobra.ExactArgs(1),
			RunE: func(cmd *cobra.Command, args []string) error {
				f, err := os.Open(args[0])
				if err != nil {
					return err
				}
				defer f.Close() //nolint:errcheck // only read
				res, err := c.do(cmd.Context(), http.MethodPost, path, http.Header{"Content-Type": {"application/gzip"}}, f)
				if err != nil {
					return err
				}
				defer res.Body.Close() //nolint:errcheck // only read
				c.say("установлено")
				return nil
			},
		},
	)
	return cmd
}
