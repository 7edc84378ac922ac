import { expect, test } from "vitest";
import { blocked, blockOf, lineRange, problemIn } from "./policies";

test("the server's sentence says where", () => {
  expect(problemIn("line 3, column 5, Statement[0].Condition.IpAddress: There is: no such.")).toEqual({
    line: 3,
    column: 5,
    path: "Statement[0].Condition.IpAddress",
    message: "There is: no such.",
  });
  expect(problemIn("line 1, column 1: This is not JSON.")).toEqual({ line: 1, column: 1, path: "", message: "This is not JSON." });
  expect(problemIn("The quota is used up.")).toBeUndefined();
});

test("a line is found in a text", () => {
  const text = "{\n  a\n}";
  expect(text.slice(...lineRange(text, 2))).toBe("  a");
  expect(text.slice(...lineRange(text, 1))).toBe("{");
  expect(lineRange(text, 9)).toEqual([text.length, text.length]);
});

test("four switches are everything, some or nothing", () => {
  expect(blocked(blockOf(true))).toBe("everything");
  expect(blocked(blockOf(false))).toBe("nothing");
  expect(blocked({ ...blockOf(false), ignorePublicAcls: true })).toBe("some");
});
