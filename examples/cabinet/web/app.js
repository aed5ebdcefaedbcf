// The page of the cabinet. Whatever comes from outside is put in as text.
const $ = (id) => document.getElementById(id);
const states = {
  new: "Зарегистрировано", waiting: "Запланировано", in_work: "В работе", forwarded: "Передано исполнителю",
  answered: "Дан ответ", closed: "Закрыто", rejected: "Отклонено",
};
const day = (text) => new Date(text).toLocaleString("ru", { day: "numeric", month: "long", year: "numeric", hour: "2-digit", minute: "2-digit" });
const newID = () => crypto.getRandomValues(new Uint32Array(4)).join("");
const pause = (ms) => new Promise((done) => setTimeout(done, ms));
let open = "", next = "", turn = 0;

async function ask(method, path, body) {
  const json = body && !(body instanceof FormData);
  const reply = await fetch(path, {
    method, body: json ? JSON.stringify(body) : body,
    headers: { "X-Cabinet": "1", ...(json ? { "Content-Type": "application/json" } : {}) },
  });
  const data = reply.headers.get("Content-Type")?.includes("json") ? await reply.json() : null;
  if (!reply.ok) {
    const faults = (data?.faults ?? []).map((f) => f.text).join(", ");
    throw Object.assign(new Error([data?.title ?? "Ошибка", faults].filter(Boolean).join(": ")), { status: reply.status });
  }
  return data;
}

// on runs what a person asked for and shows why it did not work.
function on(id, event, run) {
  $(id).addEventListener(event, async (e) => {
    e.preventDefault();
    $("trouble").textContent = $("note").textContent = "";
    try { await run(e.target); } catch (err) { fail(err); }
  });
}

function fail(err) {
  if (err.status === 401) show("login");
  $("trouble").textContent = err.message;
}

function show(id) {
  turn++;
  for (const part of ["login", "cabinet", "appeal"]) $(part).hidden = part !== id;
  $("logout").hidden = id === "login";
}

function add(parent, tag, text, name) {
  const el = parent.appendChild(document.createElement(tag));
  el.textContent = text ?? "";
  if (name) el.className = name;
  return el;
}

async function start() {
  const me = await ask("GET", "/api/me");
  $("name").textContent = me.name;
  show("cabinet");
  await list(true);
  const reasons = await ask("GET", "/api/reasons");
  const select = $("new").elements.reason;
  select.length = 1;
  for (const r of reasons.items) add(select, "option", r.values.title).value = r.values.code || r.id;
}

async function list(anew) {
  const page = await ask("GET", "/api/appeals?limit=20" + (anew || !next ? "" : "&after=" + encodeURIComponent(next)));
  if (anew) $("list").replaceChildren();
  for (const a of page.items) {
    const li = add($("list"), "li");
    add(li, "button", a.subject).addEventListener("click", () => card(a.id).catch(fail));
    add(li, "div", states[a.state] ?? a.state);
    add(li, "small", [a.number, day(a.at)].filter(Boolean).join(" · "));
  }
  next = page.next ?? "";
  $("more").hidden = !next;
}

async function card(id, a) {
  a ??= await ask("GET", "/api/appeals/" + id);
  open = id;
  show("appeal");
  $("subject").textContent = a.subject;
  $("state").textContent = [a.number && "№ " + a.number, states[a.state] ?? a.state, a.result, a.reject_reason,
    a.rating && "ваша оценка: " + a.rating.score].filter(Boolean).join(" · ");
  $("rating").hidden = !["answered", "closed", "rejected"].includes(a.state);
  $("thread").replaceChildren();
  for (const m of a.messages ?? []) {
    const li = add($("thread"), "li", "", m.direction);
    add(li, "small", [m.direction === "outgoing" ? m.author || "Ответ" : "Вы", m.number, day(m.at)].filter(Boolean).join(" · "));
    add(li, "p", m.text);
    for (const f of m.files ?? []) {
      const link = add(add(li, "div"), "a", f.name);
      link.href = `/api/appeals/${id}/files/${f.hash}`;
      link.download = f.name;
    }
    if (m.delivery && m.state !== "read") await ask("PUT", `/api/appeals/${id}/messages/${m.id}/read`);
  }
}

// send keeps one id for one text, so that sending twice writes once.
async function send(form, path) {
  form.dataset.id ||= newID();
  const body = new FormData(form);
  body.set("id", form.dataset.id);
  if (![...form.elements.file.files].length) body.delete("file");
  const out = await ask("POST", path, body);
  form.reset();
  delete form.dataset.id;
  return out;
}

// landed shows an appeal with what was just sent, which the hub registers a
// moment later; not to somebody who has gone elsewhere in the meantime.
async function landed(appeal, id) {
  const mine = turn;
  for (let tries = 0, ms = 200; tries < 12; tries++, ms = Math.min(2 * ms, 5000)) {
    const a = await ask("GET", "/api/appeals/" + appeal).catch((err) => { if (err.status !== 404) throw err; });
    if (turn !== mine) return;
    if (a?.messages?.some((m) => m.id === id)) {
      $("note").textContent = "";
      return card(appeal, a);
    }
    $("note").textContent = "Отправлено, регистрируется…";
    await pause(ms);
    if (turn !== mine) return;
  }
  $("note").textContent = "Отправлено. Появится в списке, как только будет зарегистрировано.";
  show("cabinet");
  await list(true);
}

on("ask", "click", async () => {
  const f = $("login").elements;
  const { code } = await ask("POST", "/api/code", { name: f.name.value, phone: f.phone.value });
  $("code").textContent = "Ваш код: " + code + " (в настоящем кабинете он придёт по СМС)";
});
on("login", "submit", async (form) => {
  await ask("POST", "/api/login", { phone: form.elements.phone.value, code: form.elements.code.value });
  $("code").textContent = "";
  form.reset();
  await start();
});
// Nothing of this person may be left on the page for the next one.
on("logout", "click", async () => { await ask("POST", "/api/logout"); location.reload(); });
on("new", "submit", async (form) => { const { id } = await send(form, "/api/appeals"); await landed(id, id); });
on("refresh", "click", () => list(true));
on("more", "click", () => list(false));
on("back", "click", async () => { show("cabinet"); await list(true); });
on("message", "submit", async (form) => { const appeal = open; await landed(appeal, (await send(form, `/api/appeals/${appeal}/messages`)).id); });
on("rating", "submit", async (form) => {
  await ask("PUT", `/api/appeals/${open}/rating`, { score: +form.elements.score.value, comment: form.elements.comment.value });
  await card(open);
});

start().catch((err) => { show("login"); if (err.status !== 401) fail(err); });
