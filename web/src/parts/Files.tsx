import { DownloadOutlined, FileImageOutlined, FileOutlined, FilePdfOutlined, FileTextOutlined, InboxOutlined, PaperClipOutlined, SafetyCertificateOutlined } from "@ant-design/icons"
import { Button, Modal, Progress } from "antd"
import { type DragEvent, type ReactNode, useEffect, useId, useState } from "react"
import type { Schema } from "../api/client"
import { size, texts, useTexts } from "../texts/i18n"

const words = texts({
  ru: {
    look: "Посмотреть", save: (name: string) => `Скачать ${name}`, remove: (name: string) => `Убрать ${name}`, drop: "Перетащите файлы сюда или выберите", large: "Файл больше, чем принимает канал",
    prev: "Предыдущий", next: "Следующий", failed: "Не удалось показать", download: "Скачать", signs: (name: string) => `подпись файла ${name}`,
  },
  en: {
    look: "Look at", save: (name: string) => `Download ${name}`, remove: (name: string) => `Remove ${name}`, drop: "Drop files here or choose them", large: "The file is larger than the channel takes",
    prev: "Previous", next: "Next", failed: "It could not be shown", download: "Download", signs: (name: string) => `signature of ${name}`,
  },
})

/** A file as the hub describes it. */
export type HubFile = Schema<"File">

/** fileUrl is where a file of a document is; of other things, replace the collection: "tasks". */
export function fileUrl(owner: string, file: HubFile, collection = "documents"): string {
  return `/api/v1/${collection}/${owner}/files/${file.hash}?name=${encodeURIComponent(file.name)}`
}

type Look = "image" | "pdf" | "text"

/** lookOf is how a browser can show a file in place; undefined: it can only be saved. */
export function lookOf(file: Pick<HubFile, "media_type">): Look | undefined {
  const media = file.media_type.split(";")[0]!.trim()
  if (["image/png", "image/jpeg", "image/gif", "image/webp"].includes(media)) return "image"
  if (media === "application/pdf") return "pdf"
  return media === "text/plain" ? "text" : undefined
}

/**
 * Files lists files: pictures as thumbnails, a click looks at what can be shown (pictures, PDF,
 * text), everything can be saved. `action` draws something beside a file, «Добавить в обращение».
 */
export function Files(props: { files: readonly HubFile[]; url: (file: HubFile) => string; action?: (file: HubFile) => ReactNode }) {
  const [shown, setShown] = useState<HubFile | null>(null)
  return (
    <>
      <ul className="u-files">
        {props.files.map((f) => <Item key={f.hash + f.name} file={f} url={props.url(f)} look={() => setShown(f)} action={props.action?.(f)} />)}
      </ul>
      {shown && <Preview files={props.files.filter(lookOf)} shown={shown} url={props.url} show={setShown} />}
    </>
  )
}

function Item(props: { file: HubFile; url: string; look: () => void; action?: ReactNode }) {
  const t = useTexts(words)
  const { file: f } = props
  const look = lookOf(f)
  const face = <><span className="u-file-face" aria-hidden="true"><Face file={f} url={props.url} /></span><span className="u-file-name">{f.name}<small>{[size(f.size), f.signs && t.signs(f.signs), f.note].filter(Boolean).join(" · ")}</small></span></>
  return (
    <li>
      {look ? <button type="button" className="u-file" onClick={props.look}><span className="u-hidden">{t.look} </span>{face}</button> : <a className="u-file" href={props.url} download={f.name}>{face}</a>}
      {look && <Button type="text" size="small" icon={<DownloadOutlined />} aria-label={t.save(f.name)} href={props.url} download={f.name} />}
      {props.action}
    </li>
  )
}

function Face(props: { file: HubFile; url: string }) {
  const look = lookOf(props.file)
  if (look === "image") return <img src={`${props.url}&inline=true`} alt="" loading="lazy" />
  if (props.file.role === "signature") return <SafetyCertificateOutlined />
  return { pdf: <FilePdfOutlined />, text: <FileTextOutlined />, none: <FileOutlined /> }[look ?? "none"]
}

