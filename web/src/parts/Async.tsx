import { Button } from "antd"
import type { ReactNode } from "react"
import type { ApiError } from "../api/errors"
import { texts, useTexts } from "../texts/i18n"

const words = texts({
  ru: {
    loading: "Загрузка…", retry: "Повторить", empty: "Пока ничего нет", offline: "Сервер не отвечает", missing: "Не найдено: удалено или ссылка неверна",
    denied: "Нет доступа", failed: "Не удалось загрузить", number: (n: string) => `Номер записи в журнале: ${n}`,
  },
  en: {
    loading: "Loading…", retry: "Try again", empty: "Nothing yet", offline: "The server does not answer", missing: "Not found: deleted, or the link is wrong",
    denied: "No access", failed: "Could not be loaded", number: (n: string) => `Number in the log: ${n}`,
  },
})

type Query<T> = { data: T | undefined; error: ApiError | null; isPending: boolean; refetch: () => unknown }

/**
 * Async shows what a query has brought, or that it is on its way, failed or brought nothing. Data
 * that is already there stays while it is read again, whatever comes of it.
 */
export function Async<T>(props: { query: Query<T>; empty?: (data: T) => boolean; nothing?: ReactNode; children: (data: T) => ReactNode }) {
  const t = useTexts(words)
  const { data, error, refetch } = props.query
  if (data === undefined) return error ? <Failed error={error} retry={() => void refetch()} /> : <Loading />
  if (props.empty?.(data)) return props.nothing ?? <Empty text={t.empty} />
  return props.children(data)
}

/** Loading is shown after a moment only, so that quick answers do not flicker. */
export function Loading() {
  const t = useTexts(words)
  return <div className="u-loading" role="status" aria-label={t.loading}><i /><i /><i /></div>
}

/** Empty says what is not there and, within, what can be done about it. */
export function Empty(props: { text: ReactNode; children?: ReactNode }) {
  return <div className="u-empty"><p>{props.text}</p>{props.children}</div>
}

/** Failed says why something could not be shown, with a button to try again. */
export function Failed(props: { error: ApiError; retry: () => void }) {
  const t = useTexts(words)
  const { error } = props
  const title = { offline: t.offline, not_found: t.missing, forbidden: t.denied }[error.kind as string] ?? t.failed
  return (
    <div className="u-empty" role="alert">
      <p><b>{title}</b></p>
      {error.kind !== "offline" && error.kind !== "not_found" && <p>{error.message}</p>}
      {error.kind === "internal" && error.request && <p className="u-quiet">{t.number(error.request)}</p>}
      {error.kind !== "forbidden" && error.kind !== "not_found" && <Button onClick={props.retry}>{t.retry}</Button>}
    </div>
  )
}
