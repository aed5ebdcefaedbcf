import ts from "typescript"
import { expect, it } from "vitest"

const sources = import.meta.glob<string>(["../**/*.{ts,tsx}", "!../**/*.test.ts", "!../api/schema.d.ts"], { query: "?raw", import: "default", eager: true })

type Words = { file: string; at: ts.ObjectLiteralExpression }

const parsed = Object.entries(sources).map(([path, text]) => ts.createSourceFile(path.replace("../", "/"), text, ts.ScriptTarget.Latest, true))

/** wordsOf are the Russian words of the calls of texts() in a file. */
function wordsOf(source: ts.SourceFile): Words[] {
  const found: Words[] = []
  const walk = (node: ts.Node) => {
    if (ts.isCallExpression(node) && node.expression.getText() === "texts" && node.arguments[0] && ts.isObjectLiteralExpression(node.arguments[0])) {
      const at = property(node.arguments[0], "ru")
      if (at) found.push({ file: source.fileName, at })
    }
    ts.forEachChild(node, walk)
  }
  walk(source)
  return found
}

function property(object: ts.ObjectLiteralExpression, name: string): ts.ObjectLiteralExpression | undefined {
  const found = object.properties.find((p) => p.name?.getText() === name)
  return found && ts.isPropertyAssignment(found) && ts.isObjectLiteralExpression(found.initializer) ? found.initializer : undefined
}

/** readers are the sources that may use the words of a file: itself without the words, and all that import it. */
function readers(file: string): string {
  return parsed.filter((s) => s.fileName === file || imports(s).includes(file)).map((s) => (s.fileName === file ? code(s) : s.text)).join("\n")
}

/** code is a source without its words. */
function code(source: ts.SourceFile): string {
  return wordsOf(source).map((w) => w.at.parent.parent).reduceRight((text, node) => text.slice(0, node.getStart()) + text.slice(node.end), source.text)
}

function imports(source: ts.SourceFile): string[] {
  return source.statements.filter(ts.isImportDeclaration).map((i) => (i.moduleSpecifier as ts.StringLiteral).text).filter((to) => to.startsWith("."))
    .flatMap((to) => { const path = new URL(to, `file://${source.fileName}`).pathname; return [`${path}.ts`, `${path}.tsx`] })
}

/** used tells whether a name is read, named as a string or taken out of the words by destructuring. */
function used(name: string, text: string): boolean {
  return new RegExp(String.raw`\.${name}\b|["'\x60]${name}["'\x60]|[{,]\s*${name}\b[^{}]*\}\s*=`).test(text)
}

/** unused are the words nobody reads; of a group only when all of it is read by name, and none where names are computed. What is quoted is a code of the hub and read by it. */
function unused(words: Words): string[] {
  const text = readers(words.file)
  const computed = /\bt\[/.test(text)
  return words.at.properties.flatMap((p) => {
    const name = p.name!.getText()
    if (name.startsWith('"')) return []
    if (!computed && !used(name, text)) return [name]
    const group = property(words.at, name)
    if (!group || !new RegExp(String.raw`\.${name}\.\w`).test(text) || new RegExp(String.raw`\.${name}\b(?!\.\w)`).test(text)) return []
    return group.properties.map((g) => g.name!.getText()).filter((g) => !new RegExp(String.raw`\.${name}\.${g}\b`).test(text)).map((g) => `${name}.${g}`)
  })
}

it("every word is shown somewhere", () => {
  const all = parsed.flatMap(wordsOf)
  expect(all.length).toBeGreaterThan(30)
  expect(Object.fromEntries(all.map((w) => [w.file, unused(w)]).filter(([, names]) => names!.length > 0))).toEqual({})
})
