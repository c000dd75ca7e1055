// Panels with axes, in SVG: lines, marks, texts, and a painted ground.

const NS = "http://www.w3.org/2000/svg";
// The line that shows where a limit, an axis or an ideal is.
export const GUIDE = { color: "#777777", dashes: [1, 1.5] };

const MARGIN = { left: 52, right: 12, top: 10, bottom: 38 };

export function svg(name, attributes = {}, parent = null) {
  const node = document.createElementNS(NS, name);
  set(node, attributes);
  parent?.append(node);
  return node;
}

export function set(node, attributes) {
  for (const [name, value] of Object.entries(attributes)) node.setAttribute(name, value);
}

export function element(name, attributes = {}, ...children) {
  const node = document.createElement(name);
  set(node, attributes);
  node.append(...children);
  return node;
}

export function stroke(style, width = 2) {
  const dashes = style.dashes.map((length) => length * width).join(" ");
  return { fill: "none", stroke: style.color, "stroke-width": width, "stroke-dasharray": dashes };
}

// How an axis or a slider is bent, and back: not at all, by decades (log: true), or by decades of
// the distance from 1 (log: "nines").
export function bends(log) {
  if (log === "nines") return [(v) => -Math.log10(1 - v), (bent) => 1 - 10 ** -bent];
  return log ? [Math.log10, (bent) => 10 ** bent] : [(v) => v, (v) => v];
}

// Values on an axis worth a tick: those given, decades, or steps of 1, 2 or 5 times a power of ten.
export function ticks({ min, max, log, at }, most = 6) {
  if (at) return at;
  if (log) {
    const [bend, unbend] = bends(log);
    const [low, high] = [Math.ceil(bend(min) - 1e-9), Math.floor(bend(max) + 1e-9)];
    const every = Math.ceil((high - low + 1) / most);
    const decades = [];
    for (let k = low; k <= high; k += every) decades.push(unbend(k));
    return decades;
  }
  const power = 10 ** Math.floor(Math.log10((max - min) / most));
  const step = [1, 2, 5, 10].map((k) => k * power).find((s) => (max - min) / s <= most);
  const found = [];
  const last = Math.floor(max / step + 1e-9);
  for (let k = Math.ceil(min / step - 1e-9); k <= last; k++) found.push(k * step);
  return found;
}

const tickText = (value, log) => {
  if (log && (value < 0.01 || value > 9999)) return `1e${Math.round(Math.log10(value))}`;
  return String(Number(value.toPrecision(6))).replace("-", "−");
};

// One axis: from data to pixels and back.
class Scale {
  constructor(range) { this.range = range; }
  set({ min, max, log = false, at }) {
    this.min = min; this.max = max; this.log = log; this.at = at;
    [this.bend, this.unbend] = bends(log);
    this.low = this.bend(min);
    this.perPixel = (this.bend(max) - this.low) / (this.range[1] - this.range[0]);
  }
  pixel(value) { return this.range[0] + (this.bend(value) - this.low) / this.perPixel; }
  value(pixel) {
    return this.unbend(this.low + (pixel - this.range[0]) * this.perPixel);
  }
}

export class Panel {
  // x, y: { min, max, log, at, label }; label: what a screen reader says of the panel.
  constructor(parent, { label, x, y, width = 340, height = 270 }) {
    this.width = width; this.height = height;
    this.frame = element("div", { class: "panel" });
    this.node = svg("svg", { viewBox: `0 0 ${width} ${height}`, role: "img", "aria-label": label });
    this.frame.append(this.node);
    parent.append(this.frame);
    this.x = new Scale([MARGIN.left, width - MARGIN.right]);
    this.y = new Scale([height - MARGIN.bottom, MARGIN.top]);
    this.grid = svg("g", { class: "axes" }, this.node);
    const inside = { x: MARGIN.left, y: MARGIN.top, width: width - MARGIN.left - MARGIN.right,
      height: height - MARGIN.top - MARGIN.bottom };
    this.inside = inside;
    const view = `${inside.x} ${inside.y} ${inside.width} ${inside.height}`;
    this.plot = svg("svg", { ...inside, viewBox: view, overflow: "hidden" }, this.node);
    this.above = svg("g", {}, this.node);
    this.axes(x, y);
  }

