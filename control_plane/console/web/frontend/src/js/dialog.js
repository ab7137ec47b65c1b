// Confirmations: one <dialog>, filled by the server; it says what will and what will not happen.
import { $, toast } from "./dom.js";
import { isLive } from "./live.js";
import { htmx } from "./vendor.js";

let opener = null;

const open = (from) => {
  opener = from;
  const dialog = $("#dialog");
  dialog.showModal();
  ($("[autofocus]", dialog) || $("input:not([type=hidden]), select, textarea, button", dialog))?.focus();
};

export const openTemplate = (name, from) => {
  $("#dialog").replaceChildren($(`#t-${name}`).content.cloneNode(true));
  open(from);
};

const load = async (link) => {
  await htmx.ajax("GET", link.getAttribute("href"), { target: "#dialog", swap: "innerHTML" });
  if ($("#dialog").childElementCount) open(link);
};

const onClick = (event) => {
  const target = event.target.closest("a, button");
  if (!target) return;
  if (target.getAttribute("aria-disabled") === "true") {
    event.preventDefault();
    toast(target.dataset.why);
  } else if (target.dataset.dialog !== undefined) {
    event.preventDefault();
    if (isLive()) load(target);
    else toast("Not while live updates are lost: what you see may be old.");
  } else if (target.dataset.open) {
    event.preventDefault();
    openTemplate(target.dataset.open, target);
  } else if (target.dataset.close !== undefined && $("#dialog").open) {
    event.preventDefault();
    $("#dialog").close();
  }
};

export const startDialogs = () => {
  document.addEventListener("click", onClick);
  document.addEventListener("keydown", (event) => {
    if (event.key === " " && event.target.matches("a[role=button]")) {
      event.preventDefault();
      event.target.click();
    }
  });
  $("#dialog").addEventListener("close", () => {
    $("#dialog").replaceChildren();
    const back = opener?.isConnected ? opener : $("#main");
    opener = null;
    back.focus();
  });
  document.body.addEventListener("said", (event) => {
    const back = $("#dialog").open ? null : $("[data-close]")?.href;
    if ($("#dialog").open) $("#dialog").close();
    if (back) location.href = back;
    else toast(event.detail.value);
    htmx.trigger("#main", "sse:again");
  });
};
