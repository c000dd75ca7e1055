// Typesets formulas without a browser. For a line {tex, display} it writes a line with the HTML, for
// the line "styles" the style sheet, both as JSON strings. The argument is the folder of MathJax.
const mathjax = process.argv[2];

require(`${mathjax}/node-main.js`).init({
  loader: { load: ["adaptors/liteDOM", "input/tex", "output/chtml", "a11y/assistive-mml"],
    paths: { mathjax }, require },
  chtml: { adaptiveCSS: false, fontURL: "FONTS", scale: 1.19 }, // to the height of the text's x
  startup: { typeset: false },
}).then(({ startup: { adaptor }, tex2chtml, chtmlStylesheet }) => {
  const answer = (line) => {
    if (line === "styles") return adaptor.textContent(chtmlStylesheet());
    const { tex, display } = JSON.parse(line);
    return adaptor.outerHTML(tex2chtml(tex, { display }));
  };
  require("readline").createInterface({ input: process.stdin })
    .on("line", (line) => console.log(JSON.stringify(answer(line))));
});
