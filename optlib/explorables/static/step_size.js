// Gradient descent on a bowl: the learning rate, seen from both of its directions, and noise.

import { landscape, minimize } from "./engine.js";
import { figure } from "./figure.js";
import { GUIDE, Panel } from "./plot.js";

const NAMES = ["flat, λ = 1", "steep, λ = 10"];

export default figure(({ panels, data, change, handle }) => {
  const { rule, bowl, eigenvalues, noise, colors } = data;
  const { value, gradient } = landscape(bowl);
  const steps = noise.length;
  const limit = 2 / eigenvalues.at(-1);
  // What one step makes of an error of 1 in each direction.
  const factors = (lr) => minimize(rule, () => eigenvalues, [1, 1], 1, { lr }).x[1];

  const [[left, right], [low, high]] = bowl.bounds;
  const plane = new Panel(panels, { label: "The bowl from above, and the path of gradient descent",
    x: { min: left, max: right, label: "θ₁" }, y: { min: low, max: high, label: "θ₂" } });
  plane.bands(value);
  const path = plane.line(rule.style);
  const dots = plane.dots(rule.style.color);
  handle(plane, { key: "start", label: "start, θ₁ and θ₂", color: rule.style.color,
    at: ({ start }) => start, part: (start) => ({ start }), anywhere: true });

  const most = 0.22;
  const shrink = new Panel(panels, { label: "Factor on the error at a step, against the rate",
    x: { min: 0, max: most, label: "learning rate α" },
    y: { min: 0, max: 1.25, label: "|factor| a step" } });
  const styles = colors.map((color, i) => ({ color, dashes: i ? [] : [5, 1.5] }));
  const grid = Array.from({ length: 111 }, (_, i) => (i * most) / 110);
  const curves = grid.map(factors);
  styles.forEach((style, i) => {
    shrink.line(style).draw(grid.map((lr, k) => [lr, Math.abs(curves[k][i])]));
    shrink.text().draw([0.075, 0.124][i], [0.72, 0.1][i], NAMES[i]);
  });
  shrink.line(GUIDE, 1.4).draw([[limit, 0], [limit, 1.25]]);
  shrink.line(GUIDE, 1.4).draw([[0, 1], [most, 1]]);
  shrink.text({ "text-anchor": "end" }).draw(limit - 0.003, 1.14, "2/λ_max");
  const marks = styles.map(({ color }) => shrink.dots(color, 4.5));
  handle(shrink, { key: "lr", label: "learning rate α", along: true,
    at: ({ lr }) => [lr, Math.max(...factors(lr).map(Math.abs))],
    part: ([lr]) => ({ lr }) });

  const errors = new Panel(panels, { label: "Error in each direction, step by step",
    x: { min: 0, max: steps, label: "step t" },
    y: { min: 1e-4, max: 10, log: true, label: "error" } });
  const lines = styles.map((style) => errors.line(style));
  styles.forEach((style, i) => errors.key(style, 54, [5.5, 2.6][i], NAMES[i]));

  return ({ lr, sigma, start }) => {
    const noisy = (x, t) => gradient(x).map((g, i) => g + sigma * noise[t - 1][i]);
    const { x } = minimize(rule, noisy, start, steps, { lr });
    path.draw(x);
    dots.draw(x);
    lines.forEach((line, i) => line.draw(x.map((point, t) => [t, Math.abs(point[i])])));
    const now = factors(lr);
    marks.forEach((mark, i) => mark.draw([[lr, Math.abs(now[i])]]));
    const last = x.slice(-50).map(value);
    return {
      "limit 2/λ_max": limit,
      "factor, flat direction": now[0],
      "factor, steep direction": now[1],
      "larger factor": Math.max(...now.map(Math.abs)),
      "error at the end, flat": Math.abs(x[steps][0]),
      "error at the end, steep": Math.abs(x[steps][1]),
      "mean loss, last 50 steps": last.reduce((sum, f) => sum + f, 0) / last.length,
    };
  };
});
