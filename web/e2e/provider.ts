import { createHash, generateKeyPairSync, randomUUID, sign } from "node:crypto"
import { createServer, type IncomingMessage, type Server, type ServerResponse } from "node:http"
import type { AddressInfo } from "node:net"

/** freePort is a port nobody listens at. */
export async function freePort(): Promise<number> {
  const server = createServer()
  await new Promise<void>((go) => server.listen(0, "127.0.0.1", go))
  const { port } = server.address() as AddressInfo
  await new Promise((go) => server.close(go))
  return port
}

/** Provider of identities by OpenID Connect: discovery, a page with one button, codes with PKCE, tokens signed with ES256. */
export class Provider {
  /** What it tells of the person at its page. */
  claims: Record<string, unknown> = { sub: "42", preferred_username: "olga", name: "Ольга Сергеева", groups: ["desk"] }
  readonly client = "uzel"
  private readonly keys = generateKeyPairSync("ec", { namedCurve: "P-256" })
  private readonly codes = new Map<string, URLSearchParams>()

  private constructor(private readonly server: Server, readonly url: string) {
    server.on("request", (request, answer) => void this.serve(request, answer))
  }

  static async start(): Promise<Provider> {
    const server = createServer()
    await new Promise<void>((go) => server.listen(0, "127.0.0.1", go))
    return new Provider(server, `http://127.0.0.1:${(server.address() as AddressInfo).port}`)
  }

  async stop(): Promise<void> {
    this.server.closeAllConnections()
    await new Promise((go) => this.server.close(go))
  }

  private async serve(request: IncomingMessage, answer: ServerResponse): Promise<void> {
    const at = new URL(request.url ?? "/", this.url)
    const json = (body: unknown, status = 200) => answer.writeHead(status, { "Content-Type": "application/json" }).end(JSON.stringify(body))
    switch (at.pathname) {
      case "/.well-known/openid-configuration":
        return void json({
          issuer: this.url, authorization_endpoint: `${this.url}/authorize`, token_endpoint: `${this.url}/token`, jwks_uri: `${this.url}/keys`, id_token_signing_alg_values_supported: ["ES256"],
        })
      case "/keys":
        return void json({ keys: [{ ...this.keys.publicKey.export({ format: "jwk" }), alg: "ES256", use: "sig", kid: "1" }] })
      case "/authorize":
        return void answer.writeHead(200, { "Content-Type": "text/html" }).end(`<a href="${this.back(at.searchParams)}">Enter</a><a href="${at.searchParams.get("redirect_uri")}?error=access_denied&state=${at.searchParams.get("state")}">Refuse</a>`)
      case "/token":
        return void json(...this.token(new URLSearchParams(await textOf(request))))
    }
    answer.writeHead(204).end()
  }

  private back(asked: URLSearchParams): string {
    const code = randomUUID()
    this.codes.set(code, asked)
    return `${asked.get("redirect_uri")}?code=${code}&state=${encodeURIComponent(asked.get("state") ?? "")}`
  }

  private token(form: URLSearchParams): [unknown, number] {
    const asked = this.codes.get(form.get("code") ?? "")
    this.codes.delete(form.get("code") ?? "")
    const proof = createHash("sha256").update(form.get("code_verifier") ?? "").digest("base64url")
    if (!asked || asked.get("code_challenge") !== proof) return [{ error: "invalid_grant" }, 400]
    const now = Math.floor(Date.now() / 1000)
    return [{ access_token: "x", token_type: "Bearer", id_token: this.signed({ iss: this.url, aud: this.client, nonce: asked.get("nonce"), iat: now, exp: now + 60, ...this.claims }) }, 200]
  }

  private signed(claims: object): string {
    const part = (value: object) => Buffer.from(JSON.stringify(value)).toString("base64url")
    const text = `${part({ alg: "ES256", kid: "1", typ: "JWT" })}.${part(claims)}`
    return `${text}.${sign("sha256", Buffer.from(text), { key: this.keys.privateKey, dsaEncoding: "ieee-p1363" }).toString("base64url")}`
  }
}

async function textOf(request: IncomingMessage): Promise<string> {
  const pieces: Buffer[] = []
  for await (const piece of request) pieces.push(piece as Buffer)
  return Buffer.concat(pieces).toString()
}
