/**
 * Lays a .br and a .gz beside every built file that shrinks by it: the hub
 * sends them as they are. Run by `npm run build`.
 */
import { readdirSync, readFileSync, writeFileSync } from "node:fs"
import { join } from "node:path"
import { brotliCompressSync, constants, gzipSync } from "node:zlib"

const dist = join(import.meta.dirname, "../dist")
const text = /\.(html|js|css|json|svg|webmanifest|txt)$/
const smallest = { params: { [constants.BROTLI_PARAM_QUALITY]: constants.BROTLI_MAX_QUALITY } }

for (const name of readdirSync(dist, { recursive: true, encoding: "utf8" })) {
  if (!text.test(name)) continue
  const path = join(dist, name)
  const raw = readFileSync(path)
  keep(`${path}.gz`, gzipSync(raw, { level: constants.Z_BEST_COMPRESSION }), raw.length)
  keep(`${path}.br`, brotliCompressSync(raw, smallest), raw.length)
}

function keep(path: string, packed: Buffer, original: number) {
  if (packed.length < original) writeFileSync(path, packed)
}
