// The log of one process: only the lines that are seen are elements, so that a hundred thousand are no more work than fifty.
import { $, el, clean, clock } from "./text.js";
import { stream, lines } from "./api.js";

const most = 100000, height = 20, levels = ["trace", "debug", "info", "warn", "error", "fatal"];

export class Log {
  constructor() {
    this.box = $("log");
    this.all = [];
    this.seen = [];
    this.due = false;
    this.test = () => true;
    this.box.addEventListener("scroll", () => {
      const atEnd = this.box.scrollTop + this.box.clientHeight > this.seen.length * height - 2 * height;
      if (!atEnd && $("log-tail").checked && !this.moving) $("log-tail").checked = false;
      this.later();
    });
    new ResizeObserver(() => this.later()).observe(this.box);
    for (const id of ["log-find", "log-level", "log-stream"]) $(id).addEventListener("input", () => this.refilter());
    $("log-tail").addEventListener("change", () => this.later());
    $("log-more").addEventListener("click", () => this.older());
  }

  // open begins to follow a process, by its full name; several says that it has several instances.
  open(target, several) {
    this.close();
    this.target = target;
    this.several = several;
    this.all = [];
    this.refilter();
    this.source = stream("/v1/logs", { targets: target, n: 1000, follow: 1 }, {
      log: (l) => this.take(l),
      cursor: (c) => c.text && this.take({ text: "kitt: " + c.text, at: new Date().toISOString(), kind: "note" }),
    });
  }

  close() {
    if (this.source) this.source.close();
    this.source = null;
  }

  // older reads the last hour anew, as far as it fits.
  async older() {
    const target = this.target;
    $("log-more").disabled = true;
    try {
      const got = (await lines("/v1/logs", { targets: target, since: "1h" })).filter((l) => l.kind !== "cursor");
      if (target !== this.target) return;
      const newest = got.length ? got[got.length - 1].at : "";
      this.all = got.map((l) => this.made(l)).concat(this.all.filter((l) => l.at > newest)).slice(-most);
      this.refilter();
    } finally {
      $("log-more").disabled = false;
    }
  }

  made(l) {
    return { at: l.at, stream: l.stream, who: l.id || "", level: l.level || "", text: clean((l.text || "").slice(0, 4000)), kind: l.kind };
  }

  take(l) {
    const line = this.made(l);
    this.all.push(line);
    if (this.all.length > most) {
      this.all.splice(0, most / 10);
      this.refilter();
      return;
    }
    if (this.test(line)) this.seen.push(line);
    this.later();
  }

  refilter() {
    const find = $("log-find").value, least = levels.indexOf($("log-level").value), only = $("log-stream").value;
    let re = null;
    try {
      re = find ? new RegExp(find, "i") : null;
      $("log-find").removeAttribute("aria-invalid");
    } catch {
      $("log-find").setAttribute("aria-invalid", "true"); // half typed
    }
    this.re = re;
    this.test = (l) => (!re || re.test(l.text)) && (!only || l.stream === only) && (least < 0 || levels.indexOf(l.level) >= least);
    this.seen = this.all.filter(this.test);
    this.later();
  }

  later() {
    if (this.due) return;
    this.due = true;
    requestAnimationFrame(() => {
      this.due = false;
      this.draw();
    });
  }

  draw() {
    const n = this.seen.length, view = this.box.clientHeight;
    $("log-space").style.height = n * height + "px";
    if ($("log-tail").checked) {
      this.moving = true;
      this.box.scrollTop = n * height;
      requestAnimationFrame(() => { this.moving = false; });
    }
    const first = Math.max(0, Math.floor(this.box.scrollTop / height) - 10), last = Math.min(n, first + Math.ceil(view / height) + 20);
    $("log-lines").style.top = first * height + "px";
    $("log-lines").replaceChildren(...this.seen.slice(first, last).map((l) => this.line(l)));
    const told = n === this.all.length ? `${n} lines` : `${n} of ${this.all.length} lines`;
    if ($("log-count").textContent !== told) $("log-count").textContent = told;
  }

  line(l) {
    const e = el("div", { class: `l ${l.stream || ""} ${l.level} ${l.kind ? "note" : ""}` }, el("time", { datetime: l.at }, clock(l.at)));
    if (this.several) e.append(el("span", { class: "who" }, l.who));
    const hit = this.re && this.re.exec(l.text);
    if (hit && hit[0]) e.append(l.text.slice(0, hit.index), el("mark", {}, hit[0]), l.text.slice(hit.index + hit[0].length));
    else e.append(l.text);
    return e;
  }
}
