import { language, type Language, useLanguage } from "../app/language"

/** The words of a screen in both languages, the English typed like the Russian. */
export type Texts<T> = { ru: T; en: T }

/** texts declares the words of a screen: `export const words = texts({ ru: {…}, en: {…} })`. */
export function texts<T>(both: { ru: T; en: NoInfer<T> }): Texts<T> {
  return both
}

/** useTexts gives the words in the language of the page. */
export function useTexts<T>(both: Texts<T>): T {
  return both[useLanguage()]
}

/** say gives the words outside of components. */
export function say<T>(both: Texts<T>): T {
  return both[language()]
}

/** pick chooses a title the hub gives in both languages. */
export function pick(both: { ru: string; en: string }, lang: Language): string {
  return both[lang] || both.ru
}

/** plural is the form of a Russian noun after n: plural(5, "письмо", "письма", "писем"). */
export function plural(n: number, one: string, few: string, many: string): string {
  const tens = Math.abs(n) % 100
  const last = tens % 10
  if (tens > 10 && tens < 20) return many
  if (last === 1) return one
  return last >= 2 && last <= 4 ? few : many
}

/** counted is the number with its noun: «5 писем». */
export function counted(n: number, one: string, few: string, many: string): string {
  return `${number(n)} ${plural(n, one, few, many)}`
}

/** number groups the digits as the language does. */
export function number(n: number): string {
  return new Intl.NumberFormat(language()).format(n)
}

/** money is decimal roubles, "1234.5" → «1 234,50 ₽». */
export function money(roubles: string | number): string {
  return new Intl.NumberFormat(language(), { style: "currency", currency: "RUB" }).format(Number(roubles))
}

/** size is a number of bytes as people say it. */
export function size(bytes: number): string {
  const units = language() === "ru" ? ["Б", "КБ", "МБ", "ГБ", "ТБ"] : ["B", "KB", "MB", "GB", "TB"]
  let n = bytes
  let unit = 0
  while (n >= 1024 && unit < units.length - 1) {
    n /= 1024
    unit++
  }
  return `${new Intl.NumberFormat(language(), { maximumFractionDigits: n < 10 && unit > 0 ? 1 : 0 }).format(n)} ${units[unit]}`
}
