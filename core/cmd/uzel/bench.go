package main

import (
	"errors"
	"os"
	"path/filepath"

	"github.com/spf13/cobra"

	"github.com/uzel-hub/uzel/core/bench"
)

// errSlow is the exit of a benchmark that found something worse than it may be.
var errSlow = errors.New("не все показатели в норме, см. выше")

func (c *cli) bench() *cobra.Command {
	var o bench.Options
	var out string
	var markdown bool
	cmd := &cobra.Command{
		Use: "bench", Short: "измерить скорость и память хаба относительно пределов этой машины", Args: cobra.NoArgs,
		RunE: func(cmd *cobra.Command, _ []string) (err error) {
			if o.Hub, err = os.Executable(); err != nil {
				return err
			}
			if o.Generator == "" {
				o.Generator = filepath.Join(filepath.Dir(o.Hub), "bench", "generator")
			}
			o.Progress = os.Stderr
			r, err := bench.Run(cmd.Context(), o)
			if err != nil {
				return err
			}
			if err := r.WriteFile(out); err != nil {
				return err
			}
			print := r.Print
			if markdown {
				print = r.Markdown
			}
			if err := print(c.out); err != nil {
				return err
			}
			if !r.Passed() {
				return errSlow
			}
			return nil
		},
	}
	flags := cmd.Flags()
	flags.BoolVar(&o.Quick, "quick", false, "меньше повторов и сообщений: до трёх минут")
	flags.StringVar(&out, "out", "bench.json", "файл с показателями")
	flags.BoolVar(&markdown, "markdown", false, "таблица для README")
	flags.StringVar(&o.Dir, "dir", "data", "папка на измеряемом диске")
	flags.StringVar(&o.Generator, "generator", "", "коннектор-генератор (по умолчанию bench/generator рядом с программой)")
	flags.StringSliceVar(&o.Only, "only", nil, "только эти замеры: flush, ingest, latency, delivered, commit, routing, start, indexing, mass, large, lists, export, search")
	flags.StringVar(&o.Profiles, "profiles", "", "папка для профилей процессора")
	flags.IntVar(&o.Rounds, "rounds", 0, "сколько повторов")
	for _, name := range []string{"only", "profiles", "rounds"} {
		_ = flags.MarkHidden(name) // it is there: just defined
	}
	return cmd
}
