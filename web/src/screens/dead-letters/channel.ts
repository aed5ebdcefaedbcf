import type { Schema } from "../../api/client"

/** channelOf is the channel a dead letter has to do with: of its labels, or of what the event tells of. */
export function channelOf(letter: Schema<"DeadLetter">): string | undefined {
  const told = (letter.event.payload as { channel?: unknown } | undefined)?.channel
  return letter.labels?.channel || (typeof told === "string" && told ? told : undefined)
}
