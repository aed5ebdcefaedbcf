package directory_test

import (
	"bytes"
	"fmt"
	"slices"
	"strings"
	"testing"

	"golang.org/x/text/encoding/charmap"

	"github.com/uzel-hub/uzel/core"
	"github.com/uzel-hub/uzel/core/directory"
	"github.com/uzel-hub/uzel/core/internal/coretest"
	"github.com/uzel-hub/uzel/core/store"
)

func (d *desk) bring(name core.DirectoryName, file string, mode directory.ImportMode) directory.Report {
	d.t.Helper()
	r, err := d.Import(d.t.Context(), d.store, name, strings.NewReader(file), directory.FileForm{}, mode)
	if err != nil {
		d.t.Fatal(err)
	}
	return r
}

func (d *desk) export(name core.DirectoryName, form directory.FileForm) string {
	d.t.Helper()
	var out bytes.Buffer
	if err := d.Export(d.t.Context(), d.store, name, directory.Query{}, form, &out); err != nil {
		d.t.Fatal(err)
	}
	return out.String()
}

const threeTags = "Название;Цвет\nСрочно;Красный\n;Синий\nВода;мутный\nТепло;red\n"

func TestImportTellsEachBadRowAndTakesWhatItIsTold(t *testing.T) {
	want := []directory.RowFault{{3, "title", "обязательное поле"}, {4, "color", "нет такого значения"}}
	for _, c := range []struct {
		mode  directory.ImportMode
		taken bool
		tags  []string
	}{
		{directory.ImportCheck, false, nil},
		{directory.ImportAll, false, nil},
		{directory.ImportGood, true, []string{"Срочно", "Тепло"}},
	} {
		d := newDesk(t)
		r := d.bring(core.DirTags, threeTags, c.mode)
		if r.Taken != c.taken || r.Rows != 4 || r.Created != 2 || r.Bad != 2 || !slices.Equal(r.Faults, want) {
			t.Errorf("%s: %+v", c.mode, r)
		}
		if got := d.all(core.DirTags, directory.Query{}); !slices.Equal(got, c.tags) {
			t.Errorf("%s: tags %q", c.mode, got)
		}
	}
}

func TestExportedFileComesBackUnchangedInEveryForm(t *testing.T) {
	d := newDesk(t)
	coretest.Update(t, d.store, d.Seed)
	phone := d.list(core.DirSources, directory.Query{}).Items[0]
	group := d.create(core.DirReasonGroups, values{"title": "=1+1", "code": "water"})
	tag := d.create(core.DirTags, values{"title": "Срочно; очень"})
	calm := d.create(core.DirTags, values{"title": "'-спокойно"})
	d.create(core.DirReasons, values{
		"title": "Протечка, «кап-кап»", "code": "leak", "group": string(group.ID), "tags": []any{string(tag.ID), string(calm.ID)},
		"term": values{"kind": "working_days", "amount": 10.0}, "hours_by_source": values{string(phone.ID): 24.0}, "position": -1.5, "widget": true,
	})
	for _, form := range []directory.FileForm{
		{}, {Separator: ','}, {Encoding: directory.Windows1251}, {Encoding: directory.Windows1251, Separator: ','},
	} {
		for _, name := range []core.DirectoryName{core.DirReasons, core.DirTags, core.DirReasonGroups, core.DirSources, core.DirSupportLines} {
			file := d.export(name, form)
			r := d.bring(name, file, directory.ImportAll)
			if !r.Taken || r.Rows == 0 || r.Unchanged != r.Rows {
				t.Errorf("%s, %+v: %+v\n%s", name, form, r, file)
			}
		}
	}
	file := d.export(core.DirReasonGroups, directory.FileForm{})
	if !strings.Contains(file, ";'=1+1;") {
		t.Errorf("a table program would take it for a formula: %s", file)
	}
	if raw := d.export(core.DirTags, directory.FileForm{Encoding: directory.Windows1251}); strings.Contains(raw, "Срочно") {
		t.Error("windows-1251 is UTF-8")
	}
}

func TestRowWithAKnownKeyChangesTheEntryAndLeavesOtherFieldsAlone(t *testing.T) {
	d := newDesk(t)
	coretest.Update(t, d.store, d.Seed)
	r := d.bring(core.DirSources, "code,title\nphone,Звонок\nfax,Факс\ngis,ГИС ЖКХ\n", directory.ImportAll)
	if !r.Taken || r.Created != 1 || r.Updated != 1 || r.Unchanged != 1 {
		t.Fatalf("%+v", r)
	}
	e := d.list(core.DirSources, directory.Query{Where: values{"code": "phone"}}).Items[0]
	if e.Text("title") != "Звонок" || e.Values["planned"] != true {
		t.Errorf("values %v", e.Values)
	}
}

