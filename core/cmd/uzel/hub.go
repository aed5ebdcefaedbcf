package main

import (
	"bufio"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net/http"
	"os"
	"runtime/pprof"

	"github.com/spf13/cobra"

	"github.com/uzel-hub/uzel/core/app"
	"github.com/uzel-hub/uzel/core/demo"
	"github.com/uzel-hub/uzel/core/maintenance"
)

func (c *cli) serve() *cobra.Command {
	o := app.Options{Version: version, Out: c.out}
	var profile, show string
	cmd := &cobra.Command{
		Use: "serve", Short: "запустить хаб", Args: cobra.NoArgs,
		RunE: func(cmd *cobra.Command, _ []string) error {
			conf, err := c.config()
			if err != nil {
				return err
			}
			if o.Tuning.FileReader, err = os.Executable(); err != nil {
				return fmt.Errorf("find the program that reads files: %w", err)
			}
			if o.Beside, err = c.demo(show, conf.Data, o.Tuning.FileReader); err != nil {
				return err
			}
			return profiled(profile, func() error { return app.Serve(cmd.Context(), conf, o) })
		},
	}
	flags := cmd.Flags()
	flags.StringVar(&show, "demo", "", "показать на эмуляторах: story — почта, кабинет, ГИС ЖКХ, подпись и история; stage — то же без истории; mail — только ящик с письмами")
	flags.Lookup("demo").NoOptDefVal = string(demo.ShowStory)
	flags.DurationVar(&o.Tuning.FlushDelay, "flush-delay", 0, "добавить к каждой записи на диск, для замеров")
	flags.BoolVar(&o.Tuning.NoIndex, "no-index", false, "не строить индекс поиска, для замеров")
	flags.StringVar(&profile, "pprof", "", "файл для профиля процессора")
	for _, name := range []string{"flush-delay", "no-index", "pprof"} {
		_ = flags.MarkHidden(name) // it is there: just defined
	}
	return cmd
}

// profiled writes a profile of the processor while run runs, if path names a
// file, and one of what was allocated to path + ".mem".
func profiled(path string, run func() error) error {
	if path == "" {
		return run()
	}
	f, err := os.Create(path)
	if err != nil {
		return err
	}
	if err := pprof.StartCPUProfile(f); err != nil {
		return errors.Join(err, f.Close())
	}
	err = run()
	pprof.StopCPUProfile()
	return errors.Join(err, f.Close(), writeAllocations(path+".mem"))
}

func writeAllocations(path string) error {
	f, err := os.Create(path)
	if err != nil {
		return err
	}
	return errors.Join(pprof.Lookup("allocs").WriteTo(f, 0), f.Close())
}

// errProblems is the exit of a check that found something.
var errProblems = errors.New("найдены повреждения, см. выше")

func (c *cli) check() *cobra.Command {
	return &cobra.Command{
		Use: "check", Short: "проверить базу, номера, файлы и очереди", Args: cobra.NoArgs,
		RunE: func(cmd *cobra.Command, _ []string) error {
			report, err := c.runningCheck(cmd)
			if errors.Is(err, errNoHub) {
				report, err = c.offlineCheck(cmd)
			}
			if err != nil {
				return err
			}
			return c.printReport(report)
		},
	}
}

// runningCheck asks the hub: lines of progress, then the report.
func (c *cli) runningCheck(cmd *cobra.Command) (maintenance.Report, error) {
	var report maintenance.Report
	res, err := c.do(cmd.Context(), http.MethodPost, "/api/v1/system/check", nil, nil)
	if err != nil {
		return report, err
	}
	defer res.Body.Close() //nolint:errcheck // only read
	lines := bufio.NewScanner(res.Body)
	lines.Buffer(nil, 16<<20)
	for lines.Scan() {
		var line struct {
			Progress string              `json:"progress"`
			Report   *maintenance.Report `json:"report"`
			Error    string              `json:"error"`
		}
		if err := json.Unmarshal(lines.Bytes(), &line); err != nil {
			return report, err
		}
		switch {
		case line.Error != "":
			return report, errors.New(line.Error)
		case line.Report != nil:
			return *line.Report, nil
		}
		c.progress(line.Progress)
	}
	return report, errors.Join(lines.Err(), errors.New("хаб прервал проверку"))
}

func (c *cli) offlineCheck(cmd *cobra.Command) (maintenance.Report, error) {
	conf, err := c.config()
	if err != nil {
		return maintenance.Report{}, err
	}
	m, closeAll, err := app.OpenMaintenance(conf, version)
	if err != nil {
		return maintenance.Report{}, err
	}
	report, err := m.Check(cmd.Context(), c.progress)
	return report, errors.Join(err, closeAll())
}

