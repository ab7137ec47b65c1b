// htmx's extensions look for a global `htmx`.
import htmx from "htmx.org";

globalThis.htmx = htmx;
export { htmx };
