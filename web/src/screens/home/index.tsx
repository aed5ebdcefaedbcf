import { Page } from "../../parts/Page"
import { useTexts } from "../../texts/i18n"
import { words } from "./texts"

/** Home shows a person what waits for him. */
export default function Home() {
  const t = useTexts(words)
  return <Page title={t.title}>{null}</Page>
}
