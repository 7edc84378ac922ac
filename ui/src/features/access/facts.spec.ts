import { expect, test } from "vitest";
import { factsOf } from "./facts";

test("lines are facts", () => {
  expect(factsOf("")).toEqual({ facts: {} });
  expect(factsOf("s3:prefix = docs/\n\n s3:ExistingObjectTag/team=a = b \ns3:prefix=")).toEqual({
    facts: { "s3:prefix": ["docs/", ""], "s3:ExistingObjectTag/team": ["a = b"] },
  });
  expect(factsOf("s3:prefix = a\nnothing")).toEqual({ facts: {}, wrong: 2 });
});
