// What stays in the browser: theme, ages, small figures, confirmations, keys, live updates. The server renders everything else.
import "./vendor.js";
import "htmx-ext-sse";
import "./hold.js";
import { $ } from "./dom.js";
import { startDialogs } from "./dialog.js";
import { draw, watchSize } from "./figures.js";
import { startHold } from "./hold.js";
import { startKeys } from "./keys.js";
import { heard, startLive } from "./live.js";
import { filter, startShell } from "./shell.js";
import { tables } from "./tables.js";
import { startClock, times } from "./times.js";
import { htmx } from "./vendor.js";

const refresh = () => {
  tables();
  draw();
  times();
  filter();
  document.dispatchEvent(new CustomEvent("redraw"));
};

const start = () => {
  startClock();
  startShell();
  startLive();
  startHold();
  startDialogs();
  startKeys();
  watchSize();
  refresh();
};

document.body.addEventListener("htmx:sseBeforeMessage", (event) => {
  if (event.detail.type !== "beat") return;
  if (heard(event.detail.data)) htmx.trigger("#main", "sse:again");
});
document.body.addEventListener("htmx:afterSwap", (event) => {
  if (event.detail.target === $("#main")) refresh();
  else times();
});

if (document.readyState === "loading") document.addEventListener("DOMContentLoaded", start);
else start();
