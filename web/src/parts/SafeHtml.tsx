import { Button } from "antd"
import { useEffect, useMemo, useRef, useState } from "react"
import { texts, useTexts } from "../texts/i18n"
import { inert } from "./html/inert"

const words = texts({
  ru: { letter: "Письмо", blocked: "Картинки с чужих серверов не загружены: по ним отправитель узнал бы, что письмо открыли.", show: "Показать картинки" },
  en: { letter: "Letter", blocked: "Pictures of other servers are not loaded: they would tell the sender that the letter was opened.", show: "Show the pictures" },
})

/**
 * SafeHtml shows the HTML of a letter in a frame where nothing can run. Pictures of other servers
 * stay blocked until the person asks for them: then the hub sends the letter of `document` as a page
 * of its own, because this page's content security policy lets no frame within it load them. `image` gives the
 * address of a picture within the letter by its content id.
 */
export function SafeHtml(props: { document?: string; html: string; image: (contentId: string) => string | undefined; title?: string }) {
  const t = useTexts(words)
  const [remote, setRemote] = useState(false)
  const frame = useRef<HTMLIFrameElement>(null)
  const { html, image } = props
  const page = useMemo(() => inert(html, false, image), [html, image])
  const content = remote ? { src: `/api/v1/documents/${props.document}/page?remote_images=true` } : { srcDoc: page.html }
  // The frame runs no scripts, so the page measures it; pictures come later and make it longer.
  const fit = () => {
    const letter = frame.current?.contentDocument?.documentElement
    if (!letter || !frame.current) return
    frame.current.style.height = "0" // else it would never get shorter
    frame.current.style.height = `${letter.scrollHeight + 2}px`
    for (const picture of letter.querySelectorAll("img")) picture.addEventListener("load", fit, { once: true })
  }
  // A letter of another width is another height. The height itself is not watched: it is set here.
  useEffect(() => {
    let width = 0
    const watcher = new ResizeObserver(([entry]) => {
      const now = entry!.contentRect.width
      if (width && now !== width) fit()
      width = now
    })
    watcher.observe(frame.current!)
    return () => watcher.disconnect()
  }, [remote])
  return (
    <div className="u-letter">
      {page.blocked > 0 && !remote && <div className="u-letter-note" role="status">{t.blocked} {props.document && <Button size="small" onClick={() => setRemote(true)}>{t.show}</Button>}</div>}
      <iframe key={String(remote)} ref={frame} title={props.title ?? t.letter} sandbox="allow-same-origin allow-popups allow-popups-to-escape-sandbox" referrerPolicy="no-referrer" {...content} onLoad={fit} />
    </div>
  )
}
