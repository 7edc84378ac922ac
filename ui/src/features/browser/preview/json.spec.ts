import { expect, test } from "vitest";
import { prettyJson } from "./json";

test("JSON is indented only where it stays what it is", () => {
  expect(prettyJson(`{"a":[1,"b c"]}`)).toBe(`{\n  "a": [\n    1,\n    "b c"\n  ]\n}`);
  expect(prettyJson(`{"id":12345678901234567890}`)).toBeUndefined();
  expect(prettyJson(`{"a":1,"a":2}`)).toBeUndefined();
  expect(prettyJson("{")).toBeUndefined();
});
