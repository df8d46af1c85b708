// Light and dark. Styles follow by themselves; what is painted by hand is told.

const isDark = () => document.body.classList.contains("dark");

/** Call `listener()` whenever the page has turned from light to dark or back. Returns a function that ends that. */
export function onTheme(listener) {
  let dark = isDark();
  const watch = new MutationObserver(() => {
    if (isDark() === dark) return;
    dark = !dark;
    listener();
  });
  watch.observe(document.body, { attributeFilter: ["class"] });
  return () => watch.disconnect();
}
