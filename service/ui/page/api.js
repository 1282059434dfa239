// What the page asks the daemon. Nothing is kept here.
export class Refused extends Error {
  constructor(status, body) {
    super(body.error || `the daemon answered ${status}`);
    this.status = status;
    this.hint = body.hint || "";
  }
}

const headers = { "X-Kitt-Page": "1", "Content-Type": "application/json" };

async function answer(res) {
  if (!res.ok) throw new Refused(res.status, await res.json().catch(() => ({})));
  return res;
}

export async function get(path, query = {}) {
  return (await answer(await fetch(path + "?" + new URLSearchParams(query), { headers: { "X-Kitt-Page": "1" } }))).json();
}

// lines are the objects of an answer that has one a line.
export async function lines(path, query) {
  const res = await answer(await fetch(path + "?" + new URLSearchParams(query), { headers: { "X-Kitt-Page": "1" } }));
  return (await res.text()).split("\n").filter(Boolean).map((l) => JSON.parse(l));
}

export async function post(path, body) {
  const res = await answer(await fetch(path, { method: "POST", headers, body: JSON.stringify(body) }));
  return (await res.text()).split("\n").filter(Boolean).map((l) => JSON.parse(l));
}

// stream hands over what comes, until it is closed. The browser tries again by itself where the connection breaks.
export function stream(path, query, kinds, state) {
  const source = new EventSource(path + "?" + new URLSearchParams(query));
  for (const [kind, take] of Object.entries(kinds)) source.addEventListener(kind, (e) => take(JSON.parse(e.data)));
  if (state) {
    source.onopen = () => state(true, source);
    source.onerror = () => state(false, source);
  }
  return source;
}
