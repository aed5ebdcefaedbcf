import { MoreOutlined } from "@ant-design/icons"
import { Button, Dropdown } from "antd"
import { useState } from "react"
import { useKeys } from "../../../app/keys"
import { useCan } from "../../../app/session"
import { useTexts } from "../../../texts/i18n"
import { useAct } from "./act"
import { CloseDialog, HandDialog, OtherDialog, PlanDialog, RateDialog, RejectDialog } from "./dialogs"
import { MergeDialog } from "./MergeDialog"
import type { Card, Doc } from "./model"
import { words } from "./texts"

type Dialog = "hand" | "close" | "reject" | "other" | "split" | "merge" | "rate" | "plan"

/** Actions are what can be done with the appeal in its state; every one has a key. */
export function Actions(props: { card: Card; doc: Doc }) {
  const t = useTexts(words)
  const { doc } = props
  const can = useCan()
  const act = useAct(doc)
  const [dialog, setDialog] = useState<Dialog | null>(null)
  const { state, merged_into } = doc.appeal
  const over = ["answered", "closed", "rejected"].includes(state)
  const ended = state === "closed" || state === "rejected"
  const offers: { key: Dialog | "take" | "reopen" | "unmerge"; chord: string; title: string; on: boolean; run: () => void; first?: boolean }[] = [
    { key: "take", chord: "alt+W", title: t.take, on: !over && state !== "in_work", run: () => void act.run("take", undefined, t.done.take), first: true },
    { key: "close", chord: "alt+Z", title: t.close, on: !ended, run: () => setDialog("close"), first: true },
    { key: "hand", chord: "alt+P", title: t.hand, on: !over, run: () => setDialog("hand"), first: true },
    { key: "reopen", chord: "alt+O", title: t.reopen, on: over, run: () => void act.run("reopen", undefined, t.done.reopen), first: true },
    { key: "reject", chord: "alt+X", title: t.reject, on: !over, run: () => setDialog("reject") },
    { key: "other", chord: "alt+Q", title: t.other, on: !ended, run: () => setDialog("other") },
    { key: "split", chord: "alt+C", title: t.split, on: !ended, run: () => setDialog("split") },
    { key: "plan", chord: "alt+L", title: t.plan, on: state === "new" || state === "in_work" || state === "waiting", run: () => setDialog("plan") },
    { key: "merge", chord: "alt+M", title: t.merge, on: !over && !merged_into, run: () => setDialog("merge") },
    { key: "unmerge", chord: "alt+U", title: t.unmerge, on: !!merged_into, run: () => void act.run("unmerge", undefined, t.done.unmerge) },
    { key: "rate", chord: "alt+G", title: t.rate, on: over, run: () => setDialog("rate") },
  ]
  const open = can("appeals.write") ? offers.filter((o) => o.on) : []
  // A dialog has the keyboard to itself.
  useKeys(dialog ? {} : Object.fromEntries(open.map((o) => [o.chord, { title: o.title.toLowerCase(), run: o.run }])))
  if (open.length === 0) return null
  const rest = open.filter((o) => !o.first)
  const common = { doc, close: () => setDialog(null) }
  return (
    <>
      {open.filter((o) => o.first).map((o, i) => <Button key={o.key} type={i === 0 ? "primary" : "default"} loading={act.busy} onClick={o.run}>{o.title}</Button>)}
      {rest.length > 0 && (
        <Dropdown trigger={["click"]} menu={{ items: rest.map((o) => ({ key: o.key, label: o.title, onClick: o.run })) }}>
          <Button icon={<MoreOutlined />}>{t.more}</Button>
        </Dropdown>
      )}
      {dialog === "hand" && <HandDialog {...common} />}
      {dialog === "close" && <CloseDialog {...common} />}
      {dialog === "reject" && <RejectDialog {...common} />}
      {(dialog === "other" || dialog === "split") && <OtherDialog {...common} act={dialog} />}
      {dialog === "plan" && <PlanDialog {...common} />}
      {dialog === "rate" && <RateDialog {...common} />}
      {dialog === "merge" && <MergeDialog {...common} />}
    </>
  )
}
