// Texts and elements. What comes from processes is set as text, never as markup.
export const $ = (id) => document.getElementById(id);

export function el(tag, attributes = {}, ...children) {
  const e = document.createElement(tag);
  for (const [k, v] of Object.entries(attributes)) if (v !== undefined && v !== false) e.setAttribute(k, v === true ? "" : v);
  e.append(...children.filter((c) => c !== undefined && c !== null));
  return e;
}

export function svg(tag, attributes = {}, ...children) {
  const e = document.createElementNS("http://www.w3.org/2000/svg", tag);
  for (const [k, v] of Object.entries(attributes)) if (v !== undefined) e.setAttribute(k, v);
  e.append(...children);
  return e;
}

// put sets a text where it is another one: what stays the same costs nothing.
export function put(e, text) {
  if (e.textContent !== text) e.textContent = text;
}

const ansi = /\x1b\[[0-9;:]*m/g;
const hidden = /[\x00-\x08\x0b-\x1f\x7f-\x9f\u200e\u200f\u202a-\u202e\u2066-\u2069\ufeff]/g;

// clean takes colours out and makes visible what would move a cursor or turn the direction of writing.
export function clean(s) {
  return s.replace(ansi, "").replace(hidden, (c) => "\\u" + c.charCodeAt(0).toString(16).padStart(4, "0"));
}

export const full = (i) => `${i.project}/${i.process}.${i.n}`;

export function bytes(n) {
  if (!n) return "–";
  let i = 0;
  for (; n >= 1000 && i < 4; i++) n /= 1000;
  return n.toFixed(i > 0 && n < 10 ? 1 : 0) + " " + ["B", "kB", "MB", "GB", "TB"][i];
}

export const percent = (cores) => (cores * 100 < 9.95 ? (cores * 100).toFixed(1) : Math.round(cores * 100)) + " %";

export function span(ms) {
  const s = Math.max(0, Math.round(ms / 1000));
  if (s < 60) return s + "s";
  if (s < 3600) return Math.floor(s / 60) + "m" + (s < 600 && s % 60 ? (s % 60) + "s" : "");
  if (s < 86400) return Math.floor(s / 3600) + "h" + (Math.floor(s / 60) % 60 ? (Math.floor(s / 60) % 60) + "m" : "");
  return Math.floor(s / 86400) + "d" + (Math.floor(s / 3600) % 24 ? (Math.floor(s / 3600) % 24) + "h" : "");
}

const two = (n) => String(n).padStart(2, "0");

export function clock(at, seconds = true) {
  const d = new Date(at);
  const time = two(d.getHours()) + ":" + two(d.getMinutes()) + (seconds ? ":" + two(d.getSeconds()) : "");
  return d.toDateString() === new Date().toDateString() ? time : `${d.getMonth() + 1}/${d.getDate()} ${time}`;
}

export function exitText(x) {
  if (!x) return "";
  if (x.signal) return "killed by " + x.signal;
  return x.code === null || x.code === undefined ? "nobody saw how" : "exit " + x.code;
}
