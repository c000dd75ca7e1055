// Shows a formula that `formula` has written, as MathML, which browsers typeset by themselves.

import { set } from "./plot.js";

const OPERATORS = { left: "", right: "", cdot: "·", leftarrow: "←" };
const GLYPHS = Object.fromEntries(("alpha α beta β gamma γ delta δ epsilon ϵ varepsilon ε eta η "
  + "theta θ kappa κ lambda λ mu μ nu ν xi ξ rho ρ sigma σ tau τ phi ϕ psi ψ omega ω").split(" ")
  .map((word, i, all) => [word, all[i + 1]]));
const ACCENTS = { hat: "^", bar: "¯", tilde: "~" };
const TEX = /\\([a-zA-Z]+|.)|(\d+(?:\.\d+)?)|(\s+)|([^])/g;

function mathNode(name, ...children) {
  const made = document.createElementNS("http://www.w3.org/1998/Math/MathML", name);
  made.append(...children);
  return made;
}

function styled(name, attributes, ...children) {
  const made = mathNode(name, ...children);
  set(made, attributes);
  return made;
}

export function mathml(formula) {
  let [words, i] = [[], 0];
  const until = (...ends) => {
    const found = [];
    while (i < words.length && !ends.includes(words[i][0])) found.push(scripted());
    i++;
    return mathNode("mrow", ...found);
  };
  const argument = () => {
    if (words[i][0] !== "{") return atom();
    i++;
    return until("}");
  };
  const spelled = () => { // {a name} as it is
    let text = "";
    for (i++; words[i][0] !== "}"; i++) text += words[i][1] ?? words[i][0];
    i++;
    return text;
  };
  const atom = () => {
    const [word, command, number] = words[i++];
    if (number) return mathNode("mn", number);
    if (!command) return mathNode(/[a-zA-Z]/.test(word) ? "mi" : "mo", word === "-" ? "−" : word);
    if (command === ",") return styled("mspace", { width: "0.17em" });
    if (command === "frac") return mathNode("mfrac", argument(), argument());
    if (command === "sqrt") return mathNode("msqrt", argument());
    if (command in ACCENTS) {
      return styled("mover", { accent: "true" }, argument(), mathNode("mo", ACCENTS[command]));
    }
    if (command === "mathrm" || command === "operatorname") return upright(spelled());
    if (command === "max" || command === "min") return upright(command);
    if (command in GLYPHS) return mathNode("mi", GLYPHS[command]);
    return mathNode("mo", OPERATORS[command] ?? command);
  };
  const upright = (text) => styled("mi", { mathvariant: "normal" }, text);
  const scripted = () => {
    const base = atom();
    const scripts = {};
    while (i < words.length && (words[i][0] === "_" || words[i][0] === "^")) {
      const [sign] = words[i++];
      scripts[sign] = argument();
    }
    const { _: below, "^": above } = scripts;
    if (below && above) return mathNode("msubsup", base, below, above);
    return below ? mathNode("msub", base, below) : above ? mathNode("msup", base, above) : base;
  };

  const table = styled("mtable", { displaystyle: "true" });
  for (const line of formula.split("\n").slice(1, -1)) {
    words = [...line.replace(/ \\\\$/, "").matchAll(TEX)].filter(([, , , space]) => !space);
    i = 0;
    const left = mathNode("mtd", until("&"));
    table.append(mathNode("mtr", left, mathNode("mtd", mathNode("mi"), until())));
  }
  return styled("math", { display: "block" }, table);
}
