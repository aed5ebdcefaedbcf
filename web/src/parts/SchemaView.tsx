import { date, dateTime } from "../texts/dates"
import { number, texts, useTexts } from "../texts/i18n"
import { fieldsOf, type JsonSchema, type Values } from "./schema/schema"

const words = texts({ ru: { yes: "да", no: "нет", none: "Пусто" }, en: { yes: "yes", no: "no", none: "Empty" } })

/** SchemaView shows values by their schema: what an operation of a connector has answered. Lists of objects are tables. */
export function SchemaView(props: { schema: JsonSchema; value: Values }) {
  const fields = fieldsOf(props.schema).filter(([name]) => props.value[name] !== undefined)
  const [plain, large] = [fields.filter(([, f]) => !isLarge(f)), fields.filter(([, f]) => isLarge(f))]
  return (
    <div className="u-view">
      {plain.length > 0 && (
        <dl className="u-facts">
          {plain.map(([name, f]) => <div key={name}><dt>{f.title ?? name}</dt><dd><Value schema={f} value={props.value[name]} /></dd></div>)}
        </dl>
      )}
      {large.map(([name, f]) => (
        <section key={name}>
          <h4>{f.title ?? name}</h4>
          {f.items ? <Rows schema={f.items} rows={props.value[name] as Values[]} label={f.title ?? name} /> : <SchemaView schema={f} value={props.value[name] as Values} />}
        </section>
      ))}
    </div>
  )
}

const isLarge = (s: JsonSchema) => !!s.properties || !!s.items?.properties

function Rows(props: { schema: JsonSchema; rows: Values[]; label: string }) {
  const t = useTexts(words)
  const fields = fieldsOf(props.schema)
  if (props.rows.length === 0) return <p className="u-quiet">{t.none}</p>
  return (
    <div className="u-table-box">
      <table className="u-table" aria-label={props.label}>
        <thead><tr>{fields.map(([name, f]) => <th key={name} scope="col">{f.title ?? name}</th>)}</tr></thead>
        <tbody>
          {props.rows.map((row, i) => <tr key={i}>{fields.map(([name, f]) => <td key={name}><Value schema={f} value={row[name]} /></td>)}</tr>)}
        </tbody>
      </table>
    </div>
  )
}

function Value(props: { schema: JsonSchema; value: unknown }) {
  const t = useTexts(words)
  const { schema: s, value } = props
  if (value === undefined || value === null || value === "") return "—"
  if (typeof value === "boolean") return value ? t.yes : t.no
  if (s.enum) return s["x-enum-titles"]?.[s.enum.indexOf(value as string)] ?? String(value)
  if (typeof value === "number") return number(value)
  if (s.format === "date") return date(String(value))
  if (s.format === "date-time") return dateTime(String(value))
  return Array.isArray(value) ? value.join(", ") : String(value)
}