  axes(x, y) {
    this.x.set(x); this.y.set(y);
    this.labels = { x: x.label ?? this.labels?.x ?? "", y: y.label ?? this.labels?.y ?? "" };
    const { x: left, y: top, width, height } = this.inside;
    const [right, bottom] = [left + width, top + height];
    this.grid.replaceChildren();
    svg("rect", { ...this.inside, class: "box" }, this.grid);
    for (const value of ticks(this.x)) {
      const at = this.x.pixel(value);
      svg("line", { x1: at, x2: at, y1: bottom, y2: bottom + 4 }, this.grid);
      const text = tickText(value, this.x.log);
      const seen = Math.min(at, this.width - 4 * text.length); // half of the widest font's letters
      const place = { x: seen, y: bottom + 16, "text-anchor": "middle" };
      svg("text", place, this.grid).textContent = text;
    }
    for (const value of ticks(this.y)) {
      const at = this.y.pixel(value);
      svg("line", { x1: left - 4, x2: left, y1: at, y2: at }, this.grid);
      const place = { x: left - 7, y: at + 4, "text-anchor": "end" };
      svg("text", place, this.grid).textContent = tickText(value, this.y.log);
    }
    const middle = { x: left + width / 2, y: this.height - 5, "text-anchor": "middle" };
    svg("text", middle, this.grid).textContent = this.labels.x;
    const turned = { transform: `translate(12 ${top + height / 2}) rotate(-90)`,
      "text-anchor": "middle" };
    svg("text", turned, this.grid).textContent = this.labels.y;
  }

  // A line to be drawn again and again: draw(points), with gaps where a point is not finite.
  line(style, width = 2) {
    const path = svg("path", stroke(style, width), this.plot);
    return { path, draw: (points) => path.setAttribute("d", this.outline(points)) };
  }

  outline(points) {
    let [text, pen] = ["", "M"];
    for (const [x, y] of points) {
      const [px, py] = [this.x.pixel(x), this.y.pixel(y)];
      if (Number.isFinite(px) && Number.isFinite(py)) {
        text += `${pen}${near(px)} ${near(py)}`;
        pen = "L";
      } else pen = "M";
    }
    return text;
  }

  // Dots at points: draw(points).
  dots(color, radius = 2.5) {
    const path = svg("path", { stroke: color, "stroke-width": 2 * radius,
      "stroke-linecap": "round", fill: "none" }, this.plot);
    const dot = (point) => { const at = this.outline([point]); return at && `${at}h0`; };
    return { path, draw: (points) => path.setAttribute("d", points.map(dot).join("")) };
  }

  // A text: draw(x, y, text).
  text(attributes = {}) {
    const node = svg("text", { class: "note", ...attributes }, this.above);
    return { node, draw: (x, y, text) => {
      const at = { x: near(this.x.pixel(x)), y: near(this.y.pixel(y)) };
      const placed = !Number.isNaN(at.x + at.y);
      node.textContent = placed ? text : "";
      if (placed) set(node, at);
    } };
  }

  // The key of a line, from a place on: a stroke in its style, and its name.
  key(style, x, y, name) {
    const [px, py] = [this.x.pixel(x), this.y.pixel(y)];
    svg("path", { ...stroke(style), d: `M${px} ${py}h26` }, this.above);
    svg("text", { class: "note", x: px + 32, y: py + 4 }, this.above).textContent = name;
  }

  // Paint the ground: color(x, y) is [red, green, blue, alpha] of the middle of each cell.
  paint(color, columns = 120) {
    const { x, y, width, height } = this.inside;
    const rows = Math.round((columns * height) / width);
    if (!this.canvas) {
      this.canvas = element("canvas", { "aria-hidden": "true" });
      const share = (part, whole) => `${(100 * part) / whole}%`;
      Object.assign(this.canvas.style, {
        left: share(x, this.width), top: share(y, this.height),
        width: share(width, this.width), height: share(height, this.height),
      });
      this.frame.prepend(this.canvas);
    }
    set(this.canvas, { width: columns, height: rows });
    const context = this.canvas.getContext("2d");
    const image = context.createImageData(columns, rows);
    for (let j = 0; j < rows; j++) {
      const v = this.y.value(y + ((j + 0.5) * height) / rows);
      for (let i = 0; i < columns; i++) {
        image.data.set(color(this.x.value(x + ((i + 0.5) * width) / columns), v),
          4 * (j * columns + i));
      }
    }
    context.putImageData(image, 0, 0);
  }

  // Paint the bands of height of a landscape, low ground darker, log-spaced above its minimum.
  bands(value, levels = 10, columns = 170) {
    const heights = [];
    this.paint((x, y) => { heights.push(value([x, y])); return [0, 0, 0, 0]; }, columns);
    const sorted = Float64Array.from(heights.filter(Number.isFinite)).sort();
    const [least, most] = [sorted[0], sorted.at(-1)];
    const low = Math.log(Math.max(sorted[Math.floor(sorted.length / 100)] - least,
      1e-4 * (most - least)));
    const perBand = (Math.log(most - least) - low) / levels;
    let k = 0;
    this.paint(() => {
      const band = Math.floor((Math.log(heights[k++] - least) - low) / perBand);
      return [60, 110, 155, 120 * (1 - Math.min(Math.max(band, 0), levels) / levels)];
    }, columns);
  }
}

// Pixels far outside are as good as just outside, and a tenth of a pixel is enough.
const near = (pixel) => Math.round(10 * Math.min(Math.max(pixel, -3000), 3000)) / 10;
