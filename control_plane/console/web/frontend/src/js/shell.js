// Theme, menu, copy, filter.
import { $, $$, store, toast } from "./dom.js";

const root = document.documentElement;
const dark = () => (root.dataset.theme ? root.dataset.theme === "dark" : matchMedia("(prefers-color-scheme: dark)").matches);

const label = () => {
  const button = $("#theme");
  button.textContent = dark() ? "Light" : "Dark";
  button.setAttribute("aria-label", `${button.textContent}: switch to the ${dark() ? "light" : "dark"} theme`);
};

const copy = async (button) => {
  const text = button.dataset.copy;
  try {
    await navigator.clipboard.writeText(text);
  } catch {
    const code = $("code", button.parentNode);
    if (code) getSelection().selectAllChildren(code);
    toast("The browser does not allow copying. The text is selected: press Ctrl and C.");
    return;
  }
  button.textContent = "Copied";
  setTimeout(() => { button.textContent = "Copy"; }, 2000);
  toast("Copied to the clipboard.");
};

export const filter = () => {
  const input = $("[data-filter]");
  if (!input) return;
  const words = input.value.trim().toLowerCase();
  let shown = 0;
  for (const row of $$(`#${input.dataset.filter} tbody tr`)) {
    row.hidden = !row.textContent.toLowerCase().includes(words);
    if (!row.hidden) shown += 1;
  }
  $("#none").hidden = shown > 0;
};

export const startShell = () => {
  label();
  $("#theme").addEventListener("click", () => {
    root.dataset.theme = dark() ? "light" : "dark";
    store.set("theme", root.dataset.theme);
    label();
    document.dispatchEvent(new CustomEvent("theme"));
  });
  $(".menu")?.addEventListener("click", (event) => {
    event.currentTarget.setAttribute("aria-expanded", String($("#side").classList.toggle("open")));
  });
  document.addEventListener("click", (event) => {
    const button = event.target.closest("[data-copy]");
    if (button) copy(button);
  });
  document.addEventListener("input", (event) => {
    if (event.target.matches("[data-filter]")) filter();
  });
  document.addEventListener("submit", (event) => {
    if (event.target.matches("[role=search]")) event.preventDefault();
  });
};
