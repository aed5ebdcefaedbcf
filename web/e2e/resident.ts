import type { Page } from "playwright-core"
import { eventually } from "./process"

/** What the browser says before somebody has signed in (the page asks who it is, and is told: nobody), and where a page looks for an appeal that the hub has not registered yet. */
export const nobody = /status of (401 .*\/api\/me|404 .*\/api\/appeals\/\d+\)?$)/

/** enter signs a resident in to the cabinet by the code that its page shows; `look` may look at the form before. */
export async function enter(page: Page, cabinet: string, name: string, phone: string, look: (page: Page) => Promise<void> = async () => {}): Promise<void> {
  await page.goto(cabinet)
  await page.getByLabel("Имя и фамилия").fill(name)
  await page.getByLabel("Телефон").fill(phone)
  await page.getByRole("button", { name: "Получить код" }).click()
  const shown = await page.getByText(/Ваш код: \d{6}/).first().textContent()
  await page.getByLabel("Код", { exact: true }).fill(/\d{6}/.exec(shown ?? "")?.[0] ?? "")
  await look(page)
  await page.getByRole("button", { name: "Войти" }).click()
  await page.getByText(name, { exact: true }).first().waitFor()
}

/** opened opens the appeal from the list once it is in the state. */
export async function opened(page: Page, subject: string, state: string) {
  await eventually(`«${subject}» is «${state}» in the cabinet`, async () => {
    const back = page.getByRole("button", { name: "К списку" })
    if (await back.isVisible()) await back.click()
    await page.getByRole("button", { name: subject }).click()
    await page.locator("#appeal").waitFor()
    return (await page.locator("#state").textContent())?.includes(state)
  })
}

/** A photo as a telephone's browser hands it over: the smallest picture that is one. */
export const photo = (name: string, last: number) => ({
  name, mimeType: "image/gif", buffer: Buffer.from([...Buffer.from("GIF89a\x01\0\x01\0\x80\0\0", "latin1"), 0, 0, last, 255, 255, 255, 44, 0, 0, 0, 0, 1, 0, 1, 0, 0, 2, 2, 68, 1, 0, 59]),
})