func TestRowsReferToRowsAboveAndNamesMustBeUnambiguous(t *testing.T) {
	d := newDesk(t)
	r := d.bring(core.DirArticles, "title;parent\nВода;\nХолодная;Вода\nХолодная;вода\nКран;Холодная\nТруба;Газ\n", directory.ImportGood)
	want := []directory.RowFault{
		{5, "parent", "таких записей несколько: назовите код или id"}, {6, "parent", "такой записи нет"},
	}
	if r.Created != 3 || !slices.Equal(r.Faults, want) {
		t.Errorf("%+v", r)
	}
}

func TestDoublesWithinAFileAreFound(t *testing.T) {
	d := newDesk(t)
	r := d.bring(core.DirOrganizations, "title;ИНН;ОГРН или ОГРНИП\nДом;7707083893;1027700132195\nДвор;7830002293;1027700132195\n", directory.ImportCheck)
	if !slices.Equal(r.Faults, []directory.RowFault{{3, "ogrn", "такое значение уже есть"}}) {
		t.Errorf("%+v", r)
	}
}

func TestUnknownIDAndMisplacedQuotesAreTold(t *testing.T) {
	d := newDesk(t)
	r := d.bring(core.DirTags, "id;title\nent_no;Вода\n;Тепло\n;\"Газ\"ы\n;Свет\n", directory.ImportGood)
	if r.Taken || r.Bad != 2 || len(r.Faults) != 2 || r.Faults[0].Line != 2 || r.Faults[1].Line != 4 {
		t.Errorf("a file that cannot be read to its end was taken: %+v", r)
	}
}

func TestFileThatIsNoneIsRefused(t *testing.T) {
	d := newDesk(t)
	for name, file := range map[string]string{
		"empty":          "",
		"unknown column": "title;возраст\n",
		"column twice":   "title;Название\n",
		"files":          "title;файлы\n",
		"too many rows":  "title\n" + strings.Repeat("x\n", 10_001),
		"too large":      "title\n" + strings.Repeat("x", directory.MaxImportBytes),
	} {
		_, err := d.Import(t.Context(), d.store, core.DirOrganizations, strings.NewReader(file), directory.FileForm{}, directory.ImportCheck)
		if core.KindOf(err) != core.KindInvalid {
			t.Errorf("%s: %v", name, err)
		}
	}
	_, err := d.Import(t.Context(), d.store, core.DirTags, strings.NewReader("title\n\xcf\n"), directory.FileForm{Encoding: directory.UTF8}, directory.ImportCheck)
	wantKind(t, err, core.KindInvalid)
}

func TestExportOfManyPagesIsWhole(t *testing.T) {
	d := newDesk(t)
	const n = 2500
	coretest.Update(t, d.store, func(tx store.Tx) error {
		for i := range n {
			if _, err := d.Create(tx, core.DirTags, directory.Draft{Values: values{"title": fmt.Sprintf("Тег %04d", i)}}); err != nil {
				return err
			}
		}
		return nil
	})
	file := d.export(core.DirTags, directory.FileForm{})
	for i := range n {
		if !strings.Contains(file, fmt.Sprintf(";Тег %04d;", i)) {
			t.Fatalf("tag %d is missing", i)
		}
	}
	if got := strings.Count(file, "\r\n"); got != n+1 {
		t.Errorf("%d lines", got)
	}
}

// FuzzImport: whatever a file holds, an import neither fails inside nor takes
// what it calls bad, and what it takes comes back the same.
func FuzzImport(f *testing.F) {
	f.Add([]byte(threeTags))
	f.Add([]byte("id,title\nent_1,x\n,'=1\n"))
	f.Add([]byte("\xef\xbb\xbftitle;color\n\"a\nb\";\n"))
	cp1251, _ := charmap.Windows1251.NewEncoder().Bytes([]byte(threeTags))
	f.Add(cp1251)
	f.Fuzz(func(t *testing.T, file []byte) {
		d := newDesk(t)
		r, err := d.Import(t.Context(), d.store, core.DirTags, bytes.NewReader(file), directory.FileForm{}, directory.ImportGood)
		if err != nil {
			wantKind(t, err, core.KindInvalid)
			return
		}
		if r.Created+r.Updated+r.Unchanged+r.Bad != r.Rows {
			t.Fatalf("rows do not add up: %+v", r)
		}
		if tags := d.all(core.DirTags, directory.Query{}); r.Taken && len(tags) != r.Created {
			t.Fatalf("%d tags of %+v", len(tags), r)
		}
		again := d.bring(core.DirTags, d.export(core.DirTags, directory.FileForm{}), directory.ImportAll)
		if again.Unchanged != again.Rows {
			t.Fatalf("came back changed: %+v", again)
		}
	})
}
