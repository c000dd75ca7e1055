// Momentum on a bowl: the plane of learning rate and momentum, and the eigenvalues of a step.

import { evaluator, landscape, minimize } from "./engine.js";
import { figure } from "./figure.js";
import { GUIDE, Panel, set, svg } from "./plot.js";

const TINTS = ["#e3ecf5", "#fbead5", "#d5e8d5", "#f6e1e6"];
const BLACK = { color: "#555555", dashes: [] };
const NAMES = ["flat", "steep"];

export default figure(({ panels, data, state, change, button, handle }) => {
  const { rule, bowls, best, steps, regimes, rounding, colors } = data;
  const { registers, run, input, output } = evaluator(rule.program);
  const slots = ["x", "m", "g", "lr", "momentum"].map(input);
  const step = (...values) => {
    slots.forEach((slot, i) => { registers[slot] = values[i]; });
    run();
    return [registers[output("x")], registers[output("m")]];
  };
  // Of the matrix of a step, whose columns are what it makes of x = 1 and of m = 1.
  const eigenvalues = (lr, momentum, curvature) => {
    const [a, c] = step(1, 0, curvature, lr, momentum);
    const [b, d] = step(0, 1, 0, lr, momentum);
    const spread = (a + d) ** 2 - 4 * (a * d - b * c);
    const root = Math.abs(spread) < rounding ? 0 : Math.sqrt(Math.abs(spread));
    return [root, -root].map((r) => (spread < 0 ? [(a + d) / 2, r / 2] : [(a + d + r) / 2, 0]));
  };
  const larger = (pair) => Math.max(...pair.map(([re, im]) => Math.hypot(re, im)));
  const regime = (pair) => {
    if (larger(pair) >= 1) return 3;
    if (pair[0][1] > 0) return 1;
    return pair[1][0] >= 0 ? 0 : 2;
  };

  const [left, right] = [1e-3, 60];
  const plane = new Panel(panels, { label: "Phase diagram of rate times curvature and momentum",
    x: { min: left, max: right, log: true, label: "learning rate × curvature, αλ" },
    y: { min: -0.05, max: 1, label: "momentum μ" } });
  // Where regime k ends, by bisection, from the bottom to the top.
  const wall = (k) => Array.from({ length: 106 }, (_, row) => {
    let [low, high] = [left, right];
    const mu = row / 100 - 0.05;
    for (let i = 0; i < 40; i++) {
      const middle = Math.sqrt(low * high);
      if (regime(eigenvalues(middle, Math.min(Math.max(mu, 0), 0.9999), 1)) > k) high = middle;
      else low = middle;
    }
    return [low, mu];
  });
  const edge = (at) => [[at, -0.05], [at, 1]];
  const walls = [edge(left), wall(0), wall(1), wall(2), edge(right)];
  TINTS.forEach((fill, k) => {
    const d = `${plane.outline([...walls[k], ...walls[k + 1].toReversed()])}Z`;
    svg("path", { d, fill, stroke: "#8a93a0" }, plane.plot);
  });
  plane.line(BLACK, 1).draw([[1.6, 0.03], [3.6, 0.09]]);
  [[0.01, 0.2], [0.06, 0.92], [14.5, 0.07], [15, 0.3]].forEach(([x, y], k) =>
    plane.text({ "text-anchor": "middle" }).draw(x, y, regimes[k]));
  const ideal = plane.line(GUIDE, 3);
  const bar = plane.line({ ...rule.style, dashes: [] }, 4);
  const ends = colors.map((color) => plane.dots(color, 4.5));
  const ring = plane.dots(BLACK.color, 4.5);
  const hints = [...NAMES, "best"].map(() => plane.text({ "text-anchor": "middle" }));
  handle(plane, { key: "lr", label: "learning rate and momentum", color: rule.style.color,
    at: ({ lr, momentum }) => [lr, momentum], anywhere: true,
    part: ([lr, momentum]) => ({ lr, momentum }) });

  const circle = new Panel(panels, { label: "Eigenvalues of both directions and the unit circle",
    x: { min: -1.65, max: 1.65, label: "real" },
    y: { min: -1.3, max: 1.3, at: [-1, 0, 1], label: "imaginary" } });
  const round = (radius) => Array.from({ length: 91 }, (_, i) =>
    [radius * Math.cos((i * Math.PI) / 45), radius * Math.sin((i * Math.PI) / 45)]);
  const unit = circle.line(BLACK, 1.5);
  set(unit.path, { fill: TINTS[0] });
  unit.draw(round(1));
  const [goal, now] = [circle.line(GUIDE, 1.5), circle.line(rule.style, 1.5)];
  const dots = colors.map((color) => circle.dots(color, 4.5));
  const names = colors.map((fill, i) =>
    circle.text({ "text-anchor": i ? "end" : "start", style: `fill: ${fill}` }));
  const rate = circle.text();
  circle.text().draw(-1.6, -1.24, "dotted: the best possible");

  const bowl = new Panel(panels, { label: "The bowl from above, and the path of momentum",
    x: { min: -9, max: 3.5, label: "θ₁, flat direction" },
    y: { min: -3, max: 3, label: "θ₂, steep direction" } });
  const path = [bowl.line(rule.style), bowl.dots(rule.style.color, 2)];
  handle(bowl, { key: "start", label: "start, θ₁ and θ₂", color: rule.style.color,
    at: ({ start }) => start, part: (start) => ({ start }), anywhere: true });
  let painted;

  button("Jump to the optimum", () => {
    const [lr, momentum] = best[state().kappa];
    change({ lr, momentum });
  });

  return ({ lr, momentum, kappa, start }) => {
    const { value, gradient } = landscape(bowls[kappa]);
    if (painted !== kappa) bowl.bands(value, 10, 100);
    painted = kappa;
    const { x } = minimize(rule, gradient, [1, 1], steps, { lr, momentum });
    const points = x.map((each) => each.map((v, i) => v * start[i])); // the run is linear
    path.forEach((part) => part.draw(points));

    const curvatures = gradient([1, 1]);
    const pairs = curvatures.map((curvature) => eigenvalues(lr, momentum, curvature));
    const factor = Math.max(...pairs.map(larger));
    const [lrBest, muBest] = best[kappa];
    ideal.draw(curvatures.map((curvature) => [lrBest * curvature, muBest]));
    ring.draw([[lrBest, muBest]]);
    hints[2].draw(lrBest * Math.sqrt(curvatures[0] * curvatures[1]), muBest - 0.09, "best");
    bar.draw(curvatures.map((curvature) => [lr * curvature, momentum]));
    const beside = momentum + (momentum < 0.86 ? 0.095 : -0.14);
    NAMES.forEach((name, i) => {
      ends[i].draw([[lr * curvatures[i], momentum]]);
      hints[i].draw(lr * curvatures[i], beside, name);
      dots[i].draw(pairs[i]);
      const [re, im] = pairs[i][pairs[i][1][0] < 0 ? 1 : 0];
      names[i].draw(Math.max(re + (i ? -0.08 : 0.08), -1.05), Math.abs(im) + 0.08,
        re < -1.6 ? `← ${name}` : name);
    });
    goal.draw(round(Math.sqrt(muBest)));
    now.draw(round(factor));
    rate.draw(-1.6, 1.15, `dashed: error × ${factor.toFixed(3)} a step`);

    const words = (pair) => `${regimes[regime(pair)]}, error × ${
      (Math.floor(1000 * larger(pair) + 0.5) / 1000).toFixed(3)} a step`;
    const error = Math.max(...x[steps].map(Math.abs));
    return {
      flat: words(pairs[0]),
      steep: words(pairs[1]),
      "larger factor": factor,
      "best possible factor": Math.sqrt(muBest),
      "steps for one more digit": factor < 1 ? -1 / Math.log10(factor) : null,
      [`error left after ${steps} steps`]: error < 1e6 ? error : Infinity,
    };
  };
});
