// g, then a letter of the navigation; ? lists them. Off while typing, and can be switched off.
import { $, $$, store } from "./dom.js";

const WITHIN = 1200;
let pressed = 0;

const off = () => store.get("keys") === "off";

const help = (from) => {
  const rows = $$("#nav a[data-key]").map((a) => [`g</kbd> <kbd>${a.dataset.key}`, a.firstChild.textContent.trim()]);
  rows.push(["?", "This list"], ["Esc", "Close without doing anything"]);
  const list = rows.map(([key, text]) => `<dt><kbd>${key}</kbd></dt><dd>${text}</dd>`).join("");
  const dialog = $("#dialog");
  dialog.innerHTML = `<form method="dialog"><h2 id="dlg">Keyboard</h2><dl class="kv">${list}</dl><div class="acts"><button type="button" class="btn" id="keys-off">${off() ? "Switch shortcuts on" : "Switch shortcuts off"}</button><button class="btn pri" autofocus>Close</button></div></form>`;
  $("#keys-off").addEventListener("click", (event) => {
    store.set("keys", off() ? "on" : "off");
    event.target.textContent = off() ? "Switch shortcuts on" : "Switch shortcuts off";
  });
  dialog.addEventListener("close", () => from.focus(), { once: true });
  dialog.showModal();
};

const onKey = (event) => {
  if (event.metaKey || event.ctrlKey || event.altKey || off()) return;
  if (event.target.closest("input:not([type=radio]), textarea, select, dialog")) return;
  if (event.key === "?") help($("#help"));
  else if (event.key === "g") pressed = Date.now();
  else if (Date.now() - pressed < WITHIN) $(`#nav a[data-key="${CSS.escape(event.key)}"]`)?.click();
};

export const startKeys = () => {
  if (!$("#help")) return;
  document.addEventListener("keydown", onKey);
  $("#help").addEventListener("click", (event) => help(event.currentTarget));
};
