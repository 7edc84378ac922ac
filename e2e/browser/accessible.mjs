// What pages are for who cannot see colours, or the page: the rules of WCAG 2.1, levels A and AA,
// as axe reads them.
import { readFile } from "node:fs/promises";
import { createRequire } from "node:module";

const axe = readFile(createRequire(import.meta.url).resolve("axe-core/axe.min.js"), "utf8");

/** Reads a page light and dark, and returns what is wrong with it. */
export async function readPage(session, { address }) {
  const { page } = session;
  await page.goto(session.at(address));
  await page.getByRole("heading", { level: 1 }).first().waitFor();
  await page.waitForFunction(() => document.querySelector('[aria-busy="true"]') === null);
  await page.evaluate(await axe);
  const wrong = [];
  for (const [colorScheme, runOnly] of [
    ["light", ["wcag2a", "wcag2aa", "wcag21a", "wcag21aa"]],
    ["dark", { type: "rule", values: ["color-contrast", "link-in-text-block"] }], // all that is different
  ]) {
    await page.emulateMedia({ colorScheme });
    const found = await page.evaluate(async (runOnly) => {
      const ending = document.getAnimations().filter((one) => one.effect.getComputedTiming().endTime < Infinity);
      await Promise.all(ending.map((one) => one.finished.catch(() => {}))); // from colour to colour
      const { violations } = await globalThis.axe.run({ runOnly, resultTypes: ["violations"] });
      return violations.flatMap(({ id, nodes }) => nodes.map((node) => `${id}: ${node.html.slice(0, 200)}: ${node.failureSummary}`));
    }, runOnly);
    wrong.push(...found.map((one) => `${colorScheme}: ${one}`));
  }
  await page.emulateMedia({ colorScheme: null });
  return wrong;
}
