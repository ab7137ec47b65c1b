// Replaces the content of <main> in place: rows stay where they are, open details stay open, what is typed stays typed,
// and a list does not move while the pointer or the focus is inside it, or while it is paused.
import { Idiomorph } from "idiomorph/dist/idiomorph.esm.js";
import { $, $$ } from "./dom.js";
import { htmx } from "./vendor.js";

let paused = false;

const button = () => $("#hold");
const label = (waiting) => {
  const b = button();
  if (!b) return;
  b.setAttribute("aria-pressed", String(paused));
  b.textContent = paused ? `Resume${waiting ? `, ${waiting} new` : ""}` : "Pause";
};

const held = (list) => (paused && list.id === "feed") || list.matches(":hover, :focus-within");

const before = (from, to) => {
  if (from.nodeType !== Node.ELEMENT_NODE) return true;
  if (from.matches("input, textarea, select, [data-keep], #hold")) return false;
  if (from.tagName === "DETAILS") to.open = from.open;
  if (from.matches("svg[data-v]")) return from.dataset.v !== to.dataset.v;
  if (from.matches("[data-hold]") && held(from)) {
    const newest = from.firstElementChild?.dataset.at || "";
    label($$("li", to).filter((item) => item.dataset.at > newest).length);
    return false;
  }
  return true;
};

const added = (node) => {
  if (node.nodeType === Node.ELEMENT_NODE && node.matches(".log > li")) node.classList.add("new");
};

htmx.defineExtension("hold", {
  isInlineSwap: () => false,
  handleSwap(style, target, fragment) {
    if (style !== "hold") return false;
    for (const part of $$("[data-oob]", fragment)) {
      $(`#${part.id}`)?.replaceChildren(...part.childNodes);
      part.remove();
    }
    Idiomorph.morph(target, [...fragment.childNodes], {
      morphStyle: "innerHTML",
      ignoreActiveValue: true,
      callbacks: { beforeNodeMorphed: before, afterNodeAdded: added },
    });
    return [target];
  },
});

export const startHold = () => {
  document.addEventListener("click", (event) => {
    if (event.target.closest("#hold")) {
      paused = !paused;
      label(0);
      if (!paused) htmx.trigger("#main", "sse:again");
    }
  });
};
