import { expect, test } from "vitest";
import { edgesOf } from "./edges";

test.each([
  ["all is seen", 0, 300, 300, false, false],
  ["at the beginning", 0, 300, 700, false, true],
  ["in the middle", 120, 300, 700, true, true],
  ["at the end", 400, 300, 700, true, false],
  ["a fraction short of the end", 399.4, 300, 700, true, false],
])("%s", (_, scrollLeft, clientWidth, scrollWidth, before, behind) => {
  expect(edgesOf({ scrollLeft, clientWidth, scrollWidth })).toEqual({ before, behind });
});
