import { describe, expect, test } from "vitest";
import type { Step } from "@/api/types";
import { nameFrom } from "./AddRepositoryDialog";
import { stepToShow } from "./StageList";
import { parseVariables } from "./StartRunDialog";
import { addLines, maxLines, type LogLine } from "./useLog";

test("a repository is named after its clone address", () => {
  expect(nameFrom("https://git.example.com/team/My App.git")).toBe("my-app");
  expect(nameFrom("https://git.example.com/team/app/")).toBe("app");
  expect(nameFrom("")).toBe("");
});

describe("variables", () => {
  test("are NAME=value lines; values keep their equals signs", () => {
    expect(parseVariables("A=1\n\nB_2=x=y\n")).toEqual({ variables: { A: "1", B_2: "x=y" } });
  });
  test("a bad line is told by its number", () => {
    expect(parseVariables("A=1\n2B=3").badLine).toBe(2);
    expect(parseVariables("nothing").badLine).toBe(1);
  });
});

describe("the step shown first", () => {
  const step = (id: string, state: Step["state"]): Step => ({ id, name: id, image: "i", state });
  test("is one that runs, else one that failed, else the last begun", () => {
    expect(stepToShow([step("a", "failed"), step("b", "running")])?.id).toBe("b");
    expect(stepToShow([step("a", "success"), step("b", "failed"), step("c", "skipped")])?.id).toBe("b");
    expect(stepToShow([step("a", "success"), step("b", "success"), step("c", "pending")])?.id).toBe("b");
    expect(stepToShow([step("a", "pending")])?.id).toBe("a");
    expect(stepToShow([])).toBeUndefined();
  });
});

test("a log keeps its newest lines and counts those let go of", () => {
  const line = (n: number): LogLine => ({ t: "", s: "stdout", line: String(n) });
  const many = Array.from({ length: maxLines }, (_, n) => line(n));
  const state = { lines: many, dropped: 3, ended: false, connected: true };
  const next = addLines(state, [line(-1), line(-2)]);
  expect(next.lines).toHaveLength(maxLines);
  expect(next.dropped).toBe(5);
  expect(next.lines[0]?.line).toBe("2");
});
