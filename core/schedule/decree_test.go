package schedule_test

import (
	"errors"
	"reflect"
	"strings"
	"testing"

	"github.com/uzel-hub/uzel/core"
	"github.com/uzel-hub/uzel/core/schedule"
)

const (
	decreeCSV  = "\ufeffДата;Вид;Примечание\r\n2027-02-20;рабочий;вместо 22 февраля\r\n2027-02-22;Выходной\r\n2027-11-03;сокращённый;\r\n"
	decreeJSON = `{"basis":"Постановление","days":[{"date":"2027-02-20","kind":"working","note":"вместо 22 февраля"},{"date":"2027-02-22","kind":"day_off"},{"date":"2027-11-03","kind":"short"}]}`
)

func TestADecreeIsReadFromAFile(t *testing.T) {
	for _, file := range []string{decreeCSV, decreeJSON, "2027-02-20,working,вместо 22 февраля\n2027-02-22,day_off\n2027-11-03,short\n"} {
		d, err := schedule.ReadDecree(strings.NewReader(file))
		if err != nil {
			t.Fatalf("%v in\n%s", err, file)
		}
		if d.Year != 2027 || len(d.Days) != 3 || !reflect.DeepEqual(d.Days[0], core.SpecialDay{Date: "2027-02-20", Kind: core.DayWorking, Note: "вместо 22 февраля"}) ||
			d.Days[1].Kind != core.DayOff || d.Days[2].Kind != core.DayShort {
			t.Errorf("%+v of\n%s", d, file)
		}
	}
}

func TestFaultsOfADecreeAreNamedAtOnce(t *testing.T) {
	_, err := schedule.ReadDecree(strings.NewReader("2027-02-20;рабочий\n20.02.2027;выходной\n2027-02-22;отгул\n2028-01-01;выходной\n2027-03-08\n"))
	e, ok := errors.AsType[*core.Error](err)
	if !ok || e.Kind != core.KindInvalid {
		t.Fatalf("%v", err)
	}
	var fields []string
	for _, f := range e.Faults {
		fields = append(fields, f.Field)
	}
	if got := strings.Join(fields, " "); got != "days.4 days.1.date days.2.kind days.3.date days.4.kind" {
		t.Errorf("faults of %s", got)
	}
	for _, bad := range []string{"", "{}", `{"days":[],"year":1}`, `{"days":[]} {}`, "\"", strings.Repeat("x", 300<<10)} {
		if _, err := schedule.ReadDecree(strings.NewReader(bad)); core.KindOf(err) != core.KindInvalid {
			t.Errorf("%.20q: %v", bad, err)
		}
	}
}

func FuzzReadDecree(f *testing.F) {
	f.Add(decreeCSV)
	f.Add(decreeJSON)
	f.Add("2027-02-22;выходной")
	f.Fuzz(func(t *testing.T, file string) {
		d, err := schedule.ReadDecree(strings.NewReader(file))
		if err == nil && (d.Year == 0 || len(d.Days) == 0) {
			t.Errorf("%+v", d)
		}
		if err != nil && core.KindOf(err) != core.KindInvalid {
			t.Errorf("%v", err)
		}
	})
}
