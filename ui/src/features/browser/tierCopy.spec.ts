import { describe, expect, it } from "vitest";
import "@/lib/i18n";
import { copyBadge, copyEnd, copyText, validDays } from "./tierCopy";

describe("copies of what is in a tier", () => {
  it("end at the midnight that follows", () => {
    expect(copyEnd(new Date("2026-10-15T10:30:00Z"), 3).toISOString()).toBe("2026-10-19T00:00:00.000Z");
    expect(copyEnd(new Date("2026-10-15T00:00:00Z"), 1).toISOString()).toBe("2026-10-17T00:00:00.000Z");
  });
  it("stay for whole days", () => {
    expect(["1", " 36500", "0", "36501", "1.5", "", "x", "-1"].map(validDays)).toEqual([1, 36_500, ...Array(6).fill(undefined)]);
  });
  it("are told of in words", () => {
    const failure = { at: "2026-10-15T10:30:00Z", tries: 3, code: "copy_differs" as const, reason: "" };
    const of = (restore?: Parameters<typeof copyText>[0]["restore"]) => copyText({ tier: "COLD", restore });
    expect(of()).toMatch(/^None: it is read from the tier COLD$/);
    expect(of({ ongoing: true })).toBe("Being brought back from COLD");
    expect(of({ ongoing: true, failure })).toMatch(/^Being brought back from COLD\. Tried 3 times in vain, .*is not the object .*It is tried again\.$/);
    expect(of({ ongoing: false, failure })).toMatch(/^None: given up after 3 tries, .*is not the object/);
    expect(copyBadge({ tier: "COLD", restore: { ongoing: false, failure } })).toBe("Not brought back");
  });
});
