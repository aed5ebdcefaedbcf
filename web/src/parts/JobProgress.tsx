import { Button, Progress } from "antd"
import { api, call } from "../api/client"
import { useEvents } from "../api/events"
import { refresh, useGet } from "../api/query"
import { number, texts, useTexts } from "../texts/i18n"
import { Async } from "./Async"
import { confirm, toast } from "./toast"

const words = texts({
  ru: {
    cancel: "Остановить", undo: "Отменить сделанное", undoAsk: "Вернуть всё, как было до этой операции?", done: (n: number, of: number) => `Сделано ${n} из ${of}`,
    failed: (n: number) => `не получилось: ${number(n)}`, states: { running: "Выполняется", done: "Готово", cancelled: "Остановлено", undoing: "Возвращается", undone: "Возвращено" },
  },
  en: {
    cancel: "Stop", undo: "Undo what was done", undoAsk: "Put everything back as it was before this operation?", done: (n: number, of: number) => `${n} of ${of} done`,
    failed: (n: number) => `${n} failed`, states: { running: "Running", done: "Done", cancelled: "Stopped", undoing: "Being undone", undone: "Undone" },
  },
})

const path = "/api/v1/mass-runs/{id}"

/** JobProgress follows a mass operation live: how far it is, what failed, stop, undo. */
export function JobProgress(props: { of: string }) {
  const t = useTexts(words)
  const params = { path: { id: props.of } }
  const query = useGet(path, { params })
  useEvents(["mass.updated"], (e) => e.key === props.of && void refresh(path))
  const act = (pending: Promise<unknown>) => pending.then(() => refresh(path), toast.error)
  const stop = () => act(call(api.POST("/api/v1/mass-runs/{id}/cancel", { params })))
  const undo = async () => (await confirm({ title: t.undoAsk, yes: t.undo, danger: true })) && act(call(api.POST("/api/v1/mass-runs/{id}/undo", { params })))
  return (
    <Async query={query}>
      {(run) => (
        <div role="status">
          <div><b>{run.title}</b> <span className="u-quiet">{t.states[run.state]}</span></div>
          <Progress percent={run.total ? Math.floor(((run.done + run.failed) / run.total) * 100) : 100} status={run.failed ? "exception" : undefined} />
          <div className="u-form-do">
            <span>{t.done(run.done, run.total)}</span>
            {run.failed > 0 && <span className="u-fault">{t.failed(run.failed)}</span>}
            <span className="u-gap" />
            {run.state === "running" && <Button size="small" onClick={stop}>{t.cancel}</Button>}
            {run.undoable && run.state !== "running" && <Button size="small" onClick={undo}>{t.undo}</Button>}
          </div>
        </div>
      )}
    </Async>
  )
}
