import { App } from "antd"
import type { MessageInstance } from "antd/es/message/interface"
import type { HookAPI } from "antd/es/modal/useModal"
import type { ReactNode } from "react"
import { ApiError } from "../api/errors"
import { say, texts } from "../texts/i18n"
import { namePath } from "./save/faults"
import { labelled, spoken } from "./save/names"

const words = texts({
  ru: { yes: "Да", cancel: "Отмена", offline: "Нет связи с сервером, не сохранено", failed: "Не получилось" },
  en: { yes: "Yes", cancel: "Cancel", offline: "No connection to the server, not saved", failed: "It did not work" },
})

const shown: { message?: MessageInstance; modal?: HookAPI } = {}

/** Toaster gives toast and confirm their place on the page; App draws it once. */
export function Toaster() {
  const { message, modal } = App.useApp()
  shown.message = message
  shown.modal = modal
  return null
}

/** toast says briefly that something was done or was not. */
export const toast = {
  done: (text: string) => void shown.message?.success(text),
  info: (text: string) => void shown.message?.info(text),
  warn: (text: string) => void shown.message?.warning(text, 6),
  /** error shows what the hub said, for actions without a form of their own. */
  error: (error: unknown) => void shown.message?.error(explain(error), 8),
}

/** explain is the text of an error for people: the hub's own words, with every fault. */
export function explain(error: unknown): string {
  const t = say(words)
  if (!(error instanceof ApiError)) return t.failed
  if (error.kind === "offline") return t.offline
  const faults = error.faults.filter((f) => !error.message.includes(f.text)).map((f) => labelled(spoken(namePath(f.field)), f.text))
  return [error.message, ...faults].join("; ")
}

/** confirm asks before what cannot be taken back; `danger` colours the button. */
export function confirm(question: { title: string; text?: ReactNode; yes?: string; danger?: boolean }): Promise<boolean> {
  const t = say(words)
  return new Promise((resolve) => {
    shown.modal?.confirm({
      title: question.title,
      content: question.text,
      okText: question.yes ?? t.yes,
      cancelText: t.cancel,
      okButtonProps: { danger: question.danger },
      autoFocusButton: question.danger ? "cancel" : "ok",
      onOk: () => resolve(true),
      onCancel: () => resolve(false),
    })
  })
}
