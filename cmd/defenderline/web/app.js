// The page of the demo: follows the server's events, draws them, and sends what people do.

import { Chat, bare, element, size } from "./chat.js";
import { now, steps } from "./guide.js";

const $ = (id) => document.getElementById(id);
const state = { chats: {}, line: null, asked: [] };
const panels = ["defender", "officer", "ngo-a", "ngo-b"];

// post asks the server to do something; a refusal is shown in the panel where it was asked for.
async function post(path, body, panel) {
  try {
    const r = await fetch(`/api/${path}`, body instanceof Blob ? { method: "POST", body } : {
      method: "POST", headers: { "Content-Type": "application/json" }, body: JSON.stringify(body) });
    const answer = await r.json();
    if (r.ok) return answer;
    toast(panel, answer.problem, true);
  } catch {
    toast(panel, "The demo does not answer. Is it still running?", true);
  }
  return null;
}

const panelOf = (chat) => panels.find((p) => chats[p].id === chat) || "defender";

function toast(panel, text, problem = false) {
  const p = $(panel).querySelector(".toast");
  p.textContent = text || "";
  p.classList.toggle("problem", problem);
  clearTimeout(p.timer);
  p.timer = setTimeout(() => { p.textContent = ""; }, problem ? 12000 : 5000);
}

const acts = {
  async press(chat, message, data) {
    if (chat === "defender" && data.startsWith("menu:")) state.menu = bare(data);
    const answer = await post("press", { chat, message, data }, panelOf(chat));
    if (answer?.toast) toast(panelOf(chat), answer.toast);
  },
  edit(chat, m) {
    const box = $("words-defender");
    box.value = m.text;
    box.dataset.edits = m.id;
    $("defender").classList.add("editing");
    box.focus();
  },
  remove: (chat, m) => post("delete", { chat, message: m.id }, panelOf(chat)),
  opened: (chat, m) => post("open", { chat, message: m.id }, panelOf(chat)),
  async raw(chat, m) {
    const r = await fetch(`/api/document?chat=${encodeURIComponent(chat)}&message=${m.id}`);
    return r.ok ? r.text() : null;
  },
};

const chats = Object.fromEntries(panels.map((p) => [p, new Chat($(p), acts)]));

// Who sits where on the page: the chat of each panel.
function seatOf(panel) {
  const seats = state.line?.seats || [];
  const ngos = seats.filter((s) => s.kind === "ngo");
  return { defender: { id: "defender" }, officer: seats.find((s) => s.id === $("seat").value),
    "ngo-a": ngos[0], "ngo-b": ngos[1] }[panel];
}

function drawChats() {
  for (const p of panels) {
    const chat = state.chats[seatOf(p)?.id];
    if (chat) chats[p].show(chat);
  }
  const started = (state.chats.defender?.messages.length || 0) > 0 || (state.chats.defender?.deleted || []).length > 0;
  welcome(!started);
}

// welcome is what Telegram shows before the first message: a button that says /start.
function welcome(show) {
  const old = $("start");
  if (!show) {
    if (old) {
      const held = document.activeElement === old;
      old.parentElement.remove();
      if (held) $("words-defender").focus();
    }
    return;
  }
  const about = state.line?.about || "";
  if (old) {
    const said = old.parentElement.querySelector(".about");
    if (said.textContent !== about) said.textContent = about;
    return;
  }
  const box = element("div", "welcome");
  box.dir = "ltr";
  box.append(element("p", "", "A person finds the line in Telegram. Before the first message Telegram shows:"));
  const said = element("p", "about text", about);
  said.dir = "auto";
  box.append(said);
  const b = element("button", "main", "Start");
  b.id = "start";
  b.type = "button";
  b.dataset.data = "start";
  b.addEventListener("click", () => post("start", { chat: "defender" }, "defender"));
  box.append(b);
  chats.defender.log.prepend(box);
}

function drawLine() {
  const line = state.line;
  if (!line) return;
  const person = `${line.signer} ${line.person_id}`; // the line's key is another one after each start
  if (state.person !== person) {
    state.person = person;
    $("language").value = line.language;
    chats.defender.log.dir = line.direction;
    $("words-defender").lang = line.language;
    chats.defender.clear("defender");
    state.menu = "";
    state.asked = [];
    endEdit();
  }
  $("person").textContent = line.person;
  seatOptions(line);
  const ngos = line.seats.filter((s) => s.kind === "ngo");
  ["ngo-a", "ngo-b"].forEach((p, i) => { $(`title-${p}`).textContent = ngos[i]?.title || "NGO"; });
  for (const p of panels.slice(1)) drawCases(p);
}

