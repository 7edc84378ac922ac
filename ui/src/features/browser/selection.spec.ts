import { expect, test } from "vitest";
import type { Entry } from "./keys";
import { everything, isChosen, moved, nothing, only, range, stepped, toggle } from "./selection";

const entries: Entry[] = ["a", "b", "c", "d", "e"].map((name) => ({ kind: "folder", key: `${name}/`, name }));
const entry = (index: number) => entries[index] as Entry;
const at = (index: number) => entries[index];
const keys = (selection: { chosen: ReadonlyMap<string, Entry> }) => [...selection.chosen.keys()].join("");

test("a click chooses one, control adds and takes away", () => {
  let selection = only(1, entry(1));
  expect(keys(selection)).toBe("b/");
  selection = toggle(selection, 3, entry(3));
  expect(keys(selection)).toBe("b/d/");
  selection = toggle(selection, 1, entry(1));
  expect(keys(selection)).toBe("d/");
});

test("shift chooses from the anchor, in both directions", () => {
  let selection = only(2, entry(2));
  selection = range(selection, 4, at);
  expect(keys(selection)).toBe("c/d/e/");
  selection = range(selection, 0, at);
  expect(keys(selection)).toBe("a/b/c/");
  selection = range(toggle(only(0, entry(0)), 3, entry(3)), 4, at, true);
  expect(keys(selection)).toBe("a/d/e/");
});

test("everything is more than what was read", () => {
  const selection = everything(nothing);
  expect(isChosen(selection, "never read")).toBe(true);
  expect(keys(toggle(selection, 1, entry(1)))).toBe("b/");
});

test("keys move within the list", () => {
  expect(stepped(-1, "down", 5, 3)).toBe(0);
  expect(stepped(4, "down", 5, 3)).toBe(4);
  expect(stepped(4, "pageUp", 5, 3)).toBe(1);
  expect(stepped(0, "up", 5, 3)).toBe(0);
  expect(stepped(2, "end", 5, 3)).toBe(4);
  expect(moved(only(1, entry(1)), 3)).toMatchObject({ cursor: 3, anchor: 3 });
});
