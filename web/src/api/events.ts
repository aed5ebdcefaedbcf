import { useEffect, useEffectEvent } from "react"
import type { Schema } from "./client"
import { client } from "./query"

/** A thing that happened in the hub; the payload holds ids and states, no texts. */
export type HubEvent = Schema<"Event">

/** What the hub tells pages about. */
export type Topic =
  | "message.received" | "document.registered" | "document.updated" | "appeal.opened" | "appeal.updated"
  | "delivery.requested" | "delivery.updated" | "channel.updated" | "channel.status" | "deadline.warned"
  | "deadline.broken" | "mass.updated" | "job.updated" | "rules.updated" | "rule.failed" | "notice.raised"
  | "task.assigned" | "task.updated" | "draft.updated" | "signature.updated"

const topics: Topic[] = [
  "message.received", "document.registered", "document.updated", "appeal.opened", "appeal.updated",
  "delivery.requested", "delivery.updated", "channel.updated", "channel.status", "deadline.warned",
  "deadline.broken", "mass.updated", "job.updated", "rules.updated", "rule.failed", "notice.raised",
  "task.assigned", "task.updated", "draft.updated", "signature.updated",
]

type Listener = (event: HubEvent) => void

/** How long a page nobody looks at keeps its line: a browser has six for a hub without HTTP/2. */
const HIDDEN_MS = 60_000
const RETRY_MS = [1_000, 2_000, 5_000, 10_000, 20_000]

/**
 * Line is the one event stream of the page. It opens again by itself, gives itself up while the
 * page is hidden, and has everything read anew when something may have been missed.
 */
class Line {
  private source?: EventSource
  private readonly listeners = new Map<Topic, Set<Listener>>()
  private readonly watchers = new Set<(up: boolean) => void>()
  private tries = 0
  private timer?: number
  private missed = false
  up = true

  /** start opens the line; call it once someone is signed in. It gives the way to end it. */
  start(): () => void {
    const onVisible = () => this.visible()
    document.addEventListener("visibilitychange", onVisible)
    this.open()
    return () => {
      document.removeEventListener("visibilitychange", onVisible)
      this.close()
    }
  }

  /** on calls fn with each event of the topics until the returned function is called. */
  on(kinds: readonly Topic[], fn: Listener): () => void {
    for (const k of kinds) this.listeners.set(k, (this.listeners.get(k) ?? new Set()).add(fn))
    return () => {
      for (const k of kinds) this.listeners.get(k)?.delete(fn)
    }
  }

  /** watch calls fn whenever the line goes or comes back. */
  watch(fn: (up: boolean) => void): () => void {
    this.watchers.add(fn)
    return () => void this.watchers.delete(fn)
  }

  private open() {
    this.close()
    const source = new EventSource("/api/v1/events")
    this.source = source
    source.addEventListener("ready", () => this.arrived())
    source.addEventListener("reset", () => void client.invalidateQueries())
    for (const t of topics) source.addEventListener(t, (e) => this.spread(t, JSON.parse((e as MessageEvent<string>).data) as HubEvent))
    source.onerror = () => this.lost(source)
  }

  private arrived() {
    this.tries = 0
    this.say(true)
    if (this.missed) void client.invalidateQueries()
    this.missed = false
  }

  private lost(source: EventSource) {
    this.say(false)
    this.missed = true
    if (source.readyState !== EventSource.CLOSED || source !== this.source) return // it tries by itself
    this.timer = window.setTimeout(() => this.open(), RETRY_MS[Math.min(this.tries++, RETRY_MS.length - 1)])
  }

  private visible() {
    window.clearTimeout(this.timer)
    if (document.hidden) {
      this.timer = window.setTimeout(() => this.close(), HIDDEN_MS)
    } else if (!this.source) {
      this.missed = true
      this.open()
    }
  }

  private close() {
    window.clearTimeout(this.timer)
    this.source?.close()
    this.source = undefined
  }

  private spread(topic: Topic, event: HubEvent) {
    for (const fn of this.listeners.get(topic) ?? []) fn(event)
  }

  private say(up: boolean) {
    if (this.up === up) return
    this.up = up
    for (const fn of this.watchers) fn(up)
  }
}

/** line is the event stream of this page. */
export const line = new Line()

/** useEvents calls fn with each event of the kinds while the component lives. */
export function useEvents(kinds: readonly Topic[], fn: Listener) {
  const latest = useEffectEvent(fn)
  const key = kinds.join()
  useEffect(() => line.on(key.split(",").filter(Boolean) as Topic[], (e) => latest(e)), [key])
}
