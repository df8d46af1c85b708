// Moving a card by its handle: with a finger, a pen or a mouse; and with the arrow keys while the handle has the focus.

const EDGE = 90; // pixels from the window's edge within which it scrolls
const SPEED = 14;

/**
 * @param handle what is taken hold of
 * @param card what moves among its siblings
 * @param on { index(), move(to), step(by) }
 */
export function draggable(handle, card, { index, move, step }) {
  handle.addEventListener("keydown", (event) => {
    const by = { ArrowUp: -1, ArrowDown: 1 }[event.key];
    if (!by) return;
    event.preventDefault();
    step(by);
    handle.focus();
  });
  handle.addEventListener("pointerdown", (event) => {
    if (event.button) return;
    event.preventDefault();
    handle.focus();
    carry(event, { handle, card, from: index(), move });
  });
}

function carry(event, { handle, card, from, move }) {
  const others = [...card.parentElement.children].filter((each) => each !== card);
  const begun = event.clientY + window.scrollY;
  let pointer = event.clientY;
  let to = from;
  let timer = 0;
  handle.setPointerCapture(event.pointerId);
  card.classList.add("ms-preset-dragged");

  function draw() {
    const y = pointer + window.scrollY;
    card.style.transform = `translateY(${y - begun}px)`;
    to = others.filter((each) => middle(each) < pointer).length;
    others.forEach((each, at) => {
      each.classList.toggle("ms-drop-before", at === to && to !== from);
      each.classList.toggle("ms-drop-after", at === to - 1 && at === others.length - 1 && to !== from);
    });
  }
  function scroll() {
    const by = pointer < EDGE ? -SPEED : pointer > window.innerHeight - EDGE ? SPEED : 0;
    if (by) {
      window.scrollBy(0, by);
      draw();
    }
    timer = requestAnimationFrame(scroll);
  }
  const moved = (next) => {
    pointer = next.clientY;
    draw();
  };
  function end(next) {
    cancelAnimationFrame(timer);
    for (const [name, listener] of listeners) handle.removeEventListener(name, listener);
    document.removeEventListener("keydown", escape, true);
    card.classList.remove("ms-preset-dragged");
    card.style.transform = "";
    for (const each of others) each.classList.remove("ms-drop-before", "ms-drop-after");
    if (next?.type === "pointerup" && to !== from) move(to);
  }
  const escape = (next) => next.key === "Escape" && end();
  const listeners = [["pointermove", moved], ["pointerup", end], ["pointercancel", end]];
  for (const [name, listener] of listeners) handle.addEventListener(name, listener);
  document.addEventListener("keydown", escape, true);
  timer = requestAnimationFrame(scroll);
}

function middle(element) {
  const box = element.getBoundingClientRect();
  return box.top + box.height / 2;
}
