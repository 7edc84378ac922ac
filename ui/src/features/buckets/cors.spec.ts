import { expect, test } from "vitest";
import { draftOf, newRule, ruleOf } from "./cors";

test("a rule survives being edited", () => {
  const rule = {
    id: "app",
    origins: ["https://a.example.com", "http://*.test"],
    methods: ["GET" as const, "PUT" as const],
    headers: ["*"],
    expose: ["ETag"],
    maxAge: 0,
  };
  expect(ruleOf(draftOf(rule))).toEqual(rule);
  const least = { origins: ["*"], methods: ["GET" as const], headers: [], expose: [] };
  expect(ruleOf(draftOf(least))).toEqual(least);
});

test("a draft that says no rule is none", () => {
  expect(ruleOf(newRule)).toBeUndefined();
  expect(ruleOf({ ...newRule, origins: "*", methods: [] })).toBeUndefined();
  expect(ruleOf({ ...newRule, origins: "*", maxAge: "soon" })).toBeUndefined();
  expect(ruleOf({ ...newRule, origins: " a,b \n c", maxAge: " " })).toMatchObject({ origins: ["a", "b", "c"] });
});
