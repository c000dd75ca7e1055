// The frame of every figure: its controls, handles, read-outs, targets, link and reset.

import { bends, element, set, svg, stroke } from "./plot.js";

export function show(value) {
  if (value === null) return "never";
  if (typeof value === "string") return value;
  if (!Number.isFinite(value)) return "diverged";
  const digits = Number.isInteger(value) && Math.abs(value) < 1e9 ? 9 : 4;
  const rounded = Number(value.toPrecision(digits));
  return (Math.abs(rounded) < 1e9 ? String(rounded) : rounded.toExponential()).replace("-", "−");
}

const short = (value, log) => (log === "nines"
  ? Number((1 - Number((1 - value).toPrecision(2))).toFixed(9)) : Number(value.toPrecision(3)));

// Values are not announced one by one: the status says all of them when a change has come to rest.
const QUIET = { "aria-live": "off" };

// A control is { nodes, update(value) } and calls change(value).
export const CONTROLS = {
  slider({ key, label, min, max, log, step }, change) {
    const [bend, unbend] = bends(log);
    const steps = Math.ceil((bend(max) - bend(min)) / step - 1e-9); // the last may lead beyond max
    const input = element("input", { type: "range", min: bend(min), max: bend(min) + steps * step,
      step, "data-control": key, "aria-label": label });
    const output = element("output", QUIET);
    input.addEventListener("input", () => {
      const value = log ? short(unbend(input.valueAsNumber), log) : input.valueAsNumber;
      change(Math.min(Math.max(value, min), max));
    });
    const update = (value) => {
      input.value = bend(value);
      input.setAttribute("aria-valuetext", show(value));
      output.textContent = show(value);
    };
    const text = element("span", {}, label);
    return { nodes: [element("label", { class: "slider" }, text, input, output)], update };
  },

  choice({ key, label, options }, change) {
    const select = element("select", { "data-control": key });
    for (const [i, option] of options.entries()) {
      select.append(element("option", { value: i }, String(option)));
    }
    select.addEventListener("change", () => change(options[select.value]));
    const update = (value) => { select.value = options.indexOf(value); };
    return { nodes: [element("label", { class: "choice" }, element("span", {}, label), select)],
      update };
  },

  rates({ key, label, min, max, step, names, styles }, change) {
    const group = element("fieldset", { class: "rates" }, element("legend", {}, label));
    let now = {};
    const latest = {};
    const rows = names.map((name) => {
      const box = element("input", { type: "checkbox", "data-control": `${key}.${name}` });
      const key_ = svg("svg", { viewBox: "0 0 30 8", class: "key", "aria-hidden": "true" });
      svg("path", { ...stroke(styles[name]), d: "M0 4H30" }, key_);
      const range = CONTROLS.slider(
        { key: `${key}.${name}.lr`, label: `learning rate of ${name}`, min, max, log: true, step },
        (rate) => change({ ...now, [name]: rate }));
      const [row] = range.nodes;
      row.querySelector("span").remove();
      box.addEventListener("change", () => {
        const { [name]: rate, ...others } = now;
        change(box.checked ? { ...others, [name]: latest[name] } : others);
      });
      group.append(element("div", {}, element("label", {}, box, key_, name), row));
      return { name, box, row, range };
    });
    const update = (rates) => {
      now = rates;
      for (const { name, box, row, range } of rows) {
        box.checked = name in rates;
        row.hidden = !box.checked;
        latest[name] = rates[name] ?? latest[name] ?? short(Math.sqrt(min * max));
        range.update(latest[name]);
      }
    };
    return { nodes: [group], update };
  },

  point: () => ({ nodes: [], update() {} }), // a handle in a panel, see below
};
CONTROLS.lines = CONTROLS.values = CONTROLS.point; // stand in an editor

// Whether a value from a link is one that the control can have.
const LEGAL = {
  slider: ({ min, max }, v) => typeof v === "number" && v >= min && v <= max,
  choice: ({ options }, v) => options.includes(v),
  point: (_, v) => Array.isArray(v) && v.length === 2 && v.every(Number.isFinite),
  rates: ({ names, min, max }, v) => v?.constructor === Object && Object.entries(v).every(
    ([name, rate]) => names.includes(name) && LEGAL.slider({ min, max }, rate)),
  lines: ({ legal }, v) => typeof v === "string" && v.length < 4000 && legal(v),
  values: ({ known, fresh }, v) => v?.constructor === Object && Object.entries(v).every(
    ([name, value]) => LEGAL.slider(known[name] ?? fresh, value)),
};

