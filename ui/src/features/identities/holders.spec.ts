import { expect, test } from "vitest";
import { heldRows, matching } from "./holders";

test("what somebody holds is theirs first, then their groups'", () => {
  const rows = heldRows({ attached: ["readonly"], inline: [{ name: "own", document: "{}" }] }, [
    { name: "ops", attached: ["readonly", "writeonly"], inline: ["extra"] },
  ]);
  expect(rows).toEqual([
    { name: "readonly", how: "attached" },
    { name: "own", document: "{}", how: "inline" },
    { name: "readonly", how: "group", group: "ops" },
    { name: "writeonly", how: "group", group: "ops" },
    { name: "extra", how: "groupInline", group: "ops" },
  ]);
  expect(heldRows({ attached: [], inline: [] })).toEqual([]);
});

test("a search finds rows that have every word", () => {
  const rows = ["Ada Lovelace", "ada the second", "Grace"];
  const found = (typed: string) => matching(rows, typed, (row) => row);
  expect(found("")).toEqual(rows);
  expect(found("  ADA ")).toEqual(["Ada Lovelace", "ada the second"]);
  expect(found("love ada")).toEqual(["Ada Lovelace"]);
  expect(found("ada grace")).toEqual([]);
});