function Preview(props: { files: readonly HubFile[]; shown: HubFile; url: (file: HubFile) => string; show: (file: HubFile | null) => void }) {
  const t = useTexts(words)
  const { files, shown } = props
  const at = files.indexOf(shown)
  const step = (by: number) => props.show(files[(at + by + files.length) % files.length] ?? null)
  const url = props.url(shown)
  useEffect(() => {
    const press = (e: KeyboardEvent) => {
      if (e.key === "ArrowRight") step(1)
      if (e.key === "ArrowLeft") step(-1)
    }
    document.addEventListener("keydown", press)
    return () => document.removeEventListener("keydown", press)
  })
  const foot = (
    <div className="u-form-do">
      {files.length > 1 && <><Button onClick={() => step(-1)}>{t.prev}</Button><span>{at + 1} / {files.length}</span><Button onClick={() => step(1)}>{t.next}</Button></>}
      <span className="u-gap" />
      <Button icon={<DownloadOutlined />} href={url} download={shown.name}>{t.download}</Button>
    </div>
  )
  return (
    <Modal open title={shown.name} width="min(1100px, 94vw)" style={{ top: 24 }} footer={foot} onCancel={() => props.show(null)}>
      <div className="u-preview"><Shown file={shown} url={`${url}&inline=true`} /></div>
    </Modal>
  )
}

function Shown(props: { file: HubFile; url: string }) {
  switch (lookOf(props.file)) {
    case "image":
      return <img src={props.url} alt={props.file.name} />
    case "pdf":
      return <iframe src={props.url} title={props.file.name} />
    default:
      return <Text url={props.url} />
  }
}

function Text(props: { url: string }) {
  const t = useTexts(words)
  const [text, setText] = useState("")
  useEffect(() => {
    const stop = new AbortController()
    fetch(props.url, { signal: stop.signal }).then((r) => (r.ok ? r.text() : t.failed)).then(setText, () => setText(t.failed))
    return () => stop.abort()
  }, [props.url, t])
  return <pre>{text}</pre>
}

/**
 * FileDrop collects files to send with a form: dropped, chosen, or pasted by the caller. `share` is
 * how much of them is sent, 0 to 1; `largest` in bytes marks what a channel does not take.
 */
export function FileDrop(props: { value: File[]; onChange: (files: File[]) => void; share?: number; largest?: number; small?: boolean }) {
  const t = useTexts(words)
  const id = useId()
  const [over, setOver] = useState(false)
  const add = (files: FileList | null) => files && props.onChange([...props.value, ...files])
  const drop = (e: DragEvent) => {
    e.preventDefault()
    setOver(false)
    add(e.dataTransfer.files)
  }
  return (
    <div className="u-drop" data-over={over || undefined} data-small={props.small || undefined} onDragOver={(e) => { e.preventDefault(); setOver(true) }} onDragLeave={() => setOver(false)} onDrop={drop}>
      <input id={id} type="file" multiple className="u-hidden" onChange={(e) => { add(e.target.files); e.target.value = "" }} />
      <label htmlFor={id}>{props.small ? <PaperClipOutlined /> : <InboxOutlined />} {t.drop}</label>
      {props.value.length > 0 && (
        <ul className="u-files">
          {props.value.map((f, i) => (
            <li key={`${f.name}${i}`}>
              <span className="u-file">{f.type.startsWith("image/") ? <FileImageOutlined /> : <FileOutlined />}<span className="u-file-name">{f.name}<small>{size(f.size)}{props.largest !== undefined && f.size > props.largest && <b className="u-fault"> {t.large}</b>}</small></span></span>
              <Button type="text" size="small" aria-label={t.remove(f.name)} onClick={() => props.onChange(props.value.toSpliced(i, 1))}>×</Button>
            </li>
          ))}
        </ul>
      )}
      {props.share !== undefined && <Progress percent={Math.round(props.share * 100)} size="small" />}
    </div>
  )
}
