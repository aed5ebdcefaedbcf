const mac = /Mac|iPhone|iPad/.test(navigator.userAgent)

type Pressed = Pick<KeyboardEvent, "code" | "key" | "ctrlKey" | "metaKey" | "altKey" | "shiftKey" | "target">

/** matches tells whether the keys pressed are the chord, in whatever layout. */
export function matches(chord: string, e: Pressed): boolean {
  const parts = chord.split("+")
  const key = parts.pop()!
  const wants = (name: string) => parts.includes(name)
  if (!parts.some((p) => p !== "shift") && typing(e.target)) return false
  if (wants("mod") !== (mac ? e.metaKey : e.ctrlKey) || wants("alt") !== e.altKey) return false
  if (/^[A-Z]$/.test(key)) return e.code === `Key${key}` && wants("shift") === e.shiftKey
  if (/^\d$/.test(key)) return e.code === `Digit${key}` && wants("shift") === e.shiftKey
  return e.key === key && (key.length === 1 || wants("shift") === e.shiftKey)
}

function typing(target: EventTarget | null): boolean {
  if (!(target instanceof HTMLElement)) return false
  if (target.isContentEditable || target instanceof HTMLTextAreaElement || target instanceof HTMLSelectElement) return true
  return target instanceof HTMLInputElement && !["checkbox", "radio", "button", "submit"].includes(target.type)
}

/** spell is the chord as a keyboard has it: «Ctrl + K». */
export function spell(chord: string): string {
  const names: Record<string, string> = {
    mod: mac ? "⌘" : "Ctrl", alt: mac ? "⌥" : "Alt", shift: "Shift", ArrowUp: "↑", ArrowDown: "↓", ArrowLeft: "←", ArrowRight: "→", " ": "␣", Escape: "Esc",
  }
  return chord.split("+").map((p) => names[p] ?? p).join(" + ")
}
