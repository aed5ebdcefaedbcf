import { Button, Form, Input } from "antd"
import { api, call } from "../../api/client"
import { useOnce } from "../../api/once"
import { refresh, useGet } from "../../api/query"
import { Async } from "../../parts/Async"
import { RecordForm } from "../../parts/RecordForm"
import { useTexts } from "../../texts/i18n"
import { words } from "./texts"

type Values = { title: string; inn?: string; phone?: string; email?: string }
const path = { name: "organizations" }

/** OrganizationStep asks for the organisation, or shows that there is one. */
export function OrganizationStep(props: { next: (id?: string) => void }) {
  const t = useTexts(words)
  const query = useGet("/api/v1/directories/{name}/entries", { params: { path, query: { limit: 1 } } })
  const once = useOnce()
  const save = async (values: Values) => {
    const made = await once((header) => call(api.POST("/api/v1/directories/{name}/entries", { params: { path, header }, body: { values } })))
    void refresh("/api/v1/directories/{name}/entries")
    props.next(made.id)
  }
  return (
    <Async query={query}>
      {({ items: [had] }) => had ? (
        <>
          <p>{t.organizationHas(String(had.values.title))}</p>
          <Button type="primary" onClick={() => props.next(had.id)}>{t.next}</Button>
        </>
      ) : (
        <>
          <p>{t.organizationText}</p>
          <RecordForm<Values> title={t.steps.organization} save={save} saveTitle={t.next} extra={<Button type="link" onClick={() => props.next()}>{t.skip}</Button>}>
            <Form.Item name="title" label={t.orgTitle} rules={[{ required: true, message: t.required }]}><Input autoFocus /></Form.Item>
            <div className="u-fields">
              <Form.Item name="inn" label={t.orgInn}><Input inputMode="numeric" /></Form.Item>
              <Form.Item name="phone" label={t.orgPhone}><Input type="tel" /></Form.Item>
              <Form.Item name="email" label={t.orgEmail}><Input type="email" /></Form.Item>
            </div>
          </RecordForm>
        </>
      )}
    </Async>
  )
}
