// Bias correction: both betas on the map of regimes, and what leaving the correction out does.

import { evaluator, minimize } from "./engine.js";
import { figure, show } from "./figure.js";
import { Panel } from "./plot.js";

const TINTS = { "too long": [216, 67, 79, 70], "short, then long": [0, 0, 0, 0],
  "too short": [36, 104, 238, 70] };

export default figure(({ panels, data, handle }) => {
  const { rules, steps, long, ways, limit } = data;

  // The step of a rule from 0 at step t, where both averages and the gradient are 1.
  const stepper = ({ program, hyper }) => {
    const { registers, run, input, output } = evaluator(program);
    const set = (values) => {
      for (const [name, value] of Object.entries(values)) registers[input(name)] = value;
    };
    set({ ...hyper, x: 0, g: 1, m: 1, v: 1 });
    const [time, one, two, x] = [input("t"), input("beta1"), input("beta2"), output("x")];
    return (t, beta1, beta2) => {
      registers[time] = t - 1;
      registers[one] = beta1;
      registers[two] = beta2;
      run();
      return registers[x];
    };
  };
  const [without, withIt] = rules.map(stepper);
  const factor = (t, beta1, beta2) => without(t, beta1, beta2) / withIt(t, beta1, beta2);
  const regime = (beta1, beta2) => {
    if (factor(1, beta1, beta2) >= 1 - 1e-9) return "too long";
    return beta2 <= beta1 ? "too short" : "short, then long";
  };

  const map = new Panel(panels, { label: "Map of the betas: the regimes of uncorrected steps",
    x: { min: 0.5, max: 0.99, log: "nines", label: "β₁", at: [0.5, 0.8, 0.9, 0.95, 0.98, 0.99] },
    y: { min: 0.5, max: 0.9999, log: "nines", at: [0.5, 0.9, 0.99, 0.999] } });
  map.paint((beta1, beta2) => TINTS[regime(beta1, beta2)], 282);
  const betas = Array.from({ length: 60 }, (_, i) => 1 - 0.5 * 0.02 ** (i / 59));
  map.line(limit, 1.4).draw(betas.map((beta) => [beta, beta]));
  map.line(limit, 1.4).draw(betas.map((beta) => [beta, 1 - (1 - beta) ** 2]));
  const places = { "too long": [0.75, 0.9985], "short, then long": [0.977, 0.9955],
    "too short": [0.95, 0.75], "β₂": [0.38, 0.9996] };
  for (const [name, place] of Object.entries(places)) {
    map.text({ "text-anchor": "middle" }).draw(...place, name);
  }
  handle(map, { key: "beta1", label: "β₁ and β₂", color: ways.none.color, anywhere: true,
    at: ({ beta1, beta2 }) => [beta1, beta2], part: ([beta1, beta2]) => ({ beta1, beta2 }) });

  const y = { min: 4e-3, max: 300, log: true };
  const curve = new Panel(panels, { label: "The factor c(t) against the step, on logarithmic axes",
    x: { min: 1, max: long, log: true, label: "step t" },
    y: { ...y, label: "c(t), uncorrected / corrected" } });
  curve.line(limit, 1.4).draw([[1, 1], [long, 1]]);
  const near = curve.line(limit, 1.4);
  const nearText = curve.text();
  const line = curve.line({ ...ways.none, dashes: [] });
  const peak = curve.dots(ways.none.color, 4);
  const peakText = curve.text();
  const times = [...new Set(Array.from({ length: 141 }, (_, i) => Math.round(long ** (i / 140))))];

  const first = new Panel(panels, {
    label: `Lengths of the first ${steps} steps under a constant gradient, on logarithmic axes`,
    x: { min: 1, max: steps, log: true, label: "step t, constant gradient" },
    y: { ...y, label: "length / learning rate" } });
  const lines = Object.values(ways).map((style) => first.line(style));
  first.text().draw(7, 0.036, "corrected:");
  Object.entries(ways).forEach(([name, style], i) =>
    first.key(style, [7, 26][i % 2], [0.0195, 0.0085][i >> 1], name));

  return ({ beta1, beta2 }) => {
    const c = (t) => factor(t, beta1, beta2);
    const sparse = times.map(c);
    // The largest and the last step that is off by 5% lie between points of the curve.
    const between = (from, to) => Array.from({ length: to - from + 1 }, (_, i) => from + i);
    const top = sparse.indexOf(Math.max(...sparse));
    const around = between(times[Math.max(top - 1, 0)], times[Math.min(top + 1, times.length - 1)]);
    const largest = Math.max(...around.map(c));
    const at = largest > 1.0005 ? around.find((t) => c(t) === largest) : null;
    const off = (t) => Math.abs(c(t) - 1) > 0.05;
    const last = times.findLastIndex(off);
    const until = last < 0 ? 0 : between(times[last], times[last + 1]).findLast(off);

    line.draw(times.map((t, i) => [t, sparse[i]]));
    peak.draw(at === null ? [] : [[at, largest]]);
    peakText.draw(at ?? 1, 1.5 * largest, at === null ? "" : `${show(largest)} at step ${at}`);
    near.draw([[until, 0.01], [until, 1]]);
    nearText.node.setAttribute("text-anchor", until > 400 ? "end" : "start");
    nearText.draw(until, 0.0055, `within 5% after ${until}`);

    const { x } = minimize(rules[0], () => [1], [0], steps, { beta1, beta2 });
    const none = between(1, steps).map((t) => x[t - 1][0] - x[t][0]);
    const correctedBy = [() => 1, (t) => factor(t, beta1, 0), (t) => factor(t, 0, beta2), c];
    const lengths = correctedBy.map((by) => none.map((length, i) => length / by(i + 1)));
    lines.forEach((way, k) => way.draw(lengths[k].map((length, i) => [i + 1, length])));
    return {
      "first step, c(1)": c(1),
      "largest c(t)": largest,
      "largest at step": at,
      "steps until within 5%": until,
      "first step, only m corrected": lengths[1][0],
      "first step, only v corrected": lengths[2][0],
      [`way of ${steps} steps, uncorrected`]: none.reduce((sum, length) => sum + length, 0),
      "uncorrected steps are": regime(beta1, beta2),
    };
  };
});
