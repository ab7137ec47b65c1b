// Column names for the card layout on phones, and the roles that `display: grid` takes away.
import { $$ } from "./dom.js";

export const tables = (root = document) => {
  for (const table of $$("table.t", root)) {
    const heads = $$("thead th", table).map((head) => head.textContent);
    for (const row of $$("tbody tr, tfoot tr", table)) {
      let column = 0;
      for (const cell of row.cells) {
        if (cell.tagName === "TD" && cell.colSpan === 1) cell.dataset.l = heads[column] || "";
        column += cell.colSpan;
      }
    }
    table.setAttribute("role", "table");
    for (const part of $$("thead, tbody, tfoot", table)) part.setAttribute("role", "rowgroup");
    for (const row of $$("tr", table)) row.setAttribute("role", "row");
    for (const cell of $$("td", table)) cell.setAttribute("role", "cell");
    for (const head of $$("th", table)) head.setAttribute("role", head.closest("thead") ? "columnheader" : "rowheader");
  }
};
