import type { Values } from "../../parts/SchemaForm"

/** The servers of a mail provider, and the domains by which its addresses are known. */
export type Preset = { title: string; domains: string[]; settings: Values }

const mail = (imap: string, smtp: string): Values => ({ imap: { host: imap, port: 993, tls: "tls" }, smtp: { host: smtp, port: 465, tls: "tls" } })

/** presets are known settings by the name of the connector. */
export const presets: Record<string, Preset[]> = {
  email: [
    { title: "Яндекс 360", domains: ["yandex.ru", "ya.ru", "yandex.com"], settings: mail("imap.yandex.ru", "smtp.yandex.ru") },
    { title: "Mail.ru / VK WorkSpace", domains: ["mail.ru", "bk.ru", "inbox.ru", "list.ru"], settings: mail("imap.mail.ru", "smtp.mail.ru") },
    { title: "Рамблер", domains: ["rambler.ru", "lenta.ru", "ro.ru"], settings: mail("imap.rambler.ru", "smtp.rambler.ru") },
    { title: "Gmail", domains: ["gmail.com"], settings: mail("imap.gmail.com", "smtp.gmail.com") },
  ],
}

/** apply puts the servers of a provider into the settings; the rest stays. */
export function apply(settings: Values, preset: Preset): Values {
  const out = { ...settings }
  for (const [name, value] of Object.entries(preset.settings)) out[name] = { ...(out[name] as Values | undefined), ...(value as Values) }
  return out
}

/** byAddress is the provider an address belongs to. */
export function byAddress(of: readonly Preset[], address: unknown): Preset | undefined {
  const domain = String(address ?? "").split("@")[1]?.trim().toLowerCase()
  return domain ? of.find((p) => p.domains.includes(domain)) : undefined
}
