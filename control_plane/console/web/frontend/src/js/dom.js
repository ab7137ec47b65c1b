// Shorthands, a store that survives private mode, and the toast.
export const $ = (selector, root = document) => root.querySelector(selector);
export const $$ = (selector, root = document) => [...root.querySelectorAll(selector)];

export const store = {
  get(key) {
    try { return localStorage.getItem(key); } catch { return null; }
  },
  set(key, value) {
    try { localStorage.setItem(key, value); } catch { /* private mode: not kept */ }
  },
};

let timer = 0;
export const toast = (text) => {
  const element = $("#toast");
  element.textContent = text;
  clearTimeout(timer);
  timer = setTimeout(() => { element.textContent = ""; }, 6000);
};
