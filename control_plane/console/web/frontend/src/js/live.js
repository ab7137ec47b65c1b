// Whether what is shown is live. What stays on the page after the link is lost says how old it is, and changing actions are off.
import { $ } from "./dom.js";
import { absolute, now, setClock, span } from "./times.js";

const RETRY_AFTER = 15_000;
const LOST_AFTER = 300_000;
const WORDS = { connected: "Live", stale: "Retrying", disconnected: "Not live" };
let seen = 0;
let state = "connecting";

export const isLive = () => state === "connected";

const glyph = (name) => `<svg class="i" aria-hidden="true"><use href="#g-${name}"/></svg>`;

const banner = () => {
  $(".banner")?.remove();
  if (state === "connected" || !seen) return;
  const lost = state === "disconnected";
  const element = document.createElement("div");
  element.className = lost ? "banner bad" : "banner";
  const then = lost ? "The centre has not answered for 5 minutes. Regions go on serving." : "Trying again by itself.";
  element.innerHTML = `<b data-s="${lost ? "fail" : "stale"}">${glyph(lost ? "cross" : "stale")}Live updates lost</b><p>This page shows the state of ${absolute(seen)} UTC. ${then} Buttons that change something are off until it is back.</p><button type="button" class="btn s" data-retry>Try now</button>`;
  $(".bar").after(element);
};

const show = (next) => {
  if (next === state) return;
  state = next;
  const element = $("#live");
  element.dataset.s = next;
  element.innerHTML = `${glyph(next)}<span>${WORDS[next]}</span>`;
  banner();
};

// Called for each message of the server: the data on the page is as of now.
export const heard = (iso) => {
  setClock(iso);
  const lost = seen && state !== "connected";
  seen = now();
  show("connected");
  return lost;
};

export const startLive = () => {
  if (!$("#live")) return;
  seen = now();
  setInterval(() => {
    const age = now() - seen;
    $("#age").textContent = span(age);
    if (age > LOST_AFTER) show("disconnected");
    else if (age > RETRY_AFTER) show("stale");
  }, 1000);
  document.addEventListener("click", (event) => {
    if (event.target.closest("[data-retry]")) location.reload();
  });
};
