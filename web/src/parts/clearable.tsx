import { CloseCircleFilled } from "@ant-design/icons"
import { say, texts } from "../texts/i18n"

const words = texts({ ru: { clear: "Очистить" }, en: { clear: "Clear" } })

/** clearable is `allowClear` of a Select with a button named in the language of the page. */
export function clearable() {
  return { clearIcon: <CloseCircleFilled />, label: say(words).clear }
}
