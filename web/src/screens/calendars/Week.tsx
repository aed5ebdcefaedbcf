import { Form, Input, InputNumber, Modal, Switch } from "antd"
import { api, call, ifMatch, type Schema } from "../../api/client"
import { useOnce } from "../../api/once"
import { refresh } from "../../api/query"
import { RecordForm } from "../../parts/RecordForm"
import { toast } from "../../parts/toast"
import { useTexts } from "../../texts/i18n"
import { hoursText, parseHours } from "./days"
import { words } from "./texts"

type Calendar = Schema<"Calendar">
type Values = Omit<Schema<"CalendarInput">, "week"> & { hours: string[] }

const usual = ["09:00–18:00", "09:00–18:00", "09:00–18:00", "09:00–18:00", "09:00–18:00", "", ""]

/** Week edits a calendar but its years: name, working hours of the week, warnings; without one, a new calendar. */
export function Week(props: { calendar?: Calendar; close: (made?: string) => void }) {
  const t = useTexts(words)
  const { calendar: c } = props
  const initial: Partial<Values> = c
    ? { id: c.id, title: c.title, zone: c.zone, short_by: c.short_by, holidays: c.holidays, warn_days: c.warn_days, warn_percent: c.warn_percent, hours: c.week.map(hoursText) }
    : { zone: "+03:00", short_by: 60, holidays: true, warn_days: 1, warn_percent: 20, hours: usual }
  const once = useOnce()
  const save = async ({ hours, ...values }: Values) => {
    const body = { ...values, organization: c?.organization, id: c?.id ?? values.id, week: hours.map((h) => parseHours(h ?? "") ?? []) }
    const kept = await (c ? call(api.PUT("/api/v1/calendars/{id}", { params: { path: { id: c.id }, header: ifMatch(c) }, body })) : once((header) => call(api.POST("/api/v1/calendars", { params: { header }, body }))))
    toast.done(t.stored)
    void refresh("/api/v1/calendars")
    props.close(kept.id)
  }
  const written = { validator: (_: unknown, text?: string) => (parseHours(text ?? "") ? Promise.resolve() : Promise.reject(new Error(t.hoursBad))) }
  return (
    <Modal open title={c ? t.edit : t.add} footer={null} width={760} onCancel={() => props.close()}>
      <RecordForm<Values> title={c ? t.edit : t.add} initial={initial} save={save} cancel={() => props.close()} at={(field) => field.replace(/^week\b/, "hours")}>
        <div className="u-fields">
          <Form.Item name="title" label={t.fields.title} required><Input /></Form.Item>
          {!c && <Form.Item name="id" label={t.fields.id} required extra={t.idHint}><Input /></Form.Item>}
          <Form.Item name="zone" label={t.fields.zone} required><Input /></Form.Item>
          <Form.Item name="short_by" label={t.fields.short_by}><InputNumber controls={false} min={0} max={480} style={{ width: "100%" }} /></Form.Item>
          <Form.Item name="warn_days" label={t.fields.warn_days}><InputNumber controls={false} min={0} max={60} style={{ width: "100%" }} /></Form.Item>
          <Form.Item name="warn_percent" label={t.fields.warn_percent}><InputNumber controls={false} min={0} max={100} style={{ width: "100%" }} /></Form.Item>
          <Form.Item name="holidays" label={t.fields.holidays} valuePropName="checked"><Switch /></Form.Item>
        </div>
        <p className="u-quiet">{t.hours}: {t.hoursHint}</p>
        <div className="u-fields">{t.weekdaysLong.map((day, i) => <Form.Item key={day} name={["hours", i]} label={day} rules={[written]}><Input /></Form.Item>)}</div>
      </RecordForm>
    </Modal>
  )
}