const link = (name, state) => `#${name}?${new URLSearchParams(
  Object.entries(state).map(([key, value]) => [key, JSON.stringify(value)]))}`;

// The state that the address asks of a figure, as far as it is legal.
function linked(name, controls) {
  const [target, query] = location.hash.slice(1).split("?");
  const found = {};
  if (target !== name) return null;
  for (const [key, text] of new URLSearchParams(query ?? "")) {
    const control = controls.find((each) => each.key === key);
    try {
      const value = JSON.parse(text);
      if (control && LEGAL[control.kind](control, value)) found[key] = value;
    } catch { /* a damaged link: the other values count */ }
  }
  return found;
}

// A figure from build(host), which draws once and returns update(state): it draws the state and
// returns the read-outs, name to number, text, or null for what never happens.
export function figure(build) {
  const render = ({ model, el }) => {
    const { name, label, controls, targets, data } = model.get("spec");
    const keys = controls.map(({ key }) => key);
    const state = () => Object.fromEntries(keys.map((key) => [key, model.get(key)]));
    const initial = state();
    const change = (part) => {
      for (const { kind, key, min, max } of controls) {
        if (!(key in part)) continue;
        model.set(key, kind === "slider" ? Math.min(Math.max(part[key], min), max) : part[key]);
      }
      model.save_changes();
    };

    const board = element("div", { class: "controls" });
    const values = element("dl", { class: "numbers" });
    const goals = element("ul", { class: "targets" });
    const buttons = element("div", { class: "buttons" });
    const status = element("p", { role: "status", class: "unseen" });
    const side = element("div", { class: "side" }, board, values, goals, buttons, status);
    const panels = element("div", { class: "panels" });
    const root = element("div", { class: "explorable", role: "group", "aria-label": label },
      panels);
    el.replaceChildren(root);

    const button = (text, act) => {
      const node = element("button", { type: "button" }, text);
      node.addEventListener("click", act);
      buttons.append(node);
      return node;
    };

    const handles = [];
    // A point to drag in a panel. at(state) is its place [x, y]; part([x, y]) the state it makes.
    // With anywhere, a click elsewhere in the panel moves it there. With along, it moves along a
    // curve, and is to the keyboard and to screen readers the slider of its key. An arrow key moves
    // it by hops [right, down] in pixels.
    const handle = (panel, { key, label, color = "#222222", at, part, anywhere, along,
      hops = [3, 3] }) => {
      const slider = along && controls.find((control) => control.key === key);
      set(panel.node, { role: "group" });
      const node = svg("g", { class: "handle", role: "slider", tabindex: 0, "aria-label": label,
        "data-control": key }, panel.above);
      svg("circle", { r: 20, class: "grip" }, node);
      svg("circle", { r: 7, fill: color }, node);
      const inside = (scale, pixel) => {
        const value = scale.value(Math.min(Math.max(pixel, Math.min(...scale.range)),
          Math.max(...scale.range)));
        const rounded = scale.log ? short(value, scale.log)
          : Number(value.toFixed(Math.max(0, 3 - Math.floor(Math.log10(scale.max - scale.min)))));
        return Math.min(Math.max(rounded, scale.min), scale.max);
      };
      const move = (px, py) => change(part([inside(panel.x, px), inside(panel.y, py)], state()));
      const pixels = (event) => {
        const box = panel.node.getBoundingClientRect();
        const ratio = panel.width / box.width;
        return [(event.clientX - box.left) * ratio, (event.clientY - box.top) * ratio];
      };
      // Chromium scrolls the page under a finger on SVG, whatever touch-action says.
      node.addEventListener("touchstart", (event) => event.preventDefault(), { passive: false });
      node.addEventListener("pointerdown", (event) => {
        node.setPointerCapture(event.pointerId);
        node.focus({ preventScroll: true });
        event.preventDefault();
      });
      node.addEventListener("pointermove", (event) => {
        if (node.hasPointerCapture(event.pointerId)) move(...pixels(event));
      });
      if (anywhere) {
        panel.plot.style.cursor = "crosshair";
        panel.plot.prepend(svg("rect", { ...panel.inside, fill: "transparent" }));
        panel.plot.addEventListener("click", (event) => move(...pixels(event)));
      }
      node.addEventListener("keydown", (event) => {
        const arrows = { ArrowLeft: [-1, 0], ArrowRight: [1, 0], ArrowUp: [0, -1],
          ArrowDown: [0, 1] };
        if (!(event.key in arrows)) return;
        const [x, y] = at(state());
        const by = event.shiftKey ? 10 : 1;
        const [right, down] = arrows[event.key];
        if (slider) {
          const value = state()[key] + slider.step * by * (right - down);
          change({ [key]: Number(value.toFixed(6)) });
        } else {
          move(panel.x.pixel(x) + by * hops[0] * right, panel.y.pixel(y) + by * hops[1] * down);
        }
        event.preventDefault();
      });
      handles.push((now) => {
        const [x, y] = at(now);
        node.setAttribute("transform", `translate(${panel.x.pixel(x)} ${panel.y.pixel(y)})`);
        const { min, max } = slider || panel.x;
        const plain = (v) => (/e/.test(v) ? v.toFixed(12) : v); // to ARIA 1e-8 is no number
        set(node, { "aria-valuemin": plain(min), "aria-valuemax": plain(max),
          "aria-valuenow": plain(slider ? now[key] : x),
          "aria-valuetext": slider ? show(now[key]) : `${show(x)}, ${show(y)}` });
      });
      return node;
    };

    const update = build({ panels, controls, data, state, change, button, handle });
    panels.append(side);
    const made = controls.map((control) => {
      const { nodes, update: refresh } =
        CONTROLS[control.kind](control, (value) => change({ [control.key]: value }));
      board.append(...nodes);
      return [control.key, refresh];
    });
    const restore = (values) => {
      change(values);
      root.dispatchEvent(new Event("reset"));
    };
    button("Reset", () => restore(initial));
    const here = element("a", { href: "#" }, "Link to this state");
    if (model.isStatic) buttons.append(here);

    let outputs = {};
    const output = (name) => {
      const node = element("output", { ...QUIET, "data-number": name });
      values.append(element("div", {}, element("dt", {}, name), element("dd", {}, node)));
      return node;
    };
    const met = ({ where }, values) => Object.entries(where).every(
      ([key, [low, high]]) => values[key] !== null && values[key] >= low && values[key] <= high);
    const ticks = targets.map(({ text }) => {
      const tick = element("span", { class: "tick" });
      goals.append(element("li", {}, tick, ` ${text}`));
      return tick;
    });

    let quiet;
    const draw = () => {
      const now = state();
      for (const [key, refresh] of made) refresh(now[key]);
      const numbers = update(now);
      for (const place of handles) place(now);
      if (String(Object.keys(outputs)) !== String(Object.keys(numbers))) {
        values.replaceChildren();
        outputs = Object.fromEntries(Object.keys(numbers).map((name) => [name, output(name)]));
      }
      for (const [name, value] of Object.entries(numbers)) {
        outputs[name].textContent = show(value);
        outputs[name].dataset.value = value;
      }
      targets.forEach((target, i) => {
        const done = met(target, { ...now, ...numbers });
        ticks[i].textContent = done ? "✓ reached:" : "○ target:";
        ticks[i].parentNode.classList.toggle("met", done);
      });
      here.href = link(name, now);
      root.dataset.state = JSON.stringify(now);
      clearTimeout(quiet);
      quiet = setTimeout(() => {
        const reached = targets.filter((target) => met(target, { ...now, ...numbers }));
        status.textContent = [
          ...Object.entries(numbers).map(([name, value]) => `${name}: ${show(value)}`),
          ...reached.map(({ text }) => `Reached: ${text}`)].join(". ");
      }, 500);
    };

    let frame = 0;
    const later = () => { frame ||= requestAnimationFrame(() => { frame = 0; draw(); }); };
    const events = keys.map((key) => `change:${key}`);
    events.forEach((event) => model.on(event, later));
    const follow = () => {
      const asked = linked(name, controls);
      if (asked) {
        restore({ ...initial, ...asked });
        const block = root.offsetHeight < innerHeight ? "center" : "start";
        const seek = () => root.scrollIntoView({ block, behavior: "instant" });
        seek();
        addEventListener("load", seek); // what loads above may push it away
      }
    };
    if (model.isStatic) {
      addEventListener("hashchange", follow);
      follow();
    }
    for (const node of root.querySelectorAll("input, select, button, [tabindex]")) {
      set(node, { "data-lm-suppress-shortcuts": "" }); // or JupyterLab takes their arrow keys
    }
    draw();
    clearTimeout(quiet); // nothing is announced before something changes
    return () => {
      events.forEach((event) => model.off(event, later));
      removeEventListener("hashchange", follow);
      cancelAnimationFrame(frame);
      clearTimeout(quiet);
    };
  };
  return { render };
}