func (c *cli) progress(step string) {
	if !c.json {
		fmt.Fprintln(os.Stderr, "…", step)
	}
}

func (c *cli) printReport(r maintenance.Report) error {
	if c.json {
		if err := c.dump(r); err != nil {
			return err
		}
	} else {
		for _, t := range r.Tables {
			if t.Live+t.Deleted > 0 {
				c.say("%-14s %9d   удалено %d", t.Table, t.Live, t.Deleted)
			}
		}
		for _, j := range r.Journals {
			c.say("журнал %s/%d: последний номер %d", j.Journal, j.Year, j.Last)
		}
		c.say("файлов %d, %d МБ; сообщений без документа %d", r.Blobs, r.Bytes>>20, r.Unregistered)
		if r.Unused > 0 {
			c.say("файлов, на которые ничто не ссылается: %d, %d МБ", r.Unused, r.UnusedBytes>>20)
		}
		for _, p := range r.Problems {
			c.say("ПОВРЕЖДЕНИЕ: %s", p)
		}
		if r.All == 0 {
			c.say("всё в порядке")
		}
	}
	if r.All > 0 {
		return errProblems
	}
	return nil
}

func (c *cli) backup() *cobra.Command {
	var withKey bool
	cmd := &cobra.Command{
		Use: "backup FILE", Short: "резервная копия работающего хаба («-» — в поток)", Args: cobra.ExactArgs(1),
		RunE: func(cmd *cobra.Command, args []string) error {
			if args[0] == "-" {
				return c.writeBackup(cmd, c.out, withKey)
			}
			f, err := os.OpenFile(args[0], os.O_CREATE|os.O_EXCL|os.O_WRONLY, 0o600)
			if err != nil {
				return err
			}
			if err := errors.Join(c.writeBackup(cmd, f, withKey), f.Sync(), f.Close()); err != nil {
				return errors.Join(err, os.Remove(args[0]))
			}
			c.say("копия готова: %s", args[0])
			if !withKey {
				c.say("ключа паролей в ней нет: сохраните data/%s отдельно или добавьте --with-key", app.KeyName)
			}
			return nil
		},
	}
	cmd.Flags().BoolVar(&withKey, "with-key", false, "вместе с ключом, которым зашифрованы пароли каналов")
	return cmd
}

func (c *cli) writeBackup(cmd *cobra.Command, w io.Writer, withKey bool) error {
	err := c.runningBackup(cmd, w, withKey)
	if !errors.Is(err, errNoHub) {
		return err
	}
	conf, err := c.config()
	if err != nil {
		return err
	}
	m, closeAll, err := app.OpenMaintenance(conf, version)
	if err != nil {
		return err
	}
	return errors.Join(m.Backup(cmd.Context(), w, withKey), closeAll())
}

func (c *cli) runningBackup(cmd *cobra.Command, w io.Writer, withKey bool) error {
	res, err := c.do(cmd.Context(), http.MethodPost, fmt.Sprintf("/api/v1/system/backup?with_key=%v", withKey), nil, nil)
	if err != nil {
		return err
	}
	defer res.Body.Close() //nolint:errcheck // only read
	_, err = io.Copy(w, res.Body)
	return err
}

func (c *cli) compact() *cobra.Command {
	return &cobra.Command{
		Use: "compact", Short: "сжать базу остановленного хаба: место удалённого освобождается, и прочесть его больше нельзя", Args: cobra.NoArgs,
		RunE: func(*cobra.Command, []string) error {
			conf, err := c.config()
			if err != nil {
				return err
			}
			was, is, err := app.Compact(conf)
			if err != nil {
				return err
			}
			c.say("база сжата: было %d КБ, стало %d КБ", was>>10, is>>10)
			return nil
		},
	}
}

func (c *cli) restore() *cobra.Command {
	return &cobra.Command{
		Use: "restore FILE", Short: "развернуть копию в пустую папку данных («-» — из потока)", Args: cobra.ExactArgs(1),
		RunE: func(cmd *cobra.Command, args []string) error {
			conf, err := c.config()
			if err != nil {
				return err
			}
			in := c.in
			if args[0] != "-" {
				f, err := os.Open(args[0])
				if err != nil {
					return err
				}
				defer f.Close() //nolint:errcheck // only read
				in = f
			}
			m, err := maintenance.Restore(cmd.Context(), in, conf.Data)
			if err != nil {
				return err
			}
			c.say("восстановлено в %s: копия от %s, версия %s", conf.Data, m.At.Local().Format("02.01.2006 15:04"), m.Version)
			return nil
		},
	}
}
