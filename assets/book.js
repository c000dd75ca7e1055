// Print what a page holds on white paper: with everything unfolded, also from the dark page.
(() => {
  const page = document.documentElement;
  let theme, folded;
  addEventListener("beforeprint", () => {
    theme = page.dataset.theme;
    page.dataset.theme = "light";
    folded = [...document.querySelectorAll("details:not([open])")];
    folded.forEach((details) => { details.open = true; });
  });
  addEventListener("afterprint", () => {
    page.dataset.theme = theme;
    folded.forEach((details) => { details.open = false; });
  });
})();
