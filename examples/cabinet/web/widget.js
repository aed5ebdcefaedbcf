// The widget for an organisation's site: one tag,
//   <script src="https://lk.uk-dom.ru/widget.js" async></script>
// puts a form where the tag stands.
(() => {
  const script = document.currentScript, base = new URL(script.src).origin;
  const host = document.createElement("div");
  script.after(host);
  const root = host.attachShadow({ mode: "open" }); // neither style of site nor ours crosses
  const style = new CSSStyleSheet(); // the site may forbid styles inside a page
  style.replaceSync(`
form { font: 16px/1.5 system-ui, sans-serif; max-width: 28rem; display: grid; gap: .6rem; }
input, textarea, select, button { font: inherit; width: 100%; box-sizing: border-box; padding: .4rem; }
.tick { display: flex; gap: .5rem; } .tick input { width: auto; } .trap { position: absolute; left: -9999px; }
`);
  root.adoptedStyleSheets = [style];
  root.innerHTML = `
<form>
<strong>Обращение в управляющую компанию</strong>
<label>Имя и фамилия <input name="name" required autocomplete="name"></label>
<label>Телефон <input name="phone" type="tel" required autocomplete="tel"></label>
<label>Адрес <input name="address" autocomplete="street-address"></label>
<label>Причина <select name="reason"><option value="">Другое</option></select></label>
<label>Тема <input name="subject" maxlength="500" required></label>
<label>Что случилось <textarea name="text" rows="4" maxlength="20000" required></textarea></label>
<label>Фотографии <input name="file" type="file" multiple></label>
<label class="trap" aria-hidden="true">Сайт <input name="website" tabindex="-1" autocomplete="off"></label>
<label class="tick"><input name="consent" type="checkbox" value="yes" required> Согласен на обработку персональных данных</label>
<button>Отправить</button>
<p role="status"></p>
</form>`;
  const form = root.querySelector("form"), status = root.querySelector("p");
  let ticket = "";

  async function ask(path, init) {
    const reply = await fetch(base + path, init);
    const data = await reply.json();
    if (!reply.ok) throw new Error([data.title, ...(data.faults ?? []).map((f) => f.text)].join(": "));
    return data;
  }
  const begin = async () => { ticket = (await ask("/widget/start")).ticket; };

  form.addEventListener("submit", async (e) => {
    e.preventDefault();
    const button = form.querySelector("button");
    button.disabled = true;
    status.textContent = "Отправляем…";
    try {
      const body = new FormData(form);
      body.set("ticket", ticket);
      if (!form.elements.file.files.length) body.delete("file");
      await ask("/widget/appeals", { method: "POST", body });
      form.reset();
      status.textContent = "Обращение принято. Мы свяжемся с вами по указанному телефону.";
      await begin();
    } catch (err) {
      status.textContent = err.message;
    } finally {
      button.disabled = false;
    }
  });

  begin().catch(() => { status.textContent = "Форма сейчас недоступна"; });
  ask("/api/reasons").then(({ items }) => {
    for (const r of items) {
      const option = document.createElement("option");
      option.value = r.values.code || r.id;
      option.textContent = r.values.title;
      form.elements.reason.append(option);
    }
  }).catch(() => {}); // without the list «Другое» is left
})();
