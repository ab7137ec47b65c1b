// The large chart: stacked bars per region, one measure at a time. Pointer, touch and arrow keys move one reading, printed above it.
import { BarChart } from "echarts/charts";
import { AxisPointerComponent, GridComponent } from "echarts/components";
import { init, use } from "echarts/core";
import { CanvasRenderer } from "echarts/renderers";
import { $, $$ } from "./dom.js";

use([BarChart, GridComponent, AxisPointerComponent, CanvasRenderer]);

const SERIES = 4;
const MICRO = 1_000_000;

const colour = (token) => {
  const probe = document.createElement("span");
  probe.style.color = `var(--${token})`;
  document.body.append(probe);
  const value = getComputedStyle(probe).color;
  probe.remove();
  return value;
};

const decimals = (least) => (least >= MICRO ? 2 : least >= MICRO / 100 ? 4 : 6);
const number = (value, digits) => value.toLocaleString("en", { minimumFractionDigits: digits, maximumFractionDigits: digits });

const writer = (measure) => {
  const digits = decimals(Math.min(MICRO, ...measure.values.flat().filter(Boolean)));
  if (measure.kind !== "money") return (value) => number(value, 0);
  return (value) => measure.symbol + number(value / MICRO, digits);
};
const axisWriter = (measure) => {
  if (measure.kind !== "money") return (value) => (value >= 10_000 ? `${number(value / 1000, 0)} k` : number(value, value % 1 ? 1 : 0));
  return (value) => measure.symbol + (value / MICRO).toLocaleString("en", { maximumSignificantDigits: 3 });
};

const options = (data, measure) => {
  const [line, ink, sunken] = [colour("line"), colour("ink-3"), colour("sunken")];
  const font = { color: ink, fontFamily: getComputedStyle(document.body).fontFamily, fontSize: 12 };
  return {
    animation: false,
    grid: { left: 4, right: 4, top: 10, bottom: 4, outerBoundsMode: "same", outerBoundsContain: "axisLabel" },
    xAxis: {
      type: "category",
      data: data.labels,
      axisLine: { lineStyle: { color: line } },
      axisTick: { show: false },
      axisLabel: { ...font, hideOverlap: true },
      axisPointer: { show: true, type: "shadow", shadowStyle: { color: sunken, opacity: 1 }, label: { show: false }, triggerTooltip: false, z: -1 },
    },
    yAxis: { type: "value", axisLabel: { ...font, formatter: axisWriter(measure) }, splitLine: { lineStyle: { color: line } }, splitNumber: 4, minInterval: measure.kind === "count" ? 1 : 0 },
    series: measure.regions.map((name, i) => ({
      name,
      type: "bar",
      stack: "all",
      barCategoryGap: "18%",
      data: measure.values[i],
      itemStyle: { color: colour(`c${(measure.series[i] % SERIES) + 1}`) },
      emphasis: { disabled: true },
    })),
  };
};

const text = (parent, tag, content) => {
  const element = document.createElement(tag);
  element.textContent = content;
  parent.append(element);
};

class Trend {
  constructor(element) {
    this.element = element;
    this.chart = init(element, null, { renderer: "canvas" });
    this.at = -1;
    this.read();
    this.chart.on("updateAxisPointer", (event) => {
      const index = event.axesInfo?.[0]?.value;
      if (index !== undefined && index !== this.at) this.say(index);
    });
    element.addEventListener("keydown", (event) => this.key(event));
    new ResizeObserver(() => this.chart.resize()).observe(element);
  }

  read() {
    this.data = JSON.parse($(`#${this.element.dataset.chart}`).textContent);
    this.render();
  }

  render() {
    const chosen = $("[name=measure]:checked")?.value;
    this.measure = this.data.measures.find((m) => m.key === chosen) || this.data.measures[0];
    this.chart.setOption(options(this.data, this.measure), true);
    this.element.setAttribute("aria-label", `${this.measure.label} per period and region. Arrow keys move the reading; the same is in the table below.`);
    $("#legend").replaceChildren(...this.measure.regions.map((name, i) => this.legend(name, i)));
    if (this.at < 0 || this.at >= this.data.labels.length) this.at = this.newest();
    this.say(this.at);
  }

  legend(name, i) {
    const item = document.createElement("span");
    const swatch = document.createElement("i");
    swatch.className = `k${(this.measure.series[i] % SERIES) + 1}`;
    item.append(swatch, name);
    return item;
  }

  newest() {
    for (let i = this.data.labels.length - 1; i > 0; i -= 1) if (this.measure.values.some((v) => v[i])) return i;
    return this.data.labels.length - 1;
  }

  say(index) {
    this.at = index;
    const write = writer(this.measure);
    const values = this.measure.values.map((v) => v[index]);
    const readout = $("#readout");
    readout.replaceChildren();
    text(readout, "b", `${this.data.labels[index]} UTC: ${write(values.reduce((a, b) => a + b, 0))}`);
    readout.append("  ");
    this.measure.regions.forEach((name, i) => {
      text(readout, "span", `${name} ${write(values[i])}`);
      readout.append(i < this.measure.regions.length - 1 ? ", " : "");
    });
  }

  key(event) {
    const step = { ArrowLeft: -1, ArrowRight: 1, Home: -Infinity, End: Infinity }[event.key];
    if (!step) return;
    event.preventDefault();
    const index = Math.min(this.data.labels.length - 1, Math.max(0, this.at + step));
    this.say(index);
    const x = this.chart.convertToPixel({ xAxisIndex: 0 }, index);
    this.chart.dispatchAction({ type: "updateAxisPointer", currTrigger: "mousemove", x, y: this.element.clientHeight / 2 });
  }
}

const start = () => {
  const element = $("[data-chart]");
  if (!element) return;
  const trend = new Trend(element);
  document.addEventListener("theme", () => trend.render());
  matchMedia("(prefers-color-scheme: dark)").addEventListener("change", () => trend.render());
  document.addEventListener("change", (event) => { if (event.target.name === "measure") trend.render(); });
  document.addEventListener("redraw", () => trend.read());
  $$("[name=measure]").forEach((input) => { input.autocomplete = "off"; });
};

if (document.readyState === "loading") document.addEventListener("DOMContentLoaded", start);
else start();
