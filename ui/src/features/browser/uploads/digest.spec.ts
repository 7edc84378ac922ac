import { createHash } from "node:crypto";
import { expect, test } from "vitest";
import { etagOf, hex, md5 } from "./digest";

test("is the MD5 that others compute, around the edges of its blocks too", () => {
  for (const length of [0, 1, 55, 56, 57, 63, 64, 65, 119, 120, 4000]) {
    const bytes = Uint8Array.from({ length }, (_, i) => (i * 37 + length) % 256);
    expect(hex(md5(bytes))).toBe(createHash("md5").update(bytes).digest("hex"));
  }
});

test("the ETag of parts is known only where all of theirs are", () => {
  const parts = ["one", "two"].map((text) => createHash("md5").update(text).digest("hex"));
  const whole = createHash("md5").update(Buffer.from(parts.join(""), "hex")).digest("hex");
  expect(etagOf(parts)).toBe(`${whole}-2`);
  expect(etagOf([parts[0], undefined])).toBeUndefined();
  expect(etagOf([parts[0], "not-a-digest"])).toBeUndefined();
  expect(etagOf([])).toBeUndefined();
});
