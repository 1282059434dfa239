// The spec files: what is wrong with them, and what an edit that is not followed yet would do.
import { $, el, clean } from "./text.js";
import { get, post } from "./api.js";

const marks = { start: ["+", "add"], stop: ["-", "del"], delete: ["-", "del"], replace: ["~", "alt"], restart: ["~", "alt"], edit: ["~", "alt"] };

export async function draw(projects, may, toast) {
  const cards = await Promise.all(projects.map(async (p) => {
    try {
      return card(await get("/v1/pending", { project: p.project }), may, toast);
    } catch (err) {
      return el("article", { class: "card" }, el("h2", {}, p.project), el("p", {}, clean(err.message)));
    }
  }));
  $("specs").replaceChildren(...(cards.length ? cards : [el("p", { class: "dim" }, "No spec file is followed: kitt apply, in the folder of one.")]));
}

function card(p, may, toast) {
  const c = el("article", { class: "card" }, el("h2", {}, clean(p.project), " ", el("small", {}, clean(p.file))));
  if (p.error) {
    c.append(el("p", {}, el("span", { class: "phase failed" }, "not followed"), " ", clean(p.error.text)));
    if (p.error.hint) c.append(el("p", { class: "hint" }, "hint: " + clean(p.error.hint)));
  }
  for (const x of p.excerpt || []) c.append(excerpt(x));
  const todo = (p.lines || []).filter((l) => l.type === "action"), notes = (p.lines || []).filter((l) => l.type === "note");
  if (todo.length) {
    c.append(el("h3", {}, "kitt apply would"), el("ul", { class: "plan" }, ...todo.map(action)));
    if (may) {
      const b = el("button", { class: "main" }, "Apply");
      b.addEventListener("click", async () => {
        b.disabled = true;
        const out = await post("/v1/follow", { project: p.project }).catch((err) => [{ text: err.message }]);
        toast(out.filter((l) => l.text).map((l) => l.text).pop() || "applied");
        document.dispatchEvent(new Event("spec"));
      });
      c.append(b);
    }
  } else if (!p.error || (p.lines || []).length) {
    c.append(el("p", { class: "dim" }, "Everything is as the file says."));
  }
  for (const n of notes) c.append(el("p", { class: "dim" }, clean(n.text || ""), n.hint ? " (" + clean(n.hint) + ")" : ""));
  return c;
}

function action(l) {
  const [mark, style] = marks[l.verb] || ["·", ""];
  const li = el("li", { class: style }, `${mark} ${l.verb} ${clean(l.id || "")}  ${clean(l.reason || "")}`);
  if (l.changes && l.changes.length) li.append(el("ul", {}, ...l.changes.map((c) => el("li", {},
    clean(c.field + (c.from || c.to ? ": " + [c.from, c.to].filter(Boolean).join(" → ") : "") + (c.live ? " (live)" : " (replace)"))))));
  return li;
}

function excerpt(x) {
  const pre = el("pre", { class: "src" });
  x.lines.forEach((text, i) => {
    const no = x.first + i, row = el(no === x.line ? "b" : "span", {}, el("span", { class: "no" }, String(no).padStart(4) + "  "), clean(text), "\n");
    pre.append(row);
    if (no === x.line && x.col > 0) row.append(el("span", { class: "caret" }, " ".repeat(6 + x.col - 1) + "^\n"));
  });
  return el("div", {}, el("h3", {}, `line ${x.line}: ${clean(x.text)}`), pre, x.hint ? el("p", { class: "hint" }, "hint: " + clean(x.hint)) : null);
}
