// SGD on a noisy bowl under schedules of the rate: the exact expected loss, without any noise.

import { figure } from "./figure.js";
import { GUIDE, Panel } from "./plot.js";

export default figure(({ panels, data, handle }) => {
  const { steps, curvatures, far, sigma, rates, answers, styles } = data;
  const half = Math.floor(steps / 2);
  const [color, gray] = styles;
  const times = Array.from({ length: steps }, (_, i) => i + 1);
  const drawn = times.filter((t) => t === 1 || t % 4 === 0); // a pixel is three steps

  // The rate over its peak at every step.
  const schedule = (start, warm) => {
    const [rest, part] = [steps - warm, 1 - start / 100];
    const fall = (t) => Math.min(Math.max((rest - t + 1) / (part * rest), 0), 1);
    return times.map((t) => (t <= warm ? t / warm : start < 100 ? fall(t - warm) : 1));
  };

  // The expected loss after each step, or only after the last, as optlib.problems.expected has it;
  // with mean, in the second half, that of the mean of its points.
  const expected = (factors, peak, mean, all) => {
    const losses = new Float64Array(steps);
    const from = mean ? half : steps;
    for (const curvature of curvatures) {
      let [ee, es, ss] = [far * far, 0, 0]; // mean squares of the error e, and with a sum s
      for (let i = 0; i < steps; i++) {
        const lr = peak * factors[i];
        const keep = 1 - lr * curvature;
        ee = keep * keep * ee + lr * lr * sigma * sigma;
        if (i >= from) {
          es *= keep;
          ss += 2 * es + ee;
          es += ee;
        }
        if (all || i === steps - 1) {
          losses[i] += ((i < from ? ee : ss / (i - from + 1) ** 2) * curvature) / 2;
        }
      }
    }
    return losses;
  };
  const valley = (start, warm, mean) => {
    const factors = schedule(start, warm);
    return rates.map((peak) => expected(factors, peak, mean, false).at(-1));
  };
  const flat = [false, true].map((mean) => valley(100, 0, mean));
  const line = Math.min(...valley(0, 0, false));

  const across = { min: 0, max: steps, label: "step t" };
  const rate = new Panel(panels, { label: "Learning rate over the steps", x: across,
    y: { min: 0, max: 1, label: "learning rate" } });
  const shape = rate.line(color, 2.5);
  handle(rate, { key: "warm", label: "end of the warm-up, step", color: gray.color, along: true,
    at: ({ warm, lr }) => [warm, lr],
    part: ([t]) => ({ warm: 10 * Math.round(t / 10) }) });
  handle(rate, { key: "start", label: "start of the cooldown, percent", color: color.color,
    along: true, at: ({ start, warm, lr }) => [warm + ((steps - warm) * start) / 100, lr],
    part: ([t], { warm }) => ({ start: Math.round((100 * (t - warm)) / (steps - warm)) }) });

  const loss = new Panel(panels, { label: "Expected loss after each step", x: across,
    y: { min: 0.6, max: 200, log: true, at: [1, 10, 100], label: "expected loss" } });
  loss.line(GUIDE, 1.6).draw([[0, line], [steps, line]]);
  loss.text().draw(20, line / 1.3, "best straight line");
  const ways = [gray, color].map((style, i) => loss.line(style, [1.6, 2.5][i]));
  [color, gray].forEach((style, i) =>
    loss.key(style, 480, [120, 75][i], ["this schedule", "constant rate α"][i]));

  const [low, high] = [rates[0], rates.at(-1)];
  const ends = new Panel(panels, { label: "Expected loss at the end against the peak rate",
    x: { min: low, max: high, log: true, at: [0.03, 0.1, 0.3, 1], label: "peak rate α" },
    y: { min: 0.8, max: 60, log: true, at: [1, 3, 10, 30], label: "expected loss at the end" } });
  ends.line(GUIDE, 1.6).draw([[low, line], [high, line]]);
  const curves = [gray, color].map((style, i) => ends.line(style, [1.6, 2.5][i]));
  [color, gray].forEach((style, i) =>
    ends.key(style, 0.023, [45, 31][i], ["this schedule", "constant"][i]));
  let now = 1;
  handle(ends, { key: "lr", label: "peak rate α", color: color.color, along: true,
    at: ({ lr }) => [lr, now], part: ([lr]) => ({ lr }) });

  let [known, top, here] = [null, null, []];
  return ({ start, warm, lr, answer }) => {
    const [rise, mean] = [Math.floor(warm), answer === answers[1]];
    if (known !== `${start} ${rise} ${mean}`) here = valley(start, rise, mean); // whatever α is
    if (top !== lr) rate.axes(across, { min: 0, max: 1.15 * lr });
    [known, top] = [`${start} ${rise} ${mean}`, lr];
    const [fixed, factors] = [schedule(100, 0), schedule(start, rise)];
    shape.draw(drawn.map((t) => [t, lr * factors[t - 1]]));
    const losses = [fixed, factors].map((each) => expected(each, lr, mean, true));
    ways.forEach((way, i) => way.draw(drawn.map((t) => [t, losses[i][t - 1]])));
    const constant = flat[Number(mean)];
    [constant, here].forEach((f, i) => curves[i].draw(rates.map((at, k) => [at, f[k]])));
    now = losses[1].at(-1);
    const best = Math.min(...here);
    return {
      "expected loss at the end": now,
      "straight line, at its best rate": line,
      "loss / line": now / line,
      "best rate of this schedule": rates[here.indexOf(best)],
      "loss there": best,
      "constant, at its best rate": Math.min(...constant),
    };
  };
});
