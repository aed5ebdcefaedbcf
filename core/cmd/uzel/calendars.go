package main

import (
	"fmt"
	"os"

	"github.com/spf13/cobra"

	"github.com/uzel-hub/uzel/core"
	"github.com/uzel-hub/uzel/core/schedule"
)

func (c *cli) calendars() *cobra.Command {
	cmd := &cobra.Command{Use: "calendar", Short: "рабочие календари"}
	cmd.AddCommand(c.importDecree())
	return cmd
}

// importDecree loads a decree into the country's calendar.
func (c *cli) importDecree() *cobra.Command {
	basis := ""
	cmd := &cobra.Command{
		Use: "import FILE", Short: "внести постановление о переносе выходных (CSV или JSON, - со стандартного ввода)", Args: cobra.ExactArgs(1),
		Long: "Файл CSV — по строке на день: 2027-02-22;выходной;перенос с субботы 20 февраля\n" +
			"Виды дней: рабочий, выходной, сокращённый, праздник. Праздники и дни перед ними следуют из закона, их можно не называть.",
		RunE: func(cmd *cobra.Command, args []string) error {
			d, err := c.readDecree(args[0])
			if err != nil {
				return err
			}
			if basis != "" {
				d.Basis = basis
			}
			path := fmt.Sprintf("/api/v1/calendars/%s/years/%d", core.CalendarRussia, d.Year)
			err = c.edit(cmd.Context(), path, func(object) (any, error) {
				return object{"basis": d.Basis, "decree": true, "days": d.Days}, nil
			})
			if err != nil {
				return err
			}
			c.say("календарь %d года: внесено дней: %d", d.Year, len(d.Days))
			return nil
		},
	}
	cmd.Flags().StringVar(&basis, "basis", "", "постановление: кто принял, дата и номер")
	return cmd
}

func (c *cli) readDecree(name string) (*schedule.Decree, error) {
	if name == "-" {
		return schedule.ReadDecree(c.in)
	}
	f, err := os.Open(name)
	if err != nil {
		return nil, err
	}
	defer f.Close() //nolint:errcheck // only read
	return schedule.ReadDecree(f)
}
