import { useQuery } from "@tanstack/react-query"
import { createContext, type ReactNode, useContext, useEffect, useEffectEvent, useState } from "react"
import { api, call, door, type Schema } from "../api/client"
import { ApiError } from "../api/errors"
import { line } from "../api/events"
import { client } from "../api/query"

/** Who is signed in and what he may do. */
export type Session = Schema<"Session">

/** A permission, as api/openapi.yaml names it. */
export type Operation = Schema<"Operation">

type Held = { session: Session; expired: boolean }

const SessionContext = createContext<Held | null>(null)
const key = ["session"]

/** useSession is the session of the page; only below <SessionGate>. */
export function useSession(): Session {
  const held = useContext(SessionContext)
  if (!held) throw new Error("useSession outside of SessionGate")
  return held.session
}

/** useExpired tells that the session has ended while the page was open. */
export function useExpired(): boolean {
  return useContext(SessionContext)?.expired ?? false
}

/** useCan tells what the person may do: `const can = useCan(); can("appeals.write")`. */
export function useCan(): (operation: Operation) => boolean {
  const { operations } = useSession()
  return (operation) => operations.includes(operation)
}

/**
 * SessionGate finds out who is signed in. Nobody: `door` is shown. When the session ends later the
 * page stays as it is, so that nothing typed is lost, and `useExpired` tells it.
 */
export function SessionGate(props: { door: ReactNode; waiting: ReactNode; broken: (retry: () => void, error: ApiError) => ReactNode; children: ReactNode }) {
  const { data, error, refetch } = useQuery<Session, ApiError>({
    queryKey: key,
    queryFn: () => call(api.GET("/api/v1/session")),
    staleTime: 60_000,
  })
  const expired = useExpiry()
  const inside = data !== undefined && !data.user.must_change
  useEffect(() => (inside && !expired ? line.start() : undefined), [inside, expired])
  if (data) return <SessionContext value={{ session: data, expired }}>{props.children}</SessionContext>
  if (error?.kind === "unauthenticated") return props.door
  return error ? props.broken(() => void refetch(), error) : props.waiting
}

function useExpiry(): boolean {
  const [expired, setExpired] = useState(false)
  const ended = useEffectEvent(() => client.getQueryData<Session>(key) && setExpired(true))
  const began = useEffectEvent((s?: Session) => {
    door.csrf = s?.csrf ?? ""
    setExpired(false)
  })
  useEffect(() => {
    door.onUnauthenticated = () => void ended()
    door.csrf = client.getQueryData<Session>(key)?.csrf ?? ""
    return client.getQueryCache().subscribe((e) => {
      if (e.type === "updated" && e.action.type === "success" && e.query.queryKey[0] === key[0]) began(e.query.state.data as Session)
    })
  }, [])
  return expired
}

/** enter makes the session the one of the page; another person's data is forgotten. */
export function enter(session: Session) {
  const before = client.getQueryData<Session>(key)
  if (before && before.user.id !== session.user.id) return location.assign("/")
  door.csrf = session.csrf ?? ""
  client.setQueryData(key, session)
  void client.invalidateQueries({ predicate: (q) => q.queryKey[0] !== key[0] })
}

/** leave signs out, here and at the outside provider. */
export async function leave() {
  const out = await call(api.DELETE("/api/v1/session"))
  location.assign(out?.logout_url || "/")
}
