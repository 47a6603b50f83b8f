// Draws one chat. Whatever anybody wrote reaches the page as text only (textContent), never as markup.

// element makes an element with a class and a text.
export function element(tag, name, text) {
  const e = document.createElement(tag);
  if (name) e.className = name;
  if (text !== undefined) e.textContent = text;
  return e;
}

// bare is callback data without the token of the screen it belongs to.
export const bare = (data) => data.split("#")[0];

// field is what a button answers: "safe" of "safe:yes#3".
export const field = (data) => data.split(":")[0];

export function size(bytes) {
  return bytes < 1024 ? `${bytes} B` : `${Math.round(bytes / 1024)} KB`;
}

function clock(seconds) {
  return new Date(seconds * 1000).toLocaleTimeString("en-GB", { hour: "2-digit", minute: "2-digit" });
}

const kinds = { document: "File", photo: "Photo", voice: "Voice message", video: "Video", sticker: "Sticker" };

// Chat is one chat on the page. acts has press, edit, remove, raw and open.
export class Chat {
  constructor(panel, acts) {
    this.log = panel.querySelector(".log");
    this.list = this.log.querySelector("ol");
    this.acts = acts;
    this.id = "";
    this.drawn = new Map(); // message id → what was drawn
    this.shown = new Map(); // message id → {raw, opened}: a document that is looked at
    this.chat = null;
  }

  // show draws a chat, changing only what differs, and keeps the focus where it was or where it belongs.
  show(chat) {
    if (chat.id !== this.id || (this.chat && this.first(chat) < this.first(this.chat))) this.clear(chat.id);
    this.chat = chat;
    const held = this.focused();
    const atEnd = this.log.scrollHeight - this.log.scrollTop - this.log.clientHeight < 80;
    const before = this.list.childElementCount;
    this.fill(items(chat));
    if (held) this.refocus(held);
    if (atEnd || this.list.childElementCount > before) this.log.scrollTop = this.log.scrollHeight;
  }

  first(chat) {
    return chat.messages.length ? chat.messages[0].id : 0;
  }

  clear(id) {
    this.id = id;
    this.drawn.clear();
    this.shown.clear();
    this.list.replaceChildren();
  }

  // fill puts the items in their order, reusing what has not changed.
  fill(wanted) {
    const old = this.drawn;
    this.drawn = new Map();
    let at = this.list.firstElementChild;
    for (const item of wanted) {
      const look = JSON.stringify([item, this.shown.get(item.id)]);
      const kept = old.get(item.id);
      old.delete(item.id);
      const same = kept && kept.look === look;
      const node = same ? kept.node : this.draw(item);
      this.drawn.set(item.id, { look, node });
      if (kept && !same) {
        if (at === kept.node) at = kept.node.nextElementSibling;
        kept.node.replaceWith(node);
      }
      if (node === at) at = at.nextElementSibling;
      else if (same || !kept) this.list.insertBefore(node, at);
    }
    for (const gone of old.values()) gone.node.remove();
  }

  draw(m) {
    if (m.gone) {
      const li = element("li", "gone", m.gone === 1 ? "1 message deleted" : `${m.gone} messages deleted`);
      li.dir = "ltr";
      return li;
    }
    const li = element("li", m.mine ? "mine" : "theirs");
    li.dataset.message = m.id;
    const bubble = element("div", "bubble");
    if (m.file) bubble.append(this.file(m));
    if (m.place) bubble.append(element("p", "card", `Place ${m.place}`));
    if (m.text) {
      const p = element("p", "text", m.text);
      p.dir = "auto";
      bubble.append(p);
    }
    if (m.file?.sealed) bubble.append(this.sealed(m));
    bubble.append(this.foot(m));
    li.append(bubble);
    if (m.rows) li.append(this.keyboard(m));
    return li;
  }

  // foot is the time, whether it was edited, and what its writer can do with it.
  foot(m) {
    const foot = element("p", "foot");
    foot.dir = "ltr";
    if (m.mine && this.acts.remove && this.id === "defender") {
      if (m.text && !m.file && !m.text.startsWith("/")) foot.append(this.small("Edit", () => this.acts.edit(this.id, m)));
      foot.append(this.small("Delete", () => this.acts.remove(this.id, m)));
    }
    foot.append(element("span", "", (m.edited && m.mine ? "edited " : "") + clock(m.at)));
    return foot;
  }

  small(label, act) {
    const b = element("button", "small", label);
    b.type = "button";
    b.addEventListener("click", act);
    return b;
  }

  file(m) {
    const card = element("div", "card");
    const name = element("span", "name", m.file.name || kinds[m.file.kind]);
    name.dir = "auto";
    card.append(name, element("span", "size", (m.file.sealed ? "sealed, " : "") + size(m.file.size)));
    return card;
  }

  // sealed offers a sealed document to be looked at: as it travels, and as the desk reads it.
  sealed(m) {
    const box = element("div", "sealed");
    const look = this.shown.get(m.id) || {};
    const toggle = (what, label, hide) => {
      const b = element("button", look[what] ? "on" : "", look[what] ? hide : label);
      b.type = "button";
      b.dataset.look = what;
      b.setAttribute("aria-expanded", String(!!look[what]));
      b.addEventListener("click", () => this.look(m, what));
      return b;
    };
    const both = element("div", "looks");
    both.append(toggle("raw", "As it travels", "Hide as it travels"), toggle("opened", "Open with the desk's key", "Close it again"));
    box.append(both);
    if (look.raw) box.append(this.scroll("raw", look.raw, "The sealed document as it travels"));
    if (look.opened) box.append(...this.opened(m, look.opened));
    return box;
  }

