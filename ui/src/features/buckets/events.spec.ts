import { describe, expect, it } from "vitest";
import { targetOf, toggled, withBranch } from "./events";

describe("targets of events", () => {
  it("reads ARNs", () => {
    expect(targetOf("arn:croft:sqs::ci:webhook")).toEqual({ kind: "webhook", name: "ci", branch: "" });
    expect(targetOf("arn:croft:room::project")).toEqual({ kind: "room", name: "", branch: "" });
    expect(targetOf("arn:croft:pipeline::shop")).toEqual({ kind: "pipeline", name: "shop", branch: "" });
    expect(targetOf("arn:croft:pipeline::shop:feature/x")).toEqual({ kind: "pipeline", name: "shop", branch: "feature/x" });
  });
  it("names a branch, or none", () => {
    expect(withBranch("arn:croft:pipeline::shop", "main")).toBe("arn:croft:pipeline::shop:main");
    expect(withBranch("arn:croft:pipeline::shop:main", "")).toBe("arn:croft:pipeline::shop");
  });
});

describe("events of a rule", () => {
  it("adds and takes out", () => {
    expect(toggled(["a"], "b", true)).toEqual(["a", "b"]);
    expect(toggled(["a", "b"], "a", false)).toEqual(["b"]);
    expect(toggled(["a"], "a", true)).toEqual(["a"]);
  });
});
