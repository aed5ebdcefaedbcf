package main

import (
	"context"
	"net/http"
	"time"

	"github.com/spf13/cobra"
)

const indexPath = "/api/v1/search/index"

func (c *cli) search() *cobra.Command {
	cmd := &cobra.Command{Use: "search", Short: "индекс поиска"}
	cmd.AddCommand(c.searchStatus(), c.searchRebuild(), &cobra.Command{
		Use: "cancel", Short: "не строить новый индекс, оставить старый", Args: cobra.NoArgs,
		RunE: func(cmd *cobra.Command, _ []string) error {
			if err := c.call(cmd.Context(), http.MethodDelete, indexPath, nil, nil); err != nil {
				return err
			}
			c.say("новый индекс не строится, поиск работает по старому")
			return nil
		},
	})
	return cmd
}

// indexStatus is how far the index is.
type indexStatus struct {
	State     string `json:"state"`
	Documents int64  `json:"documents"`
	Done      int64  `json:"done"`
	Total     int64  `json:"total"`
}

// indexStates are told to people.
var indexStates = map[string]string{
	"absent": "индекса нет", "building": "индекс строится, ищется не всё", "rebuilding": "строится новый индекс, ищется по старому", "ready": "индекс готов",
}

func (c *cli) searchStatus() *cobra.Command {
	return &cobra.Command{
		Use: "status", Short: "состояние индекса и ход построения", Args: cobra.NoArgs,
		RunE: func(cmd *cobra.Command, _ []string) error {
			var st indexStatus
			if err := c.call(cmd.Context(), http.MethodGet, indexPath, nil, &st); err != nil {
				return err
			}
			if c.json {
				return c.dump(st)
			}
			c.tellIndex(st)
			return nil
		},
	}
}

func (c *cli) tellIndex(st indexStatus) {
	c.say("%s; документов: %d", indexStates[st.State], st.Documents)
	if st.Total > 0 {
		c.say("пройдено %d из %d", st.Done, st.Total)
	}
}

func (c *cli) searchRebuild() *cobra.Command {
	wait := false
	cmd := &cobra.Command{
		Use: "rebuild", Short: "построить индекс заново; старый работает, пока не готов новый", Args: cobra.NoArgs,
		RunE: func(cmd *cobra.Command, _ []string) error {
			if err := c.call(cmd.Context(), http.MethodPost, indexPath, nil, nil); err != nil {
				return err
			}
			c.say("индекс строится заново")
			if !wait {
				return nil
			}
			return c.watchIndex(cmd.Context())
		},
	}
	cmd.Flags().BoolVar(&wait, "wait", false, "показывать ход и ждать конца; прерывание команды построения не отменяет")
	return cmd
}

// watchIndex tells how far the building is until it has ended.
func (c *cli) watchIndex(ctx context.Context) error {
	tick := time.NewTicker(time.Second)
	defer tick.Stop()
	for {
		var st indexStatus
		if err := c.call(ctx, http.MethodGet, indexPath, nil, &st); err != nil {
			return err
		}
		c.tellIndex(st)
		if st.State == "ready" {
			return nil
		}
		select {
		case <-tick.C:
		case <-ctx.Done():
			return context.Cause(ctx)
		}
	}
}
