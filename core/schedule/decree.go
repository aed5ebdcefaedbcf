package schedule

import (
	"bytes"
	"encoding/csv"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"slices"
	"strings"
	"time"

	"github.com/uzel-hub/uzel/core"
)

// Decree is what a decree of the government says of a year: which days off are
// moved, and to when.
type Decree struct {
	Year  int               `json:"-"`
	Basis string            `json:"basis"`
	Days  []core.SpecialDay `json:"days"`
}

// maxDecree bounds a file: a year has 366 days.
const maxDecree = 256 << 10

// dayKinds are the kinds of days as files write them, in either language.
var dayKinds = map[string]core.DayKind{
	"working": core.DayWorking, "рабочий": core.DayWorking, "day_off": core.DayOff, "выходной": core.DayOff,
	"short": core.DayShort, "сокращенный": core.DayShort, "holiday": core.DayHoliday, "праздник": core.DayHoliday,
}

// ReadDecree reads a file: JSON, as REST takes it, or CSV with a line `date;kind;note`
// for each day, with ; or , between, UTF-8, with or without a head. All days are of
// one year. KindInvalid names every faulty line as `days.<n>`, from 0.
func ReadDecree(from io.Reader) (*Decree, error) {
	raw, err := io.ReadAll(io.LimitReader(from, maxDecree+1))
	if err != nil {
		return nil, fmt.Errorf("read decree: %w", err)
	}
	if len(raw) > maxDecree {
		return nil, core.Invalid("calendar.file", "", "файл больше допустимого: 256 КБ")
	}
	raw = bytes.TrimSpace(bytes.TrimPrefix(raw, []byte("\ufeff")))
	d, faults := &Decree{}, &core.Faults{}
	if bytes.HasPrefix(raw, []byte("{")) {
		err = strictly(raw, d)
	} else {
		err = d.readCSV(raw, faults)
	}
	if err != nil {
		return nil, core.Invalid("calendar.file", "", "файл не читается: нужен JSON или строки вида 2027-02-22;выходной;примечание")
	}
	d.check(faults)
	return d, faults.Err("calendar.file")
}

func strictly(raw []byte, into any) error {
	decoder := json.NewDecoder(bytes.NewReader(raw))
	decoder.DisallowUnknownFields()
	if err := decoder.Decode(into); err != nil {
		return err
	}
	if _, err := decoder.Token(); !errors.Is(err, io.EOF) {
		return errors.New("more than one value")
	}
	return nil
}

func (d *Decree) readCSV(raw []byte, faults *core.Faults) error {
	table := csv.NewReader(bytes.NewReader(raw))
	table.FieldsPerRecord, table.TrimLeadingSpace = -1, true
	if table.Comma = ','; bytes.ContainsRune(raw, ';') {
		table.Comma = ';'
	}
	rows, err := table.ReadAll()
	if err != nil {
		return err
	}
	if len(rows) > 0 && slices.Contains([]string{"date", "дата"}, strings.ToLower(strings.TrimSpace(rows[0][0]))) {
		rows = rows[1:]
	}
	for i, row := range rows {
		if len(row) < 2 || len(row) > 3 {
			faults.Add(fmt.Sprintf("days.%d", i), "ожидаются дата, вид дня и примечание")
			row = append(row, "", "")
		}
		day := core.SpecialDay{Date: core.Date(strings.TrimSpace(row[0])), Kind: kindOfDay(row[1])}
		if len(row) > 2 {
			day.Note = strings.TrimSpace(row[2])
		}
		d.Days = append(d.Days, day)
	}
	return nil
}

// kindOfDay leaves a kind it does not know as it is: check names it.
func kindOfDay(text string) core.DayKind {
	text = strings.TrimSpace(text)
	if kind, ok := dayKinds[strings.ReplaceAll(strings.ToLower(text), "ё", "е")]; ok {
		return kind
	}
	return core.DayKind(text)
}

// check finds the year and names what is no day of it.
func (d *Decree) check(faults *core.Faults) {
	if len(d.Days) == 0 {
		faults.Add("days", "нет ни одного дня")
	}
	for i, day := range d.Days {
		field := fmt.Sprintf("days.%d", i)
		at, err := time.Parse(time.DateOnly, string(day.Date))
		switch {
		case err != nil:
			faults.Add(field+".date", "ожидается дата, например 2026-03-01")
		case d.Year != 0 && at.Year() != d.Year:
			faults.Add(field+".date", "в файле дни разных лет")
		default:
			d.Year = at.Year()
		}
		if !slices.Contains([]core.DayKind{core.DayHoliday, core.DayOff, core.DayWorking, core.DayShort}, day.Kind) {
			faults.Add(field+".kind", "нет такого значения")
		}
	}
}
