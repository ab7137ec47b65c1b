// Small figures as SVG from `data-v`, drawn at the size they have.
import { $, $$ } from "./dom.js";

const NS = "http://www.w3.org/2000/svg";
const make = (tag, attributes, parent) => {
  const element = document.createElementNS(NS, tag);
  for (const [name, value] of Object.entries(attributes)) element.setAttribute(name, value);
  parent.append(element);
  return element;
};
const bar = (parent, x, y, width, height, colour, extra = {}) => {
  const rect = make("rect", { x, y, width: Math.max(1, width), height, ...extra }, parent);
  rect.style.fill = `var(--${colour})`;
  rect.style.stroke = "none";
};
const line = (parent, d, colour, width) => {
  const path = make("path", { d, "stroke-width": width }, parent);
  path.style.fill = "none";
  path.style.stroke = `var(--${colour})`;
};
const dot = (parent, cx, cy, r, colour) => {
  const circle = make("circle", { cx, cy, r }, parent);
  circle.style.fill = `var(--${colour})`;
  circle.style.stroke = "none";
};
const numbers = (text) => text.split(",").map(Number);

const DRAW = {
  // The link in half hours, "C41 D7": height carries the state, so colour is not needed.
  strip(svg, width, height) {
    const slots = svg.dataset.v.split(" ").flatMap((run) => Array(Number(run.slice(1))).fill(run[0]));
    const step = width / slots.length;
    const tall = { C: height - 4, S: height / 2, D: 2, N: 1 };
    const colour = { C: "ok", S: "warn", D: "off", N: "line-2" };
    slots.forEach((slot, i) => bar(svg, i * step, height - 2 - tall[slot], step - 1.2, tall[slot], colour[slot], { opacity: slot === "C" ? 0.5 : 1 }));
  },
  spark(svg, width, height) {
    const values = numbers(svg.dataset.v);
    const high = Math.max(...values);
    const low = Math.min(...values) * 0.92;
    const x = (i) => 2 + (i * (width - 6)) / Math.max(1, values.length - 1);
    const y = (value) => height - 3 - ((value - low) / (high - low || 1)) * (height - 6);
    line(svg, `M${values.map((value, i) => `${x(i)} ${y(value)}`).join("L")}`, "accent", 1.4);
    dot(svg, x(values.length - 1), y(values.at(-1)), 2.2, "accent");
  },
  // A certificate: planned renewal and now, as shares of its life.
  life(svg, width, height) {
    const [renew, at] = numbers(svg.dataset.v);
    const middle = height / 2;
    line(svg, `M0 ${middle}H${width}`, "sunken", 4);
    line(svg, `M0 ${middle}H${(at / 100) * width}`, "c1", 4);
    line(svg, `M${(renew / 100) * width} 0V${height}`, "ink-3", 1.5);
  },
  share(svg, width, height) {
    const colours = (svg.dataset.c || "c1").split(",");
    bar(svg, 0, 0, width, height, "sunken", { rx: 1.5 });
    let x = 0;
    numbers(svg.dataset.v).forEach((value, i, all) => {
      const part = (value / 100) * width;
      if (value > 0) bar(svg, x, 0, part - (all.length > 1 ? 1.5 : 0), height, colours[i], { rx: 1.5 });
      x += part;
    });
  },
};

export const draw = (root = document) => {
  for (const svg of $$("svg[data-v]", root)) {
    const kind = Object.keys(DRAW).find((name) => svg.classList.contains(name));
    const width = svg.clientWidth;
    if (!kind || !width) continue;
    const height = svg.clientHeight || 20;
    svg.replaceChildren();
    svg.setAttribute("viewBox", `0 0 ${width} ${height}`);
    DRAW[kind](svg, width, height);
  }
};

export const watchSize = () => {
  let frame = 0;
  new ResizeObserver(() => {
    cancelAnimationFrame(frame);
    frame = requestAnimationFrame(() => draw());
  }).observe($("#main"));
};
