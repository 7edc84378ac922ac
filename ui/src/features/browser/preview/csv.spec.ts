import { expect, test } from "vitest";
import { parseTable, separatorOf } from "./csv";

test("cells may hold separators, quotes and line ends", () => {
  const text = 'name,said\r\n"Ada, L.","He said ""hi""\nand left"\r\nplain,\r\n';
  expect(parseTable(text, ",", 10, false)).toEqual([["name", "said"], ["Ada, L.", 'He said "hi"\nand left'], ["plain", ""]]);
});

test("a last line counts unless it was cut off", () => {
  expect(parseTable("a,b\nc,d", ",", 10, false)).toEqual([["a", "b"], ["c", "d"]]);
  expect(parseTable("a,b\nc,d", ",", 10, true)).toEqual([["a", "b"]]);
  expect(parseTable('a\n"never closed', ",", 10, true)).toEqual([["a"]]);
  expect(parseTable("a,b\nc,", ",", 10, false)).toEqual([["a", "b"], ["c", ""]]);
});

test("no more rows than asked for", () => {
  expect(parseTable("1\n2\n3\n", ",", 2, false)).toEqual([["1"], ["2"]]);
});

test("the separator is the most frequent one", () => {
  expect(separatorOf("a;b;c,d\n")).toBe(";");
  expect(separatorOf("a\tb")).toBe("\t");
  expect(separatorOf("alone")).toBe(",");
});
