import type { BucketAccess } from "@/api/types";

/** Where in a policy something is wrong, and what. */
export type Problem = { line: number; column: number; path: string; message: string };

/** problemIn reads the server's sentence about a policy: "line 3, column 5, Statement[0].Action: …". */
export function problemIn(sentence: string): Problem | undefined {
  const found = /^line (\d+), column (\d+)(?:, (\S.*?))?: ([\s\S]+)$/.exec(sentence);
  if (!found) return undefined;
  return { line: Number(found[1]), column: Number(found[2]), path: found[3] ?? "", message: found[4] ?? "" };
}

/** lineRange is where a line stands in a text, to select it. */
export function lineRange(text: string, line: number): [start: number, end: number] {
  const lines = text.split("\n");
  const before = lines.slice(0, line - 1).reduce((sum, one) => sum + one.length + 1, 0);
  const start = Math.min(before, text.length);
  return [start, Math.min(text.length, start + (lines[line - 1]?.length ?? 0))];
}

/** How much of the public is kept out. */
export type Blocked = "nothing" | "some" | "everything";

export function blocked(block: BucketAccess["block"]): Blocked {
  const on = Object.values(block).filter(Boolean).length;
  if (on === 0) return "nothing";
  return on === Object.values(block).length ? "everything" : "some";
}

/** blockOf switches everything on or off. */
export function blockOf(on: boolean): BucketAccess["block"] {
  return { blockPublicAcls: on, ignorePublicAcls: on, blockPublicPolicy: on, restrictPublicBuckets: on };
}
