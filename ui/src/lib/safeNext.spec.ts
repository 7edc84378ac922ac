import { expect, test } from "vitest";
import { safeNext } from "./safeNext";

test("addresses of this console are kept", () => {
  for (const next of ["/", "/projects/a", "/chat/r?x=1#y"]) expect(safeNext(next)).toBe(next);
});

test("addresses of others are not", () => {
  for (const next of [
    undefined,
    7,
    "",
    "projects",
    "//evil.example/x",
    "/\\evil.example/x",
    "/\t/evil.example/x",
    "https://evil.example/x",
    "javascript:alert(1)",
  ]) {
    expect([next, safeNext(next)]).toEqual([next, undefined]);
  }
});
