import { expect, test } from "vitest";
import type { S3Request } from "@/api/types";
import { formatTook, linesOf, objectOf } from "./s3";

const request = (change: Partial<S3Request>): S3Request => ({
  at: "2026-11-22T10:00:00Z",
  requestId: "R",
  user: "ada",
  accessKey: "CROFTKEY",
  address: "192.0.2.1",
  operation: "PutObject",
  bucket: "media",
  key: "",
  keys: [],
  version: "",
  source: "",
  status: 200,
  error: "",
  bytesIn: 0,
  bytesOut: 0,
  durationMs: 1,
  userAgent: "",
  dropped: 0,
  ...change,
});

test("lines of one request are told apart, also across pages", () => {
  const line = request({});
  const ids = linesOf([{ items: [line, line] }, { items: [line] }]).map((l) => l.id);
  expect(new Set(ids).size).toBe(3);
});

test("what a request was about", () => {
  expect(objectOf(request({}))).toEqual({ name: "media", more: 0 });
  expect(objectOf(request({ key: "a/b.txt" }))).toEqual({ name: "media/a/b.txt", more: 0 });
  expect(objectOf(request({ keys: ["x", "y", "z"] }))).toEqual({ name: "media/x", more: 2 });
});

test("how long a request took", () => {
  expect(formatTook(0.42, "en")).toBe("0.4 ms");
  expect(formatTook(12.3, "en")).toBe("12 ms");
  expect(formatTook(3210, "en")).toBe("3.2 sec");
});
