// Where the keyboard is. Something with the focus that is drawn anew or taken away would drop it to the top of the page.

/**
 * Call `draw()`, which draws anew what is within `place`. A focus that was there stays where it was; where that is gone, `next()` gets it.
 */
export function keepFocus(place, draw, next = () => firstControl(place) ?? place) {
  const held = place.contains(document.activeElement) ? document.activeElement : null;
  draw();
  if (!held || ![held, document.body].includes(document.activeElement)) return;
  focus(isShown(held) ? held : next());
}

/** Give the focus to something, also where one does not come with the Tab key. */
function focus(element) {
  if (!element || element === document.activeElement) return;
  element.focus({ preventScroll: true });
  if (element === document.activeElement) return;
  element.tabIndex = -1;
  element.focus({ preventScroll: true });
}

const firstControl = (place) => [...place.querySelectorAll("button, a[href], input, select, textarea")].find((each) => isShown(each) && !each.disabled);

const isShown = (element) => element.getClientRects().length > 0;
