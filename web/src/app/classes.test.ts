import { readdirSync, readFileSync } from "node:fs"
import { join } from "node:path"
import { expect, it } from "vitest"

const source = join(import.meta.dirname, "..")

/** classes are the project's own names of classes that match in the files of such names. */
function classes(files: RegExp, what: RegExp): string[] {
  const names = readdirSync(source, { recursive: true, encoding: "utf8" }).filter((name) => files.test(name))
  const texts = names.map((name) => readFileSync(join(source, name), "utf8"))
  return [...new Set(texts.flatMap((text) => [...text.matchAll(what)].map((m) => m[1]!)))].toSorted()
}

it("every class of the pages has a rule, and every rule a page", () => {
  const worn = classes(/(?<!\.test)\.tsx?$/, /(?<![\w-])(u-[a-z][a-z0-9-]*)/g)
  expect(worn.length).toBeGreaterThan(50)
  expect(classes(/\.css$/, /\.(u-[a-z][a-z0-9-]*)/g)).toEqual(worn)
})
