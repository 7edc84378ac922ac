import { describe, expect, test } from "vitest";
import type { ObjectInfo } from "@/api/types";
import { crumbsOf, entriesOf, previewOf } from "./keys";

const object = (key: string, contentType = ""): ObjectInfo => ({
  key,
  size: 1,
  etag: "e",
  contentType,
  modifiedAt: "2026-01-01T00:00:00Z",
});

test("a folder lists its subfolders first and not its own marker", () => {
  const pages = [
    { prefixes: ["a/b/"], items: [object("a/"), object("a/x")] },
    { prefixes: ["a//"], items: [object("a/z")] },
  ];
  expect(entriesOf(pages, "a/").map((entry) => [entry.kind, entry.name])).toEqual([
    ["folder", "b"],
    ["folder", ""],
    ["object", "x"],
    ["object", "z"],
  ]);
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
  test("never render SVG or HTML, which could run scripts", () => {
    expect(previewOf(object("p", "image/svg+xml"))).toBe("text");
    expect(previewOf(object("p", "text/html"))).toBe("text");
  });
});
