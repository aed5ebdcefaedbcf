import { Button } from "antd"
import { useMemo, useRef, useState } from "react"
import { texts, useTexts } from "../texts/i18n"
import { inert } from "./html/inert"

const words = texts({
  ru: { letter: "Письмо", blocked: "Картинки с чужих серверов не загружены: по ним отправитель узнал бы, что письмо открыли.", show: "Показать картинки" },
  en: { letter: "Letter", blocked: "Pictures of other servers are not loaded: they would tell the sender that the letter was opened.", show: "Show the pictures" },
})

/**
 * SafeHtml shows the HTML of a letter in a frame where nothing can run. Pictures of other servers
 * stay blocked until the person asks for them; `image` gives the address of a picture within the
 * letter by its content id.
 */
export function SafeHtml(props: { html: string; image: (contentId: string) => string | undefined; title?: string }) {
  const t = useTexts(words)
  const [remote, setRemote] = useState(false)
  const frame = useRef<HTMLIFrameElement>(null)
  const { html, image } = props
  const page = useMemo(() => inert(html, remote, image), [html, remote, image])
  // The frame runs no scripts, so the page measures it; pictures come later and make it longer.
  const fit = () => {
    const body = frame.current?.contentDocument?.body
    if (!body || !frame.current) return
    frame.current.style.height = `${body.scrollHeight + 16}px`
    for (const picture of body.querySelectorAll("img")) picture.addEventListener("load", fit, { once: true })
  }
  return (
    <div className="u-letter">
      {page.blocked > 0 && <div className="u-letter-note" role="status">{t.blocked} <Button size="small" onClick={() => setRemote(true)}>{t.show}</Button></div>}
      <iframe ref={frame} title={props.title ?? t.letter} sandbox="allow-same-origin allow-popups allow-popups-to-escape-sandbox" referrerPolicy="no-referrer" srcDoc={page.html} onLoad={fit} />
    </div>
  )
}
