/**
 * What had the focus last, menus aside: they are gone by the time that what they opened is closed.
 * A click counts too, since not every browser gives the focus to a button that is clicked.
 */
const noted: HTMLElement[] = [];

const focusable = "a[href], button, input, select, textarea, [tabindex]";

function note(event: Event) {
  const element = event.target instanceof Element ? event.target.closest<HTMLElement>(focusable) : null;
  if (!element || element.closest("[role=menu]") || element === noted[0]) return;
  noted.unshift(element);
  noted.length = Math.min(noted.length, 4); // fields of the dialog itself may be among them
}

if (typeof document !== "undefined") {
  document.addEventListener("focusin", note, true);
  document.addEventListener("pointerdown", note, true);
}

/** opener is what a dialog that opens now was opened from; a field in it may have the focus already. */
export const opener = (dialog: Node) => noted.find((element) => !dialog.contains(element));

/** giveBack returns the focus to where it was, or to the page's title where that is gone. */
export function giveBack(element: HTMLElement | undefined) {
  const title = document.querySelector<HTMLElement>("[data-page-title]");
  const target = element?.isConnected ? element : title;
  // Somebody else may have it already: the page that came after, or another dialog.
  const at = document.activeElement;
  if (!at || at === document.body) target?.focus();
}