// seatOptions fills the choice of duty officers, and says where somebody is waited for.
function seatOptions(line) {
  const select = $("seat");
  const officers = line.seats.filter((s) => s.kind !== "ngo");
  if (select.options.length !== officers.length) {
    select.replaceChildren(...officers.map((s) => {
      const o = element("option");
      o.value = s.id;
      return o;
    }));
  }
  officers.forEach((s, i) => {
    const waits = casesOf(s).filter((h) => h.state === "alerted").length;
    const label = `${s.title}, ${s.who}${waits ? ` (${waits})` : ""}`;
    if (select.options[i].textContent !== label) select.options[i].textContent = label;
  });
}

// casesOf are the cases that a seat's desk holds; an alert only where its rung sits.
function casesOf(seat) {
  const mates = state.line.seats.filter((s) => s.desk === seat.desk);
  return state.line.holdings.filter((h) => h.desk === seat.desk
    && (h.state !== "alerted" || mates.length < 2 || mates[h.rung]?.id === seat.id));
}

const consequences = { alerted: "next officer in", offered: "next NGO in", claimed: "next NGO in" };

function drawCases(panel) {
  const seat = seatOf(panel);
  if (!seat) return;
  const rows = casesOf(seat).map((h) => {
    const li = element("li", `case ${h.state}`);
    li.append(element("span", "code", h.code), element("span", "lane", h.lane), element("span", "state", h.state));
    if (h.due && consequences[h.state]) {
      const due = element("span", "due");
      due.dataset.due = h.due;
      due.dataset.says = consequences[h.state];
      li.append(due);
    }
    return li;
  });
  const list = $(panel).querySelector(".cases");
  list.replaceChildren(...(rows.length ? rows : [element("li", "none", "No case waits here.")]));
  tick();
}

function tick() {
  for (const e of document.querySelectorAll("[data-due]")) {
    const left = Math.max(0, Math.ceil((Number(e.dataset.due) - Date.now()) / 1000));
    e.textContent = `${e.dataset.says} ${Math.floor(left / 60)}:${String(left % 60).padStart(2, "0")}`;
  }
}

function drawStore(s) {
  $("store-sum").textContent = `${s.keys} keys, ${size(s.bytes)}`;
  const proof = $("store-proof");
  proof.classList.toggle("found", s.found.length > 0);
  const words = s.words === 1 ? "1 word" : `${s.words} words`; // before they write: their account's id, and name
  const said = s.found.length
    ? `Of ${words} of the defender these stand readable here or in what left the line: ${s.found.join(", ")}`
    : `Searched here and in what left the line for ${words} of the defender (what they wrote, their name and id, six letters or more): none is there.`;
  if (proof.textContent !== said) proof.textContent = said;
  $("store-rows").replaceChildren(...s.rows.map((r) => {
    const tr = element("tr");
    const what = element("th", r.clear ? "clear" : "", r.what);
    what.scope = "row";
    what.append(element("span", "type", ` ${r.type}`));
    const raw = (text, also = "") => {
      const td = element("td", `raw ${also}`);
      td.append(element("span", "", text));
      return td;
    };
    tr.append(what, raw(r.key, "key-name"), element("td", "", r.kept), element("td", "number", String(r.bytes)), raw(r.raw));
    return tr;
  }));
}

function drawLeft(calls) {
  $("left-rows").replaceChildren(...(calls || []).map((c) => {
    const li = element("li");
    li.append(element("span", "method", c.method), element("span", "to", c.to));
    if (c.file) li.append(element("span", "name", c.file));
    if (c.text) {
      const t = element("p", "", c.text);
      t.dir = "auto";
      li.append(t);
    }
    return li;
  }));
}

