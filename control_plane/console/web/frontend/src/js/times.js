// Ages on the page, by the centre's clock. `data-t`: "" a duration, "ago", "until", or "abs". The UTC button swaps ages for times.
import { $, $$ } from "./dom.js";

let offset = 0;

export const setClock = (iso) => {
  const at = Date.parse(iso);
  if (!Number.isNaN(at)) offset = at - Date.now();
};
export const now = () => Date.now() + offset;

export const span = (ms) => {
  const s = Math.max(0, Math.round(ms / 1000));
  const m = Math.floor(s / 60);
  const h = Math.floor(m / 60);
  const d = Math.floor(h / 24);
  if (s < 60) return `${s} s`;
  if (m < 60) return `${m} min`;
  if (h < 24) return m % 60 ? `${h} h ${m % 60} min` : `${h} h`;
  return d < 14 && h % 24 ? `${d} d ${h % 24} h` : `${d} d`;
};

export const absolute = (at) => {
  const iso = new Date(at).toISOString();
  const today = new Date(now()).toISOString().slice(0, 10);
  const day = new Date(at).toLocaleDateString("en-GB", { day: "numeric", month: "short", timeZone: "UTC" });
  return (iso.slice(0, 10) === today ? "" : `${day} `) + iso.slice(11, 19);
};

const words = (kind, at) => {
  if (kind === "until") return at < now() ? "ended" : `in ${span(at - now())}`;
  return span(now() - at) + (kind === "ago" ? " ago" : "");
};

export const times = (root = document) => {
  const utc = document.documentElement.dataset.tz === "utc";
  for (const element of $$("time[datetime]", root)) {
    const at = Date.parse(element.dateTime);
    const kind = element.dataset.t;
    const relative = words(kind, at);
    const stamp = `${absolute(at)} UTC`;
    const text = kind === "abs" ? absolute(at) : utc ? stamp : relative;
    if (element.textContent !== text) element.textContent = text;
    element.title = kind === "abs" || utc ? relative : stamp;
  }
};

export const startClock = () => {
  setClock(document.body.dataset.now);
  times();
  setInterval(times, 1000);
  $("#tz")?.addEventListener("click", (event) => {
    const root = document.documentElement;
    if (root.dataset.tz) delete root.dataset.tz;
    else root.dataset.tz = "utc";
    event.currentTarget.setAttribute("aria-pressed", String(Boolean(root.dataset.tz)));
    times();
  });
};
