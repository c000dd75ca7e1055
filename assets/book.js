// Print what a page holds on white paper: with everything unfolded but editors, also from the dark
// page.
(() => {
  const page = document.documentElement;
  let theme, folded;
  addEventListener("beforeprint", () => {
    theme = page.dataset.theme;
    page.dataset.theme = "light";
    folded = [...document.querySelectorAll("details:not([open], .rule)")];
    folded.forEach((details) => { details.open = true; });
  });
  addEventListener("afterprint", () => {
    page.dataset.theme = theme;
    folded.forEach((details) => { details.open = false; });
  });
})();

// A notebook, its wheel and a source are saved, not shown as text.
addEventListener("DOMContentLoaded", () => {
  for (const link of document.querySelectorAll("[class*=btn-download][href]")) {
    link.download = "";
    link.removeAttribute("target");
  }
});

// Search shows the text of articles, not the buttons and lists beside them.
addEventListener("DOMContentLoaded", () => {
  if (typeof Search !== "object") return;
  const textOf = Search.htmlToText;
  Search.htmlToText = (html, anchor) => {
    const article = new DOMParser().parseFromString(html, "text/html").querySelector(".bd-article");
    return textOf(`<div role="main">${article?.innerHTML ?? ""}</div>`, anchor);
  };
});
