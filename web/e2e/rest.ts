/** Rest speaks with a hub over REST as one person, as the pages do: by cookie and CSRF token. */
export class Rest {
  cookie = ""
  private csrf = ""

  constructor(readonly url: string) {}

  async signIn(login: string, password: string): Promise<void> {
    const answer = await this.raw("POST", "/session", { login, password })
    this.cookie = answer.headers.getSetCookie()[0]?.split(";")[0] ?? ""
    this.csrf = ((await answer.json()) as { csrf: string }).csrf
  }

  get<T>(path: string): Promise<T> { return this.ask("GET", path) }
  post<T>(path: string, body?: unknown, version?: number): Promise<T> { return this.ask("POST", path, body, version) }
  put<T>(path: string, body: unknown, version?: number): Promise<T> { return this.ask("PUT", path, body, version) }
  patch<T>(path: string, body: unknown, version?: number): Promise<T> { return this.ask("PATCH", path, body, version) }
  delete<T>(path: string): Promise<T> { return this.ask("DELETE", path) }

  /** form sends data with a file, as the pages do. */
  async form<T>(path: string, data: unknown, file: { name: string; text: string }, version?: number): Promise<T> {
    const body = new FormData()
    body.append("data", new Blob([JSON.stringify(data)], { type: "application/json" }))
    body.append("file", new Blob([file.text], { type: "text/plain" }), file.name)
    const answer = await fetch(`${this.url}/api/v1${path}`, { method: "POST", headers: { Cookie: this.cookie, "X-CSRF-Token": this.csrf, ...(version !== undefined && { "If-Match": `"${version}"` }) }, body })
    if (!answer.ok) throw new Error(`POST ${path}: ${answer.status} ${await answer.text()}`)
    return (await answer.json()) as T
  }

  /** status asks and gives only how it was answered. */
  async status(method: string, path: string, body?: unknown): Promise<number> {
    return (await this.send(method, path, body)).status
  }

  private async ask<T>(method: string, path: string, body?: unknown, version?: number): Promise<T> {
    const answer = await this.raw(method, path, body, version)
    return (answer.status === 204 ? undefined : await answer.json()) as T
  }

  private async raw(method: string, path: string, body?: unknown, version?: number): Promise<Response> {
    const answer = await this.send(method, path, body, version)
    if (!answer.ok) throw new Error(`${method} ${path}: ${answer.status} ${await answer.text()}`)
    return answer
  }

  private send(method: string, path: string, body?: unknown, version?: number): Promise<Response> {
    const headers: Record<string, string> = { Cookie: this.cookie, "X-CSRF-Token": this.csrf }
    if (version !== undefined) headers["If-Match"] = `"${version}"`
    if (body !== undefined) headers["Content-Type"] = "application/json"
    return fetch(`${this.url}/api/v1${path}`, { method, headers, body: body === undefined ? undefined : JSON.stringify(body) })
  }
}
