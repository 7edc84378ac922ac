import { describe, expect, test } from "vitest";
import type { ObjectInfo } from "@/api/types";
import { compareKeys, crumbsOf, entriesOf, previewOf } from "./keys";

const object = (key: string, contentType = ""): ObjectInfo => ({
  key,
  size: 1,
  etag: "e",
  contentType,
  modifiedAt: "2026-01-01T00:00:00Z",
  class: "STANDARD",
});

test("a page is in the order of its keys, without the folder's own marker", () => {
  const page = { prefixes: ["a/b/", "a/y/"], items: [object("a/"), object("a/x"), object("a/z")] };
  expect(entriesOf(page, "a/").map((entry) => [entry.kind, entry.name])).toEqual([
    ["folder", "b"],
    ["object", "x"],
    ["folder", "y"],
    ["object", "z"],
  ]);
});

test("keys are compared as the store does, by their bytes in UTF-8", () => {
  const keys = ["a", "a/", "aa", "é", "中", "\uffee", "😀"];
  expect([...keys].reverse().sort(compareKeys)).toEqual(keys);
  const bytes = (text: string) => Buffer.from(text);
  for (const x of keys) for (const y of keys) expect(Math.sign(compareKeys(x, y))).toBe(Math.sign(bytes(x).compare(bytes(y))));
});

test("crumbs lead to every folder on the way", () => {
  expect(crumbsOf("")).toEqual([]);
  expect(crumbsOf("a/b/")).toEqual([
    { name: "a", prefix: "a/" },
    { name: "b", prefix: "a/b/" },
  ]);
});

describe("previews", () => {
  test("show what is harmless, by type and then by name", () => {
    expect(previewOf(object("p", "image/png"))).toBe("image");
    expect(previewOf(object("p", "text/plain; charset=utf-8"))).toBe("text");
    expect(previewOf(object("notes.md", "application/octet-stream"))).toBe("text");
    expect(previewOf(object("app", "application/octet-stream"))).toBeUndefined();
  });
  test("show SVG as an image, where scripts do not run, and HTML as text", () => {
    expect(previewOf(object("p", "image/svg+xml"))).toBe("image");
    expect(previewOf(object("p", "text/html"))).toBe("text");
    expect(previewOf(object("index.html", "application/octet-stream"))).toBe("text");
  });
  test("know tables and archives by their names", () => {
    expect(previewOf(object("a.csv", "text/plain"))).toBe("table");
    expect(previewOf(object("a.parquet", "application/octet-stream"))).toBe("parquet");
    expect(previewOf(object("a.zip", "application/octet-stream"))).toBe("zip");
  });
});
