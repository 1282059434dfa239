// Charts of one process over time: lines of SVG, each with the same in words.
import { svg, el, percent, bytes, clock } from "./text.js";

const W = 600, H = 130;

// sum adds the samples of several instances up, by time.
export function sum(series, field, step) {
  const by = new Map();
  for (const s of series) s.at.forEach((at, i) => {
    const t = Math.floor(at / step) * step;
    by.set(t, (by.get(t) || 0) + s[field][i]);
  });
  return [...by].sort((a, b) => a[0] - b[0]);
}

function lineOf(points, x, y, gap) {
  let line = "", area = "", begun = null, last = null;
  const end = () => { if (begun !== null) area += `L${x(last)} ${H}L${x(begun)} ${H}Z`; };
  for (const [at, v] of points) {
    const p = x(at) + " " + y(v);
    if (last === null || at - last > gap) {
      end();
      begun = at;
      line += "M" + p + "h2";
      area += "M" + p;
    } else {
      line += "L" + p;
      area += "L" + p;
    }
    last = at;
  }
  end();
  return [line, area];
}

// chart draws one figure: points are pairs of time and value.
export function chart(title, points, from, to, words, gap) {
  const top = Math.max(...points.map((p) => p[1]), 0) * 1.15 || 1;
  const x = (at) => (((at - from) / (to - from)) * W).toFixed(1);
  const y = (v) => (H - (v / top) * (H - 8)).toFixed(1);
  const [line, area] = lineOf(points, x, y, gap);
  const best = points.reduce((a, b) => (b[1] > a[1] ? b : a), [0, -1]);
  const told = points.length ? `now ${words(points[points.length - 1][1])}, highest ${words(best[1])} at ${clock(best[0])}` : "no samples in this time: nobody looked";
  const picture = svg("svg", { class: "chart", viewBox: `0 0 ${W} ${H}`, preserveAspectRatio: "none", role: "img", "aria-label": `${title}: ${told}` });
  for (const part of [0.25, 0.5, 0.75]) picture.append(svg("path", { class: "grid", d: `M0 ${H * part}H${W}` }));
  picture.append(svg("path", { class: "area", d: area }), svg("path", { class: "line", d: line }));
  return figure(title, told, picture, from, to);
}

// bars draws how often something happened: times is a list of times.
export function bars(title, times, from, to) {
  const n = 60, count = new Array(n).fill(0);
  for (const at of times) {
    const i = Math.floor(((at - from) / (to - from)) * n);
    if (i >= 0 && i < n) count[i]++;
  }
  const top = Math.max(...count, 1), inside = times.filter((t) => t >= from).length;
  const told = inside ? `${inside} in this time, the last at ${clock(Math.max(...times))}` : "none in this time";
  const picture = svg("svg", { class: "chart", viewBox: `0 0 ${W} ${H}`, preserveAspectRatio: "none", role: "img", "aria-label": `${title}: ${told}` });
  count.forEach((c, i) => c && picture.append(svg("rect", { class: "bad", x: (i * W) / n + 1, width: W / n - 2, y: H - (c / top) * (H - 10), height: (c / top) * (H - 10) })));
  return figure(title, told, picture, from, to);
}

function figure(title, told, picture, from, to) {
  return el("figure", {}, el("figcaption", {}, el("b", {}, title), " ", told), picture,
    el("div", { class: "axis", "aria-hidden": "true" }, el("span", {}, clock(from, false)), el("span", {}, clock((from + to) / 2, false)), el("span", {}, clock(to, false))));
}

export function spark(path, values) {
  const top = Math.max(...values, 1e-9), n = Math.max(values.length - 1, 1);
  const d = values.length < 2 ? "" : "M" + values.map((v, i) => ((i / n) * 60).toFixed(1) + " " + (15 - (v / top) * 14).toFixed(1)).join("L");
  if (path.getAttribute("d") !== d) path.setAttribute("d", d);
}

export const cpuWords = percent;
export const memoryWords = bytes;
