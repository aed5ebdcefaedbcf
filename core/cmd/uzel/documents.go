package main

import (
	"bytes"
	"encoding/json"
	"fmt"
	"io"
	"mime/multipart"
	"net/http"
	"net/url"
	"os"
	"path/filepath"

	"github.com/spf13/cobra"

	"github.com/uzel-hub/uzel/core"
)

func (c *cli) documents() *cobra.Command {
	cmd := &cobra.Command{Use: "document", Short: "документы: список, карточка, ответ"}
	cmd.AddCommand(c.documentList(), c.documentShow(), c.documentReply())
	return cmd
}

func (c *cli) documentList() *cobra.Command {
	limit := 0
	filters := map[string]*string{}
	cmd := &cobra.Command{
		Use: "list", Short: "документы, новые сверху", Args: cobra.NoArgs,
		RunE: func(cmd *cobra.Command, _ []string) error {
			query := url.Values{}
			for name, value := range filters {
				if *value != "" {
					query.Set(name, *value)
				}
			}
			p, err := c.list(cmd.Context(), "/api/v1/documents", query, limit)
			if err != nil {
				return err
			}
			return c.table(p, column{"номер", "number.text"}, column{"дата", "created_at"}, column{"состояние", "state"},
				column{"отправитель", "sender.name"}, column{"тема", "subject"}, column{"файлов", "files"}, column{"id", "id"})
		},
	}
	cmd.Flags().IntVar(&limit, "limit", 50, "сколько показать")
	for name, help := range map[string]string{
		"direction": "incoming, outgoing, internal", "state": "состояние", "channel": "канал", "thread": "переписка",
		"mark": "пометка: quarantine, bounce …", "number": "регистрационный номер", "sender": "адрес отправителя",
	} {
		filters[name] = cmd.Flags().String(name, "", help)
	}
	return cmd
}

// documentPath finds a document by its id or by its number.
func (c *cli) documentPath(cmd *cobra.Command, name string) (string, error) {
	if len(name) > 4 && name[:4] == "doc_" {
		return "/api/v1/documents/" + url.PathEscape(name), nil
	}
	p, err := c.list(cmd.Context(), "/api/v1/documents", url.Values{"number": {name}}, 2)
	if err != nil {
		return "", err
	}
	if len(p.Items) != 1 {
		return "", core.NotFound("document.number", fmt.Sprintf("документов с номером «%s»: %d", name, len(p.Items)))
	}
	return "/api/v1/documents/" + text(p.Items[0]["id"]), nil
}

func (c *cli) documentShow() *cobra.Command {
	return &cobra.Command{
		Use: "show NUMBER|ID", Short: "карточка документа", Args: cobra.ExactArgs(1),
		RunE: func(cmd *cobra.Command, args []string) error {
			path, err := c.documentPath(cmd, args[0])
			if err != nil {
				return err
			}
			var card object
			if err := c.call(cmd.Context(), http.MethodGet, path, nil, &card); err != nil {
				return err
			}
			if c.json {
				return c.dump(card)
			}
			return c.printDocument(card)
		},
	}
}

func (c *cli) printDocument(card object) error {
	doc, _ := card["document"].(object)
	err := c.card(doc,
		column{"Номер", "number.text"}, column{"Дата", "number.date"}, column{"Состояние", "state"}, column{"Тема", "subject"},
		column{"Отправитель", "sender"}, column{"Получатели", "recipients"}, column{"Канал", "channel"}, column{"Реквизиты", "fields"},
		column{"Пометки", "marks"}, column{"id", "id"})
	if err != nil {
		return err
	}
	c.say("\n%s", text(doc["text"]))
	for _, section := range []struct {
		title   string
		items   any
		columns []column
	}{
		{"Файлы", doc["files"], []column{{"имя", "name"}, {"байт", "size"}, {"вид", "role"}, {"hash", "hash"}}},
		{"Отправки", card["deliveries"], []column{{"состояние", "state"}, {"канал", "channel"}, {"попыток", "attempts"}, {"ошибка", "last_error"}, {"id", "id"}}},
		{"Переписка", card["thread"], []column{{"номер", "number.text"}, {"дата", "created_at"}, {"тема", "subject"}, {"id", "id"}}},
	} {
		p := page{Items: objects(section.items)}
		if len(p.Items) == 0 {
			continue
		}
		c.say("\n%s", section.title)
		if err := c.table(p, section.columns...); err != nil {
			return err
		}
	}
	return nil
}

func objects(v any) []object {
	list, _ := v.([]any)
	var out []object
	for _, item := range list {
		if o, ok := item.(object); ok {
			out = append(out, o)
		}
	}
	return out
}

func (c *cli) documentReply() *cobra.Command {
	var textFlag string
	var files []string
	cmd := &cobra.Command{
		Use: "reply NUMBER|ID", Short: "ответить: текст в --text или со стандартного ввода", Args: cobra.ExactArgs(1),
		RunE: func(cmd *cobra.Command, args []string) error {
			path, err := c.documentPath(cmd, args[0])
			if err != nil {
				return err
			}
			if textFlag == "" {
				raw, err := io.ReadAll(c.in)
				if err != nil {
					return err
				}
				textFlag = string(raw)
			}
			form, kind, err := replyForm(textFlag, files)
			if err != nil {
				return err
			}
			res, err := c.do(cmd.Context(), http.MethodPost, path+"/reply", http.Header{"Content-Type": {kind}}, form)
			if err != nil {
				return err
			}
			defer res.Body.Close() //nolint:errcheck // only read
			var out object
			if err := json.NewDecoder(res.Body).Decode(&out); err != nil {
				return err
			}
			if c.json {
				return c.dump(out)
			}
			c.say("ответ зарегистрирован: %s, отправка %s", text(at(out, "document.number.text")), text(at(out, "delivery.id")))
			return nil
		},
	}
	cmd.Flags().StringVar(&textFlag, "text", "", "текст ответа")
	cmd.Flags().StringArrayVar(&files, "file", nil, "приложить файл (можно несколько)")
	return cmd
}

func replyForm(text string, files []string) (io.Reader, string, error) {
	var buf bytes.Buffer
	form := multipart.NewWriter(&buf)
	data, err := json.Marshal(object{"text": text})
	if err != nil {
		return nil, "", err
	}
	if err := form.WriteField("data", string(data)); err != nil {
		return nil, "", err
	}
	for _, path := range files {
		raw, err := os.ReadFile(path)
		if err != nil {
			return nil, "", err
		}
		part, err := form.CreateFormFile("file", filepath.Base(path))
		if err != nil {
			return nil, "", err
		}
		if _, err := part.Write(raw); err != nil {
			return nil, "", err
		}
	}
	return &buf, form.FormDataContentType(), form.Close()
}
