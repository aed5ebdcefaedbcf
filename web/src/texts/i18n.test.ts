import { afterEach, describe, expect, it } from "vitest"
import { setLanguage } from "../app/language"
import { ago, date, isoDay, moment, span } from "./dates"
import { counted, money, number, plural, size } from "./i18n"

afterEach(() => setLanguage("ru"))

describe("numbers and their nouns", () => {
  it.each([[0, "писем"], [1, "письмо"], [2, "письма"], [4, "письма"], [5, "писем"], [11, "писем"], [12, "писем"], [14, "писем"], [21, "письмо"], [22, "письма"], [111, "писем"], [1001, "письмо"]])("%i %s", (n, word) => {
    expect(plural(n, "письмо", "письма", "писем")).toBe(word)
  })
  it("groups digits and says sizes in the language of the page", () => {
    expect(number(1234567).replace(/\s/g, " ")).toBe("1 234 567")
    expect(counted(3, "строка", "строки", "строк")).toBe("3 строки")
    expect(money("1234.5").replace(/\s/g, " ")).toBe("1 234,50 ₽")
    expect(size(1536)).toBe("1,5 КБ")
    expect(size(900)).toBe("900 Б")
    setLanguage("en")
    expect(size(5 << 20)).toBe("5 MB")
  })
})

describe("dates", () => {
  const now = new Date(2026, 10, 22, 12, 0)
  it("keeps a day without time on that day", () => expect(date("2026-03-01")).toBe("01.03.2026"))
  it("is short for what was today", () => expect(moment(new Date(2026, 10, 22, 9, 5), now)).toBe("09:05"))
  it("tells how far a moment is", () => {
    expect(ago(new Date(2026, 10, 22, 9, 0), now)).toBe("3 часа назад")
    expect(ago(new Date(2026, 10, 23, 12, 0), now)).toBe("завтра")
  })
  it("writes days and spans", () => {
    expect(isoDay(new Date(2026, 0, 5, 23, 59))).toBe("2026-01-05")
    expect(span(7500)).toBe("2 ч 5 мин")
  })
})
