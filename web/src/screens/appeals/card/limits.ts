import type { Schema } from "../../../api/client"
import { size } from "../../../texts/i18n"
import type { Words } from "./texts"

type Channel = Pick<Schema<"Channel">, "id" | "carries">

/** An answer before it is sent. */
export type Answer = { text: string; files: readonly { name: string; size: number; type: string }[] }

/** answers tells that the channel takes answers out at all. */
export const answers = (channel: Channel) => !channel.carries || channel.carries.purposes.includes("answer")

/** bounds are what the channel can carry at most, in words. */
export function bounds(t: Words["limits"], channel: Channel): string[] {
  const l = channel.carries?.limits ?? {}
  return [
    t.plain,
    l.text_runes ? t.text(l.text_runes) : "",
    l.files ? t.files(l.files) : "",
    l.file_bytes ? t.file(size(l.file_bytes)) : "",
    l.message_bytes ? t.all(size(l.message_bytes)) : "",
    l.file_types?.length ? t.types(l.file_types.join(", ")) : "",
    l.knows_read ? t.read : l.knows_delivered ? t.delivered : t.blind,
  ].filter(Boolean)
}

/** hurdles are why the channel cannot carry the answer; none: it can. `own`: the resident wrote by this channel. */
export function hurdles(t: Words["limits"], channel: Channel, answer: Answer, own: boolean): string[] {
  const l = channel.carries?.limits
  if (!l) return []
  const out: string[] = []
  if (!answers(channel)) out.push(t.noAnswers)
  if (!own && !l.may_write_first) out.push(t.notFirst)
  const runes = [...answer.text].length
  if (l.text_runes && runes > l.text_runes) out.push(t.longText(runes, l.text_runes))
  if (l.files && answer.files.length > l.files) out.push(t.manyFiles(answer.files.length, l.files))
  for (const f of answer.files) {
    if (l.file_bytes && f.size > l.file_bytes) out.push(t.bigFile(f.name, size(l.file_bytes)))
    if (l.file_types?.length && !l.file_types.some((type) => fits(type, f))) out.push(t.wrongType(f.name))
  }
  const total = new TextEncoder().encode(answer.text).length + answer.files.reduce((sum, f) => sum + f.size, 0)
  if (l.message_bytes && total > l.message_bytes) out.push(t.tooMuch(size(total), size(l.message_bytes)))
  return out
}

/** fits tells whether a file is of a type: a media type, with or without its second half, or an extension. */
function fits(type: string, file: { name: string; type: string }): boolean {
  const wanted = type.toLowerCase()
  if (wanted.endsWith("/*")) return file.type.startsWith(wanted.slice(0, -1))
  return file.type === wanted || file.name.toLowerCase().endsWith(`.${wanted.replace(/^\./, "")}`)
}