  opened(m, o) {
    const head = element("p", o.signed ? "signature good" : "signature bad",
      o.signed ? "signature: good, by the line's key" : "signature: not good");
    const note = element("p", "note", "Only this desk can open it. For the demo its key lies in the demo's memory; a real desk keeps it in its own program, on its own machine.");
    if (!o.text) {
      return [head, element("p", "plain", `A file of ${size(o.bytes)} (${o.kind}), as the defender sent it.`), ...this.picture(m, o), note];
    }
    const [words, data] = parts(o.text);
    const out = [head, this.scroll("plain", words, "The document as this desk reads it")];
    if (data) {
      const more = element("details");
      more.append(element("summary", "", `The same for a program, and ${size(o.bytes)} with its padding`), this.scroll("plain", data, "The document as JSON"));
      out.push(more);
    }
    return [...out, note];
  }

  picture(m, o) {
    if (!o.kind.startsWith("image/")) return [];
    const img = element("img");
    img.src = `/api/picture?chat=${encodeURIComponent(this.id)}&message=${m.id}`;
    img.alt = "The picture that the defender sent";
    return [img];
  }

  scroll(name, text, label) {
    const pre = element("pre", name, text);
    pre.tabIndex = 0;
    pre.dir = "auto";
    pre.setAttribute("role", "region");
    pre.setAttribute("aria-label", label);
    return pre;
  }

  // look shows a document in one of its two forms, or hides it. What is kept is read after the wait: the
  // other form may have come meanwhile.
  async look(m, what) {
    const hide = this.shown.get(m.id)?.[what];
    const content = hide ? null : await this.acts[what](this.id, m);
    if (!hide && content === null) return;
    this.shown.set(m.id, { ...this.shown.get(m.id), [what]: content });
    const top = this.log.scrollTop;
    this.show(this.chat);
    this.log.scrollTop = top;
    this.list.querySelector(`li[data-message="${m.id}"] .${what === "raw" ? "raw" : "signature"}`)?.scrollIntoView({ block: "nearest" });
  }

  keyboard(m) {
    const keys = element("div", "keyboard");
    keys.setAttribute("role", "group");
    keys.setAttribute("aria-label", "Buttons of the message");
    for (const row of m.rows) {
      const line = element("div", "row");
      for (const b of row) line.append(b.url ? this.link(b) : this.button(m, b));
      keys.append(line);
    }
    return keys;
  }

  button(m, b) {
    const e = element("button", "key", b.text);
    e.type = "button";
    e.dir = "auto";
    e.dataset.data = b.data;
    e.addEventListener("click", async () => {
      e.setAttribute("aria-busy", "true");
      await this.acts.press(this.id, m.id, b.data);
      e.removeAttribute("aria-busy");
    });
    return e;
  }

  link(b) {
    const e = element("a", "key", b.text);
    e.dir = "auto";
    if (b.url.startsWith("https://")) e.href = b.url;
    e.rel = "noreferrer noopener";
    e.target = "_blank";
    return e;
  }

  // focused says which control of this chat has the focus.
  focused() {
    const e = document.activeElement;
    if (!e || !this.list.contains(e)) return null;
    const li = e.closest("li");
    return { element: e, message: li?.dataset.message, data: e.dataset.data, look: e.dataset.look };
  }

  // refocus gives the focus to the same control, drawn anew; else to what follows from it: the first button
  // of the same message, then of the last message that has any.
  refocus(held) {
    if (document.contains(held.element)) return;
    const li = this.list.querySelector(`li[data-message="${held.message}"]`);
    const keys = li ? [...li.querySelectorAll("[data-data]")] : [];
    const same = held.data && keys.find((k) => bare(k.dataset.data) === bare(held.data));
    const look = held.look && li?.querySelector(`[data-look="${held.look}"]`);
    const last = [...this.list.querySelectorAll(".keyboard")].pop();
    (same || look || keys[0] || last?.querySelector("button") || this.log).focus({ preventScroll: true });
  }
}

// parts are a document for a person and for a program. What a person wrote may hold the same line: the
// last one counts.
function parts(text) {
  const at = text.lastIndexOf("\n-----BEGIN CASE JSON-----");
  return at < 0 ? [text, ""] : [text.slice(0, at).trimEnd(), text.slice(at + 1).trimEnd()];
}

// items are the messages in order, with runs of deleted ones in one line.
function items(chat) {
  const all = chat.messages.map((m) => ({ ...m }));
  const from = all.length ? Math.min(all[0].id, ...(chat.deleted || [])) : 0;
  for (const id of chat.deleted || []) if (id >= from) all.push({ id, gone: 1 });
  all.sort((a, b) => a.id - b.id);
  const out = [];
  for (const m of all) {
    const before = out[out.length - 1];
    if (m.gone && before?.gone) before.gone++;
    else out.push(m);
  }
  return out;
}
