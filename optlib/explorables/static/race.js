// Rules beside each other on a landscape, and the meter of one of them: its steps over its rate.

import { landscape, minimize } from "./engine.js";
import { show } from "./figure.js";
import { GUIDE, Panel } from "./plot.js";

// The number on which two runs agree, to six digits, or that there is none.
const settle = ([one, other], floor = 1e-13) => {
  const gap = 1e-4 * Math.min(Math.abs(one), Math.abs(other)) + floor;
  if (one !== other && !(Math.abs(one - other) <= gap)) return "chaotic";
  return Number(one.toPrecision(6));
};

export function race({ panels, data, change, button, handle }) {
  const { rules, steps, box, hair, axis } = data;
  const plane = new Panel(panels, { label: "The landscape from above, and the path of each rule",
    x: { min: 0, max: 1, label: "θ₁" }, y: { min: 0, max: 1, label: "θ₂" } });
  const t = { min: 0, max: steps, label: "step t" };
  const values = new Panel(panels, { label: "Value at each step, one curve a rule",
    x: t, y: { min: 1e-6, max: 1e4, log: true, label: "value f" } });
  const meter = new Panel(panels, { label: "Meter of each coordinate at each step",
    x: { ...t, label: "step t (θ₁ solid, θ₂ dotted)" }, y: axis });

  const minima = plane.line({ color: "#222222", dashes: [] }, 1.6);
  const markers = [values, meter].map((panel) => panel.line(GUIDE, 1.4));
  meter.line(GUIDE, 1.4).draw([[0, 1], [steps, 1]]);
  const drawn = Object.fromEntries(Object.entries(rules).map(([name, { style }]) => {
    const width = name === data.own ? 3 : 2;
    return [name, { path: plane.line(style, width), curve: values.line(style, width),
      mark: plane.dots(style.color, 4.5) }];
  }));
  const readings = [[], [1, 1]].map((dashes) => meter.line({ color: "#222222", dashes }));
  const absent = meter.text();
  const chaos = values.text();
  const label = values.text({ "text-anchor": "end" }); // the others have theirs among the controls

  let ground, problem;
  const inside = ({ start }) => start.map((x, i) => {
    const [low, high] = ground.bounds[i];
    return Math.min(Math.max(x, low), high);
  });
  const enter = (next) => {
    problem = next;
    ground = { ...problem, ...landscape(problem) };
    const [[left, right], [low, high]] = ground.bounds;
    plane.axes({ min: left, max: right }, { min: low, max: high });
    plane.bands(ground.value, 10, 85);
    const [dx, dy] = [(right - left) / 50, (high - low) / 40];
    minima.draw(ground.minimizers.flatMap(([x, y]) => [
      [x - dx, y], [x + dx, y], [NaN, NaN], [x, y - dy], [x, y + dy], [NaN, NaN]]));
  };
  handle(plane, { key: "start", label: "start, θ₁ and θ₂", at: inside,
    part: (start) => ({ start }), anywhere: true });
  button("Usual start", () => change({ start: ground.start }));

  const left = (x) => x.some((each) => !(Math.abs(each) <= box));
  // Two runs of a rule: as it is, and with gradients that are off by a hair.
  const pair = (rule, hyper, start) => [0, hair].map((off) => {
    const gradient = (x, step) => ground.gradient(x).map(
      (g, i) => (1 + (step % 3 ? off : -off) * (i ? -1 : 1)) * g);
    const { x } = minimize(rule, gradient, start, steps, hyper, left);
    return { x, lost: left(x.at(-1)) };
  });

  return (state) => {
    if (data.landscapes[state.landscape] !== problem) enter(data.landscapes[state.landscape]);
    const [start, at] = [inside(state), Math.floor(state.step)];
    const subject = state.meter ?? data.meter;
    const numbers = { "f at the start": ground.value(start) };
    const shown = {};
    for (const { path, curve, mark } of Object.values(drawn)) {
      for (const each of [path, curve, mark]) each.draw([]);
    }
    for (const line of readings) line.draw([]);
    [values, meter].forEach(({ y }, i) => markers[i].draw([[at, y.min], [at, y.max]]));

    const rates = Object.entries(state.rates);
    if (data.own) rates.push([data.own, state.lr]);
    const present = rates.some(([name]) => name === subject);
    absent.draw(3, meter.y.value(28), present ? "" : `${subject} does not run`);
    for (const [name, lr] of rates) {
      const runs = pair(rules[name], { ...state, lr }, start);
      const [{ x }] = runs;
      const whole = (number) => runs.map((run) => (run.lost ? Infinity : number(run)));
      drawn[name].path.draw(x);
      drawn[name].mark.draw(x.slice(at, at + 1));
      drawn[name].curve.draw(x.map((point, step) => [step, ground.value(point)]));
      numbers[`f at the end, ${name}`] = settle(whole((run) => ground.value(run.x[steps])));
      if (name === data.own) label.draw(x.length - 3, 3 * ground.value(x.at(-1)), name);
      if (name !== subject) continue;
      const reading = (points, step) =>
        points[step].map((each, i) => Math.abs(each - points[step - 1][i]) / (lr ?? 1));
      const all = (points) => points.slice(1).map((_, step) => reading(points, step + 1));
      readings.forEach((line, i) => {
        line.path.setAttribute("stroke", rules[name].style.color);
        line.draw(all(x).map((both, step) => [step + 1, both[i]]));
      });
      ["θ₁", "θ₂"].forEach((coordinate, i) => {
        shown[`meter of ${coordinate} at the marked step`] =
          settle(whole((run) => reading(run.x, at)[i]), 1e-8);
      });
      shown["largest reading of the meter"] =
        settle(whole((run) => Math.max(...all(run.x).flat())), 1e-8);
    }
    Object.assign(numbers, shown);
    chaos.draw(3, values.y.value(222), Object.values(numbers).includes("chaotic")
      ? `chaotic: an error of ${show(hair)} decides it` : "");
    return numbers;
  };
}
