import { readdirSync, readFileSync } from "node:fs"
import { join } from "node:path"
import { expect, it } from "vitest"

const source = join(import.meta.dirname, "..")

type File = { name: string; text: string }

function files(wanted: RegExp): File[] {
  const names = readdirSync(source, { recursive: true, encoding: "utf8" }).filter((name) => wanted.test(name))
  return names.map((name) => ({ name: name.replaceAll("\\", "/"), text: readFileSync(join(source, name), "utf8") }))
}

const pages = files(/(?<!\.test)\.tsx?$/)
const sheets = files(/\.css$/)

/** The project's own names of classes, as pages wear them and as rules name them. */
const worn = /(?<![\w-])([ua]-[a-z][a-z0-9-]*)/g
const ruled = /\.([ua]-[a-z][a-z0-9-]*)/g

const found = (text: string, what: RegExp) => [...text.matchAll(what)].map((m) => m[1]!)

it("every class of the pages has a rule, and every rule a page", () => {
  const all = (of: File[], what: RegExp) => [...new Set(of.flatMap((f) => found(f.text, what)))].filter((name) => name.startsWith("u-")).toSorted()
  expect(all(pages, worn).length).toBeGreaterThan(50)
  expect(all(sheets, ruled)).toEqual(all(pages, worn))
})

/** selectors are those of the rules of a sheet, one by one. */
function selectors(text: string): string[] {
  const preludes = [...text.replace(/\/\*[^]*?\*\//g, "").matchAll(/([^{};]+)\{/g)].map((m) => m[1]!.trim())
  return preludes.filter((p) => !p.startsWith("@")).flatMap((p) => p.split(/,(?![^(]*\))/)).map((s) => s.trim())
}

// Sheets of screens are loaded with their screens and stay: a rule that fits elsewhere, too, changes other screens for who was here before.
it("every rule of a screen names a class that only this screen wears", () => {
  const wearers = new Map<string, File[]>()
  for (const page of pages) for (const name of new Set(found(page.text, worn))) wearers.set(name, [...(wearers.get(name) ?? []), page])
  const stray = sheets.filter((s) => s.name.startsWith("screens/")).flatMap((sheet) => {
    const [, folder, file] = sheet.name.split("/")
    const own = (page: File) => page.name.startsWith(`screens/${folder}/`) || page.text.includes(`"../${folder}/${file}"`)
    return selectors(sheet.text).filter((s) => !found(s, ruled).some((name) => wearers.get(name)?.every(own))).map((s) => `${sheet.name}: ${s}`)
  })
  expect(stray).toEqual([])
})
