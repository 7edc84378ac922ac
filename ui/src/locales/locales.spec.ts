import { expect, test } from "vitest";

const files = import.meta.glob<Record<string, unknown>>("./*/*.json", { eager: true, import: "default" });
const sources = import.meta.glob<string>("../**/*.{ts,tsx}", {
  eager: true,
  query: "?raw",
  import: "default",
});

function flatten(value: Record<string, unknown>, prefix = ""): Map<string, string> {
  const out = new Map<string, string>();
  for (const [key, child] of Object.entries(value)) {
    if (typeof child === "string") out.set(prefix + key, child);
    else flatten(child as Record<string, unknown>, `${prefix}${key}.`).forEach((v, k) => out.set(k, v));
  }
  return out;
}

function load(locale: string) {
  const out = new Map<string, string>();
  for (const [path, content] of Object.entries(files)) {
    const match = /^\.\/([^/]+)\/([^/]+)\.json$/.exec(path);
    if (match?.[1] !== locale) continue;
    flatten(content).forEach((v, k) => out.set(`${match[2]}:${k}`, v));
  }
  return out;
}

const en = load("en");
const zh = load("zh-CN");
const bare = (key: string) => key.replace(/_(one|other|zero)$/, "");
const bareKeys = (all: Map<string, string>) => [...new Set([...all.keys()].map(bare))].sort();

test("both languages have the same keys", () => {
  expect(bareKeys(zh)).toEqual(bareKeys(en));
});

test("both languages fill in the same values", () => {
  const slots = (text: string) => [...new Set(text.match(/\{\{\s*\w+\s*\}\}|<\/?\w+>/g))].sort();
  for (const [key, text] of zh) {
    const english = en.get(key) ?? en.get(`${bare(key)}_other`) ?? "";
    expect([key, slots(text)]).toEqual([key, slots(english)]);
  }
});

test("nothing is empty", () => {
  for (const [key, text] of [...en, ...zh]) expect([key, text.trim() !== ""]).toEqual([key, true]);
});

test("every key written out in the code exists", () => {
  const known = new Set(bareKeys(en));
  for (const [path, code] of Object.entries(sources)) {
    if (path.includes(".spec.")) continue;
    const namespace = /useTranslation\("([\w-]+)"\)/.exec(code)?.[1] ?? "common";
    for (const [, key = ""] of code.matchAll(/\bt\(\s*"([^"]+)"/g)) {
      const full = key.includes(":") ? key : `${namespace}:${key}`;
      expect([path, full, known.has(full)]).toEqual([path, full, true]);
    }
  }
});

test("Chinese is set with its own punctuation", () => {
  for (const [key, text] of zh) expect([key, text.match(/[\u4e00-\u9fff][,;:?!]/)]).toEqual([key, null]);
});