// drawGuide marks the step that comes next and the buttons that do it.
function drawGuide() {
  const next = now(state.chats.defender, state.line, state.menu);
  const at = next ? steps.findIndex((s) => s.name === next.name) : -1;
  if (at === 0) state.asked = [];
  if (at >= 0 && !state.asked.includes(at)) state.asked.push(at);
  const list = $("guide-steps");
  if (!list.childElementCount) {
    list.append(...steps.map((s) => {
      const li = element("li", s.by);
      if (s.question) li.append(element("span", "question", String(s.question)));
      li.append(element("span", "", s.label));
      return li;
    }));
  }
  [...list.children].forEach((li, i) => {
    li.classList.toggle("done", i < at && !passedBy(i));
    li.classList.toggle("now", i === at);
    if (i === at) li.setAttribute("aria-current", "step");
    else li.removeAttribute("aria-current");
  });
  const say = next ? next.say : "Off the guided way. To come back, press Emergency in the menu, or begin with a new person.";
  if ($("guide-now").textContent !== say) $("guide-now").textContent = say;
  point(next);
}

// passedBy says that the line never asked a question of the guide: who writes where they are has said enough. What was asked
// before this page was opened it cannot know.
function passedBy(i) {
  return steps[i].question > 0 && i > state.asked[0] && !state.asked.includes(i);
}

function point(next) {
  const keys = next?.keys || [];
  for (const b of document.querySelectorAll("[data-data]")) {
    const data = bare(b.dataset.data);
    b.classList.toggle("hint", keys.some((k) => data === k || data.split(":")[0] === k));
  }
  $("words-defender").classList.toggle("hint", keys.includes("words"));
  const target = !next ? "" : next.by === "ngo"
    ? (seatOf("ngo-b")?.desk === next.desk ? "ngo-b" : "ngo-a") : next.by;
  for (const b of document.querySelectorAll(".views button")) b.classList.toggle("next", b.dataset.to === target);
  for (const p of panels) $(p).classList.toggle("next", p === target);
}

// Events. Each brings a whole section, so what a cut connection missed does not matter.
function follow() {
  const source = new EventSource("/api/events");
  const on = (name, then) => source.addEventListener(name, (e) => { then(JSON.parse(e.data)); drawGuide(); });
  on("line", (v) => { state.line = v; drawLine(); drawChats(); });
  on("chat", (v) => { state.chats[v.id] = v; drawChats(); });
  on("left", drawLeft);
  on("store", drawStore);
  source.addEventListener("open", () => { $("connection").textContent = ""; });
  source.addEventListener("error", () => { $("connection").textContent = "The connection is lost; trying again."; });
}

// What people do.
for (const p of panels.slice(1)) {
  for (const b of $(p).querySelectorAll("[data-command]")) {
    b.addEventListener("click", () => post("send", { chat: chats[p].id, text: b.dataset.command }, p));
  }
}
$("person-form").addEventListener("submit", (e) => {
  e.preventDefault();
  post("person", { language: $("language").value }, "defender");
});
$("seat").addEventListener("change", () => { drawCases("officer"); drawChats(); drawGuide(); });

const composer = document.querySelector(".composer");
const box = $("words-defender");
async function send() {
  const text = box.value;
  if (!text.trim()) return;
  const editing = box.dataset.edits;
  const ok = editing
    ? await post("edit", { chat: "defender", message: Number(editing), text }, "defender")
    : await post("send", { chat: "defender", text }, "defender");
  if (!ok) return;
  box.value = "";
  endEdit();
}
function endEdit() {
  delete box.dataset.edits;
  $("defender").classList.remove("editing");
}
composer.addEventListener("submit", (e) => { e.preventDefault(); send(); });
box.addEventListener("keydown", (e) => {
  if (e.key === "Enter" && !e.shiftKey && !e.isComposing) { e.preventDefault(); send(); }
  if (e.key === "Escape" && box.dataset.edits) { box.value = ""; endEdit(); }
});
for (const b of document.querySelectorAll("[data-sample]")) {
  b.addEventListener("click", () => post("sample", { chat: "defender", kind: b.dataset.sample }, "defender"));
}
composer.querySelector("input[type=file]").addEventListener("change", async (e) => {
  const file = e.target.files[0];
  if (file) await post(`file?chat=defender&name=${encodeURIComponent(file.name)}`, file, "defender");
  e.target.value = "";
});
for (const b of document.querySelectorAll(".views button")) {
  b.addEventListener("click", () => {
    document.body.dataset.view = b.dataset.to;
    for (const o of document.querySelectorAll(".views button")) o.setAttribute("aria-pressed", String(o === b));
    for (const p of panels) chats[p].log.scrollTop = chats[p].log.scrollHeight;
  });
}
setInterval(tick, 1000);
follow();
