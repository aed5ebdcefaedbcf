const forbidden = "script,style,link,meta,base,iframe,frame,object,embed,form,input,button,textarea,select,svg,math,template,video,audio"

/** The look of a letter: white paper in every look of the page, since letters count on it; the letters are those of the page. */
const paper = (fonts: string) => `body{margin:8px;background:#fff;color:#1c2524;font:14px/1.5 ${fonts};overflow-wrap:anywhere}img{max-width:100%;height:auto}table{max-width:100%;border-collapse:collapse}table:not([cellpadding]) :is(td,th){padding:2px 8px 2px 0}table[border]:not([border="0"]) :is(td,th){padding:4px 8px;border:1px solid #ccd2cf}pre{white-space:pre-wrap}blockquote{margin:8px 0;padding-left:12px;border-left:3px solid #ccd2cf;color:#55625f}`

/**
 * inert makes a page of a letter's HTML that can do nothing: what the hub has left out already is
 * left out once more. `blocked` counts the pictures of other servers that are not loaded.
 */
export function inert(html: string, remote: boolean, image: (contentId: string) => string | undefined): { html: string; blocked: number } {
  const page = new DOMParser().parseFromString(html, "text/html")
  for (const e of page.querySelectorAll(forbidden)) e.remove()
  for (const e of page.querySelectorAll("*")) clean(e)
  let blocked = 0
  for (const e of page.querySelectorAll("img")) if (!picture(e, remote, image)) blocked++
  const source = remote ? "'self' data: https: http:" : "'self' data:"
  const policy = `<meta http-equiv="Content-Security-Policy" content="default-src 'none'; img-src ${source}; style-src 'unsafe-inline'">`
  return { html: `<!doctype html><html><head><meta charset="utf-8">${policy}<style>${paper(getComputedStyle(document.body).fontFamily)}</style></head><body>${page.body.innerHTML}</body></html>`, blocked }
}

function clean(e: Element) {
  for (const a of [...e.attributes]) {
    const link = a.name === "href" || a.name === "src" || a.name === "action" || a.name === "background"
    if (a.name.startsWith("on") || a.name === "style" || a.name === "srcset" || (link && /^\s*(javascript|vbscript|data:text)/i.test(a.value))) e.removeAttribute(a.name)
  }
  if (e.tagName === "A") {
    e.setAttribute("target", "_blank")
    e.setAttribute("rel", "noopener noreferrer nofollow")
  }
}

/** picture gives one picture its address; false when it stays blocked. */
function picture(e: HTMLImageElement, remote: boolean, image: (contentId: string) => string | undefined): boolean {
  const src = e.getAttribute("src") ?? ""
  if (src.startsWith("cid:")) {
    const own = image(src.slice(4))
    if (own) e.setAttribute("src", own)
    else e.removeAttribute("src")
    return true
  }
  const far = e.getAttribute("data-remote-src") ?? (/^https?:/i.test(src) ? src : "")
  if (!far) return true
  if (remote) e.setAttribute("src", far)
  else e.removeAttribute("src")
  return remote
}
