import { describe, expect, test } from "vitest";
import type { ObjectInfo } from "@/api/types";
import { compareKeys } from "./keys";
import { Listing, pageLimit, sorted, type ListAsk, type ListPage } from "./listing";

const object = (key: string, size = 1): ObjectInfo => ({
  key, size, etag: "e", contentType: "", modifiedAt: "2026-01-01T00:00:00Z", class: "STANDARD",
});
const name = (i: number) => `k${String(i).padStart(7, "0")}`;

/** A store with a folder that may change between pages. */
function store(count: number) {
  const keys = new Set(Array.from({ length: count }, (_, i) => name(i)));
  const asks: ListAsk[] = [];
  let order: string[] = [];
  const fetch = (ask: ListAsk): Promise<ListPage> => {
    asks.push(ask);
    if (order.length !== keys.size) order = [...keys].sort(compareKeys);
    const first = order.findIndex((key) => key > ask.cursor);
    const behind = order.slice(first < 0 ? order.length : first, first + ask.limit + 1).filter((key) => !ask.until || key <= ask.until);
    const page = behind.slice(0, ask.limit);
    return Promise.resolve({ items: page.map((key) => object(key)), prefixes: [], next: behind.length > ask.limit ? (page.at(-1) ?? "") : "" });
  };
  return { keys, asks, listing: new Listing(fetch, "") };
}

const settle = () => new Promise((resolve) => setTimeout(resolve));

describe("a listing", () => {
  test("reads on only where it is looked at", async () => {
    const { listing, asks } = store(5000);
    await listing.more();
    expect(listing.length).toBe(pageLimit);
    listing.want(0, 30);
    await settle();
    expect(asks.length).toBe(1);
    listing.want(960, 999);
    await settle();
    expect(listing.length).toBe(2 * pageLimit);
    expect(listing.at(1500)?.key).toBe(name(1500));
    expect(listing.complete).toBe(false);
  });

  test("reads what changed again where it is seen, and keeps its place elsewhere", async () => {
    const { listing, keys, asks } = store(3000);
    while (!listing.complete) await listing.more();
    expect(listing.length).toBe(3000);
    keys.delete(name(1200));
    keys.delete(name(1201));
    keys.add("k0001500a");
    keys.add("k0001500b");
    keys.add("k9");
    listing.want(1100, 1130);
    asks.length = 0;
    listing.refresh();
    await settle();
    expect(asks.length).toBe(1);
    expect(listing.length).toBe(3000);
    expect(listing.at(1200)?.key).toBe(name(1202));
    expect(listing.at(2000)?.key).toBe(name(2000));
    keys.add("k0001500c");
    listing.refresh();
    await settle();
    expect(listing.at(2000)?.key).toBe(name(1999));
    expect(listing.at(3000)?.key).toBe(name(2999));
  });

  test("finds what was added behind its end", async () => {
    const { listing, keys } = store(10);
    await listing.more();
    expect(listing.complete).toBe(true);
    for (let i = 10; i < 1500; i++) keys.add(name(i));
    listing.want(0, 10);
    listing.refresh();
    await settle();
    expect(listing.complete).toBe(false);
    listing.want(900, 999);
    await settle();
    expect(listing.length).toBe(1500);
    expect(listing.complete).toBe(true);
  });

  test("lets go of what is far away and reads it again", async () => {
    const { listing } = store(70_000);
    while (!listing.complete) {
      listing.want(listing.length, listing.length);
      await listing.more();
    }
    expect(listing.all()).toBeUndefined();
    expect(listing.at(69_999)?.key).toBe(name(69_999));
    expect(listing.at(5)).toBeUndefined();
    listing.want(0, 20);
    await settle();
    expect(listing.at(5)?.key).toBe(name(5));
    await listing.ensure(0, 69_999);
    expect(listing.length).toBe(70_000);
  });

  test("tells an error once and goes on when asked", async () => {
    let bad = true;
    const listing = new Listing(() => {
      if (bad) return Promise.reject(new Error("away"));
      return Promise.resolve({ items: [object("a")], prefixes: [], next: "" });
    }, "");
    await listing.more();
    expect(listing.error).toBeInstanceOf(Error);
    bad = false;
    listing.retry();
    await settle();
    expect(listing.error).toBeUndefined();
    expect(listing.length).toBe(1);
  });

  test("is not sorted when it is too large", async () => {
    const { listing } = store(3000);
    expect(await listing.readAll(2000)).toBe(false);
    expect(await listing.readAll(3000)).toBe(true);
  });
});

test("sorting puts folders first and equal ones by name", () => {
  const entries = [
    { kind: "object" as const, key: "b", name: "b", object: object("b", 5) },
    { kind: "folder" as const, key: "z/", name: "z" },
    { kind: "object" as const, key: "a", name: "a", object: object("a", 5) },
    { kind: "object" as const, key: "c", name: "c", object: object("c", 9) },
  ];
  expect(sorted(entries, { by: "size", down: true }).map((entry) => entry.key)).toEqual(["z/", "c", "a", "b"]);
  expect(sorted(entries, { by: "name", down: true }).map((entry) => entry.key)).toEqual(["z/", "c", "b", "a"]);
});
