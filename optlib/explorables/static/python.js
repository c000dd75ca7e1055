// Reads the arithmetic of Python, the lines of a rule's step or a landscape's f(x, y), as a tree,
// or refuses them with line, column and why.

export class Refusal extends Error {
  constructor(why, [line, column]) { super(why); Object.assign(this, { why, line, column }); }
}
export const refuse = (at, why) => { throw new Refusal(why, at); };

const TOKEN = new RegExp([
  /(?<space>(?:[ \t]|\\\n|#[^\n]*)+)/, /(?<line>\n)/,
  /(?<number>(?:\d+(?:_\d+)*\.?(?:\d+(?:_\d+)*)?|\.\d+(?:_\d+)*)(?:[eE][+-]?\d+(?:_\d+)*)?)/,
  /(?<name>[A-Za-z_α-ω][\wα-ω]*)/, /(?<sign>\*\*=?|\/\/=?|->|:=|[-+*/@%=<>!&|^]=|<<|>>|[^])/,
].map(({ source }) => source).join("|"), "gyu");
const KEYWORDS = new Set(("False None True and as assert async await break class continue def del "
  + "elif else except finally for from global if import in is lambda nonlocal not or pass raise "
  + "return try while with yield").split(" "));
export const BRANCH = "a definition cannot branch on a value; use np.maximum or np.sign";
const WHY = { "[": "a definition is written for one coordinate, without an index",
  "=": "an equals sign too many" };
for (const sign of "< > <= >= == != and or not in is".split(" ")) WHY[sign] = BRANCH;
for (const word of "for while if def class lambda import from with".split(" ")) {
  WHY[word] = `${word} is more than the arithmetic of one step`;
}
for (const sign of "// % @ & | ^ << >> ~".split(" ")) {
  WHY[sign] = `${sign} is not one of + - * / **`;
}
const PAIRS = { ")": "(", "]": "[", "}": "{" };
const LONGEST = 2000; // tokens
const DEEPEST = 80; // operations in one another

function tokens(text) {
  const [found, open] = [[], []];
  let [line, start, indent, fresh] = [1, 0, null, true];
  for (const match of text.replace(/\r\n?/g, "\n").matchAll(TOKEN)) {
    const { space, number, name, line: end } = match.groups;
    const at = [line, match.index - start + 1];
    const [word] = match;
    for (const _ of word.matchAll(/\n/g)) [line, start] = [line + 1, match.index + word.length];
    if (end && !open.length && !fresh) found.push({ kind: "end", word: "the end of the line", at });
    if (end) fresh ||= !open.length;
    if (end || space) continue;
    if (fresh) indent ??= at[1];
    if (fresh && at[1] !== indent) {
      found.push({ kind: "sign", at, why: "every line begins below the first one" });
    }
    fresh = false;
    if ("([{".includes(word)) open.push({ word, at });
    if (word in PAIRS && open.pop()?.word !== PAIRS[word]) refuse(at, `${word} closes no bracket`);
    const last = found.at(-1);
    if (last?.kind === "number" && (name || number) && last.to === match.index) {
      refuse(last.at, `${last.word}${word} is no number`);
    }
    if (/^0[\d_]*[1-9][\d_]*$/.test(word)) refuse(at, `${word} begins with 0`);
    const kind = number ? "number" : name && !KEYWORDS.has(name) ? "name" : "sign";
    found.push({ kind, word, at, to: match.index + word.length });
    if (found.length > LONGEST) refuse(at, `a definition of more than ${LONGEST} words`);
  }
  if (open.length) refuse(open.at(-1).at, `${open.at(-1).word} is not closed`);
  const at = [line, text.length - start + 1];
  if (!fresh) found.push({ kind: "end", word: "the end of the line", at });
  return [...found, { kind: "stop", word: "the end", at }];
}

// The statements of a text, { kind: "assign", "augment", "return" or "value", at, ... } with trees
// of nodes, and the names that it says after self.
export function parse(text) {
  const words = tokens(text);
  const ofSelf = new Set();
  let [i, depth] = [0, 0];
  const here = () => words[i];
  const is = (...signs) => here().kind === "sign" && signs.includes(here().word);
  const take = (...signs) => is(...signs) && words[i++];
  const wrong = (wanted) => {
    const { word, why, at } = here();
    refuse(at, why ?? WHY[word] ?? `${wanted} is expected here, not ${word}`);
  };
  const expect = (sign) => take(sign) || wrong(sign);
  const name = () => (here().kind === "name" ? words[i++] : wrong("a name"));

  const series = (next, ...signs) => () => {
    let left = next();
    for (let sign; (sign = take(...signs));) {
      left = { type: "binary", op: sign.word, left, right: next(), at: left.at };
    }
    return left;
  };
  const unary = () => {
    const sign = take("-", "+");
    if (++depth > DEEPEST) refuse(here().at, `more than ${DEEPEST} operations in one another`);
    const node = sign ? { type: "unary", op: sign.word, operand: unary(), at: sign.at } : power();
    depth--;
    return node;
  };
  const power = () => {
    const left = primary();
    if (!take("**")) return left;
    return { type: "binary", op: "**", left, right: unary(), at: left.at };
  };
  const sum = series(series(unary, "*", "/"), "+", "-");
  const expression = () => {
    const yes = sum();
    if (!take("if")) return yes;
    const test = sum();
    expect("else");
    return { type: "if", test, yes, no: expression(), at: yes.at };
  };
  const list = (closing, item = expression) => {
    const items = [];
    while (!is(closing, "=") && here().kind !== "end") {
      items.push(item());
      if (!take(",")) return { items, bare: items.length === 1 };
    }
    return { items, bare: false };
  };
  const tuple = (closing) => {
    const { at } = here();
    const { items, bare } = list(closing);
    if (!items.length && closing !== ")") wrong("a value");
    return bare ? items[0] : { type: "tuple", items, at };
  };
  const argument = () => {
    const value = expression();
    if (value.type !== "name" || value.closed || !take("=")) return value;
    return { type: "word", name: value.name, value: expression(), at: value.at };
  };
  const primary = () => {
    const { kind, word, at } = here();
    let node;
    if (kind === "number") {
      const value = Number(word.replaceAll("_", ""));
      node = { type: "number", value, float: /[.eE]/.test(word), at };
      i++;
    } else if (kind === "name") {
      node = { type: "name", name: word, at };
      i++;
    } else if (take("None")) node = { type: "none", at };
    else if (take("True", "False")) node = { type: "flag", value: word === "True", at };
    else if (take("(")) {
      node = { ...tuple(")"), closed: true };
      expect(")");
    } else wrong("a value");
    for (;;) {
      if (take(".")) {
        node = { type: "attribute", base: node, name: name().word, at };
        if (node.base.name === "self") ofSelf.add(node.name);
      } else if (take("(")) {
        const { items } = list(")", argument);
        expect(")");
        node = { type: "call", func: node, items, at };
      } else return node;
    }
  };

  const statement = () => {
    const { at } = here();
    if (take("return")) return { kind: "return", value: tuple(), at };
    const target = tuple();
    const augment = take("+=", "-=", "*=", "/=", "**=");
    if (augment) {
      if (target.type !== "name") refuse(at, "a name is expected before " + augment.word);
      const [op, right] = [augment.word.slice(0, -1), expression()];
      return { kind: "augment", names: [target], at,
        values: [{ type: "binary", op, left: target, right, at }] };
    }
    if (!take("=")) return { kind: "value", value: target, at };
    const value = tuple();
    if (target.type !== "tuple") return { kind: "assign", names: [target], values: [value], at };
    const values = value.type === "tuple" ? value.items : value;
    return { kind: "assign", names: target.items, values, at };
  };
  const statements = [];
  while (here().kind !== "stop") {
    statements.push(statement());
    if (here().kind !== "end") wrong("the end of the line");
    i++;
  }
  if (!statements.length) refuse([1, 1], "nothing is written here");
  return { statements, ofSelf: [...ofSelf] };
}
