import { act } from "react"
import { createRoot } from "react-dom/client"
import { MemoryRouter, useNavigate } from "react-router"
import { beforeEach, expect, it, vi } from "vitest"

type Row = { id: string; subject: string }

const state = vi.hoisted(() => {
  window.matchMedia = () => ({ matches: true, addEventListener: () => {}, removeEventListener: () => {} }) as unknown as MediaQueryList
  ;(globalThis as { IS_REACT_ACT_ENVIRONMENT?: boolean }).IS_REACT_ACT_ENVIRONMENT = true
  return { got: {} as Record<string, unknown> }
})
vi.mock("../../api/query", () => ({ useGet: () => state.got, refresh: () => {} }))
vi.mock("../../api/events", () => ({ useEvents: () => {} }))
vi.mock("../../app/session", () => ({ useSession: () => ({ user: { id: "usr_1" } }) }))
vi.mock("../../app/keys", () => ({ useKeys: () => {} }))

const { DataList } = await import("../DataList")

const drawn: string[] = []
const page = (n: number) => ({ items: Array.from({ length: 50 }, (_, i): Row => ({ id: `${n}.${i}`, subject: `${n}.${i}` })), next: "more" })
let go: () => void = () => {}

/** Screen makes its columns anew each time it is drawn, as screens do. */
function Screen() {
  const navigate = useNavigate()
  go = () => void navigate("?after=more")
  const columns = [{ key: "subject", title: "Тема", render: (row: Row) => { drawn.push(row.id); return row.subject } }]
  return <DataList path={"/api/v1/documents" as never} name="papers" label="Документы" columns={columns as never} open={() => () => {}} bulk={[]} />
}

beforeEach(() => { drawn.length = 0 })

it("the rows of a page are drawn once, and not again while the next page is awaited", async () => {
  state.got = { data: page(1), isPending: false, isPlaceholderData: false }
  const root = createRoot(document.body.appendChild(document.createElement("div")))
  const show = () => act(async () => root.render(<MemoryRouter><Screen /></MemoryRouter>))
  await show()
  expect(drawn.length).toBe(50)
  state.got = { ...state.got, isPlaceholderData: true }
  await act(async () => go())
  await show()
  expect(drawn.length).toBe(50)
  state.got = { data: page(2), isPending: false, isPlaceholderData: false }
  await show()
  expect(drawn.length).toBe(100)
  await act(async () => root.unmount())
})
