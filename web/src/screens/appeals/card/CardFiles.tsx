import { Button, Progress } from "antd"
import { type DragEvent, type ReactNode, useId, useState } from "react"
import { api, call } from "../../../api/client"
import { sendForm } from "../../../api/upload"
import { useCan } from "../../../app/session"
import { fileUrl, Files, type HubFile } from "../../../parts/Files"
import { toast } from "../../../parts/toast"
import { useTexts } from "../../../texts/i18n"
import { Box } from "./Box"
import { type Doc, reread } from "./model"
import { words } from "./texts"

/** filesOf are the files of the appeal that people look at. */
const filesOf = (doc: Doc) => doc.files?.filter((f) => f.role === "attachment") ?? []

/** CardFiles are the files of the appeal; more are chosen, or dropped anywhere on the card. */
export function CardFiles(props: { doc: Doc; share?: number; add: (files: File[]) => void }) {
  const t = useTexts(words)
  const id = useId()
  const can = useCan()
  const files = filesOf(props.doc)
  const choose = can("appeals.write") && (
    <>
      <input id={id} type="file" multiple className="u-hidden" onChange={(e) => { props.add([...(e.target.files ?? [])]); e.target.value = "" }} />
      <label htmlFor={id} className="a-choose">{t.addFiles}</label>
    </>
  )
  return (
    <Box title={t.files} extra={choose}>
      {files.length === 0 && <p className="u-quiet">{t.dropFiles}</p>}
      <Files files={files} url={(f) => fileUrl(props.doc.id, f)} />
      {props.share !== undefined && <Progress percent={Math.round(props.share * 100)} size="small" />}
    </Box>
  )
}

/** useUpload adds files to the appeal and tells how much of them has been sent. */
export function useUpload(doc: Doc) {
  const t = useTexts(words)
  const [share, setShare] = useState<number | undefined>(undefined)
  const add = async (files: File[]) => {
    if (files.length === 0) return
    setShare(0)
    try {
      await sendForm(`/api/v1/appeals/${doc.id}/files`, { data: {}, files }, setShare)
      toast.done(t.filesAdded(files.length))
    } catch (error) {
      toast.error(error)
    } finally {
      setShare(undefined)
      await reread()
    }
  }
  return { share, add }
}

/** DropZone is the whole card as a place to drop files on; boxes within that take files themselves keep theirs. */
export function DropZone(props: { drop: ((files: File[]) => void) | undefined; children: ReactNode }) {
  const [over, setOver] = useState(false)
  const bears = (e: DragEvent) => !!props.drop && e.dataTransfer.types.includes("Files") && !(e.target as Element).closest(".u-drop")
  const enter = (e: DragEvent) => {
    if (!bears(e)) return
    e.preventDefault()
    setOver(true)
  }
  const drop = (e: DragEvent) => {
    setOver(false)
    if (!bears(e)) return
    e.preventDefault()
    props.drop?.([...e.dataTransfer.files])
  }
  return <div className="a-card" data-over={over || undefined} tabIndex={-1} onDragOver={enter} onDragLeave={(e) => !e.currentTarget.contains(e.relatedTarget as Node | null) && setOver(false)} onDrop={drop}>{props.children}</div>
}

/** Adopt is the button beside a file of the correspondence that adds it to the appeal. */
export function Adopt(props: { doc: Doc; from: string; file: HubFile }) {
  const t = useTexts(words)
  const can = useCan()
  const { doc, from, file } = props
  if (!can("appeals.write") || filesOf(doc).some((f) => f.hash === file.hash && f.name === file.name)) return null
  const add = () => call(api.POST("/api/v1/appeals/{id}/files", { params: { path: { id: doc.id } }, body: { from: [{ document: from, hash: file.hash, name: file.name }] } })).then(() => { toast.done(t.filesAdded(1)); return reread() }, toast.error)
  return <Button size="small" type="link" aria-label={t.adoptFile(file.name)} onClick={() => void add()}>{t.adopt}</Button>
}
