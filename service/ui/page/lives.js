// Lives: when each instance ran, died and waited, read off the events.
import { svg, el, clock, span, exitText, clean } from "./text.js";

const ends = new Set(["exit"]);

// segments are the stretches of one instance, oldest first: {kind, from, to, why, exit}. now is the row as it is.
export function segments(events, row, from, to) {
  const out = [];
  let open = null;
  const close = (at, more = {}) => {
    if (open) out.push({ ...open, to: at, ...more });
    open = null;
  };
  for (const e of events) {
    const at = Date.parse(e.at);
    if (e.kind === "start") {
      close(at);
      open = { kind: "run", from: at, why: e.reason || "" };
    } else if (ends.has(e.kind)) {
      const asked = (e.reason || "").includes("as asked"), well = asked || (e.exit && e.exit.code === 0);
      const died = Date.parse((e.exit && e.exit.at) || e.at);
      if (open && open.kind !== "run") close(at);
      if (!open) open = { kind: "run", from: Math.min(from, died), why: "" };
      close(died, { exit: e.exit, end: e.reason || exitText(e.exit), bad: !well });
      open = { kind: well ? "held" : "wait", from: died, why: well ? "" : "waits after " + (e.reason || exitText(e.exit)) };
    } else if (e.kind === "gaveup" && open && open.kind !== "run") {
      open = { ...open, kind: "bad", why: e.reason || "gave up" };
    }
  }
  if (!open && row && row.pid) open = { kind: "run", from: Date.parse(row.since) || from, why: "" };
  if (open && row && open.kind !== "run") {
    open.kind = row.phase === "failed" ? "bad" : row.phase === "waiting" ? "wait" : "held";
    open.why = row.reason || row.phase;
  }
  close(to, { running: open && open.kind === "run" });
  return out.filter((s) => s.to > from && s.from < to);
}

export function words(s) {
  const when = `${clock(s.from)} to ${s.running ? "now" : clock(s.to)}, ${span(s.to - s.from)}`;
  if (s.kind === "run") return `ran ${when}${s.why ? "; began: " + clean(s.why) : ""}${s.end ? "; ended: " + clean(s.end) : ""}`;
  return `${{ wait: "waited", bad: "failed", held: "was down" }[s.kind]} ${when}${s.why ? ": " + clean(s.why) : ""}`;
}

// lane draws the stretches of one instance.
export function lane(name, list, from, to) {
  const W = 1000, x = (at) => ((Math.min(Math.max(at, from), to) - from) / (to - from)) * W;
  const picture = svg("svg", { viewBox: `0 0 ${W} 18`, preserveAspectRatio: "none", role: "group", "aria-label": name });
  for (const s of list) {
    const width = Math.max(x(s.to) - x(s.from), 1.5);
    picture.append(svg("rect", { class: s.kind === "run" ? "run" : s.kind, x: x(s.from), width, y: s.kind === "run" ? 2 : 6, height: s.kind === "run" ? 14 : 6, tabindex: 0, role: "img", "aria-label": words(s) }));
    if (s.bad) picture.append(svg("rect", { class: "bad", x: Math.max(0, x(s.to) - 3), width: 3, y: 0, height: 18 }));
  }
  return el("div", { class: "lane" }, el("span", { title: name }, name), picture);
}

// table lists lives, the newest first.
export function table(body, list) {
  body.replaceChildren(...[...list].reverse().slice(0, 200).map((s) => {
    const why = s.kind === "run" ? [s.why && "began: " + clean(s.why), s.end && "ended: " + clean(s.end)].filter(Boolean).join("; ") : clean(s.why || "");
    return el("tr", {}, el("td", {}, clock(s.from)), el("td", {}, s.running ? "runs" : clock(s.to)), el("td", {}, span(s.to - s.from)),
      el("td", {}, el("span", { class: "kind " + (s.bad ? "bad" : s.kind === "run" ? "run" : "") }, { run: s.bad ? "died" : "ran", wait: "waited", bad: "failed", held: "down" }[s.kind]), " ", why));
  }));
}

let tip = null;
export function hovers(root) {
  const show = (e) => {
    const r = e.target.closest && e.target.closest("rect[aria-label]");
    hide();
    if (!r) return;
    tip = el("div", { class: "tip", role: "tooltip" }, r.getAttribute("aria-label"));
    document.body.append(tip);
    const b = r.getBoundingClientRect();
    tip.style.left = Math.max(8, Math.min(e.clientX || b.left, innerWidth - tip.offsetWidth - 8)) + "px";
    tip.style.top = (b.bottom + tip.offsetHeight + 12 > innerHeight ? b.top - tip.offsetHeight - 6 : b.bottom + 6) + "px";
  };
  const hide = () => { if (tip) tip.remove(); tip = null; };
  root.addEventListener("mouseover", show);
  root.addEventListener("focusin", show);
  root.addEventListener("mouseleave", hide);
  root.addEventListener("focusout", hide);
}
