import { Modal } from "antd"
import { createContext, lazy, type ReactNode, Suspense, useContext, useEffect, useEffectEvent, useRef, useState } from "react"
import { useTexts } from "../texts/i18n"
import { matches, spell } from "./chord"
import { words } from "./words"

/** What a key does, and its line in the help. */
export type Key = { title: string; run: () => void }

/**
 * Keys of a part of a page by their chord: "mod+Enter", "alt+T", "J", "?". `mod` is Ctrl, on a Mac
 * Cmd. Letters are places on the keyboard, the same in the Russian layout. A chord without mod or
 * alt is left alone while something is typed.
 */
export type Keys = Record<string, Key>

type Registry = { add: (read: () => Keys) => () => void; openSearch: () => void; openHelp: () => void }

const KeysContext = createContext<Registry | null>(null)
const Palette = lazy(() => import("./Palette"))

/** useKeys lets the keys work while the component lives, and puts them into the help of `?`. */
export function useKeys(keys: Keys) {
  const registry = useContext(KeysContext)
  const latest = useRef(keys)
  latest.current = keys
  useEffect(() => registry?.add(() => latest.current), [registry])
}

/** useOpeners open what the keys open, for buttons. */
export function useOpeners(): Pick<Registry, "openSearch" | "openHelp"> {
  const registry = useContext(KeysContext)
  if (!registry) throw new Error("useOpeners outside of KeysProvider")
  return registry
}

/** KeysProvider listens to the keyboard and holds the search of Ctrl+K and the help of `?`. */
export function KeysProvider(props: { children: ReactNode }) {
  const [open, setOpen] = useState<"search" | "help" | "">("")
  const [listeners] = useState(() => new Set<() => Keys>())
  const [registry] = useState<Registry>(() => ({
    add(read) {
      listeners.add(read)
      return () => void listeners.delete(read)
    },
    openSearch: () => setOpen("search"),
    openHelp: () => setOpen("help"),
  }))
  const everywhere = useEverywhere(registry)
  const press = useEffectEvent((e: KeyboardEvent) => dispatch(e, [() => everywhere, ...listeners], open !== ""))
  useEffect(() => {
    const listen = (e: KeyboardEvent) => press(e)
    document.addEventListener("keydown", listen)
    return () => document.removeEventListener("keydown", listen)
  }, [])
  return (
    <KeysContext value={registry}>
      {props.children}
      {open === "search" && <Suspense><Palette close={() => setOpen("")} /></Suspense>}
      {open === "help" && <Help everywhere={everywhere} here={[...listeners].map((read) => read())} close={() => setOpen("")} />}
    </KeysContext>
  )
}

function useEverywhere(registry: Registry): Keys {
  const t = useTexts(words)
  return {
    "mod+K": { title: t.keySearch, run: registry.openSearch },
    "?": { title: t.keyHelp, run: registry.openHelp },
  }
}

/** dispatch runs the key of the newest part of the page that knows it. */
function dispatch(e: KeyboardEvent, parts: (() => Keys)[], covered: boolean) {
  if (e.defaultPrevented || covered || e.isComposing) return
  for (const read of parts.toReversed()) {
    for (const [chord, key] of Object.entries(read())) {
      if (!matches(chord, e)) continue
      e.preventDefault()
      key.run()
      return
    }
  }
}

function Help(props: { everywhere: Keys; here: Keys[]; close: () => void }) {
  const t = useTexts(words)
  const here = Object.assign({}, ...props.here) as Keys
  return (
    <Modal open title={t.keys} footer={null} onCancel={props.close} width={520}>
      {Object.keys(here).length > 0 && <KeyList title={t.keysHere} keys={here} />}
      <KeyList title={t.keysEverywhere} keys={props.everywhere} />
    </Modal>
  )
}

function KeyList(props: { title: string; keys: Keys }) {
  return (
    <section className="u-keys">
      <h3>{props.title}</h3>
      <dl>
        {Object.entries(props.keys).map(([chord, key]) => (
          <div key={chord}>
            <dt><kbd>{spell(chord)}</kbd></dt>
            <dd>{key.title}</dd>
          </div>
        ))}
      </dl>
    </section>
  )
}
