// Says what comes next in an emergency, from what the chats show. It presses nothing.

import { bare, field } from "./chat.js";

// The steps: who acts, what the step is called, what to do, and which buttons to point at. The defender's are
// numbered as the phone numbers its questions; the account is one question and two acts, words and their end.
export const steps = [
  { name: "start", by: "defender", label: "Start", say: "Defender: press Start.", keys: ["start", "language"] },
  { name: "emergency", by: "defender", label: "Emergency", say: "Defender: press Emergency.", keys: ["menu:emergency", "notice:understood"] },
  { name: "safe", by: "defender", question: 1, label: "Safe to write", say: "Defender: say that it is safe to write now.", keys: ["safe:yes"] },
  { name: "urgency", by: "defender", question: 2, label: "How urgent", say: "Defender: say how urgent it is.", keys: ["urgency:now"] },
  { name: "country", by: "defender", question: 3, label: "Where", say: "Defender: choose Peru.", keys: ["country:PE"] },
  { name: "subject", by: "defender", question: 4, label: "Whose safety", say: "Defender: say whose safety it is about.", keys: ["subject:self", "knows:yes"] },
  { name: "words", by: "defender", question: 5, label: "What happens", say: "Defender: write what is happening, in made-up words, and send.", keys: ["words"] },
  { name: "done", by: "defender", label: "That is all", say: "Defender: write more, or press the button that ends the account.", keys: ["nav:done"] },
  { name: "send", by: "defender", question: 6, label: "Who may read it", say: "Defender: choose who may read it, then press Send.", keys: ["consent:mission", "consent:front-line-defenders"] },
  { name: "ack", by: "officer", label: "Officer reads", say: "Duty officer: open the document with the desk's key, then acknowledge.", keys: ["ack"] },
  { name: "claim", by: "ngo", label: "NGO claims", say: "NGO: claim the offer, so that nobody else takes it meanwhile.", keys: ["claim"] },
  { name: "accept", by: "ngo", label: "NGO accepts", say: "NGO: open the document, then accept.", keys: ["accept"] },
  { name: "end", by: "defender", label: "Defender knows", say: "The defender has been told who read it and who helps. Of what the line kept, only these desks could read a word.", keys: [] },
];

const step = (name) => steps.find((s) => s.name === name);

// now is the step that comes next, with the keys to point at; null in other conversations than an emergency.
// menu is the button of the menu that was pressed last, as far as it is known.
export function now(chat, line, menu) {
  const cases = (line?.holdings || []).filter((h) => (line.codes || []).some((c) => h.code.startsWith(c)));
  if (cases.length) return desks(cases);
  const keys = lastKeys(chat);
  const has = (f) => keys.some((d) => field(d) === f);
  if (!chat?.messages.length) return step("start");
  if (has("menu")) return step("emergency");
  if (menu && menu !== "menu:emergency") return null;
  if (has("notice")) return step("emergency");
  for (const name of ["safe", "urgency", "country", "subject"]) if (has(name)) return step(name);
  if (has("knows")) return step("subject");
  if (has("consent")) return send(chat);
  if (keys.some((d) => bare(d) === "nav:done")) return step("done");
  if (has("language")) return step("start");
  if (keys.length && keys.every((d) => field(d) === "nav")) return step("words");
  return null;
}

// send points at the consents until one is given, then at the button that sends.
function send(chat) {
  const chosen = lastRows(chat).flat().some((b) => b.data?.startsWith("consent:") && b.text.startsWith("✓"));
  return chosen ? { ...step("send"), keys: ["review:send"] } : step("send");
}

// desks is what comes next once a case was sent.
function desks(cases) {
  const any = (...states) => cases.find((h) => states.includes(h.state));
  const point = (name, h) => ({ ...step(name), desk: h.desk, keys: step(name).keys.map((k) => `${k}:${h.code}`) });
  const waits = any("alerted", "silent");
  if (waits) return point("ack", waits);
  const claimed = any("claimed");
  if (claimed) return point("accept", claimed);
  const offered = any("offered");
  if (offered) return point("claim", offered);
  return step("end");
}

function lastRows(chat) {
  const m = [...(chat?.messages || [])].reverse().find((m) => m.rows);
  return m ? m.rows : [];
}

const lastKeys = (chat) => lastRows(chat).flat().map((b) => b.data || "");
