// Drives one Chromium for the Go tests: reads one JSON line a step on stdin,
// {id, step, args}, and answers each with one line, {id, ok, result | error}.
// The steps are the exported functions of steps.mjs.
import { mkdir, writeFile } from "node:fs/promises";
import path from "node:path";
import readline from "node:readline";
import { chromium } from "playwright-core";
import * as steps from "./steps.mjs";

const [executablePath, userDataDir, results, timeout] = process.argv.slice(2);

const context = await chromium.launchPersistentContext(userDataDir, {
  executablePath,
  headless: true,
  locale: "en-US",
  timezoneId: "UTC",
  viewport: { width: 1440, height: 900 },
  acceptDownloads: true,
  args: [
    "--no-sandbox",
    "--disable-gpu",
    "--disable-quic",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
  ],
});
context.setDefaultTimeout(Number(timeout));

// What no page may do: throw, break its content policy, or call another host.
const complaints = [];
let origin = "";
const watched = (page) => {
  page.on("pageerror", (error) => complaints.push(`uncaught in ${page.url()}: ${error.stack ?? error}`));
  page.on("console", (message) => {
    if (/content security policy/i.test(message.text())) complaints.push(`${page.url()}: ${message.text()}`);
  });
  page.on("request", (request) => {
    const url = new URL(request.url());
    if (origin && url.protocol.startsWith("http") && url.origin !== origin) {
      complaints.push(`${page.url()} asked a foreign host: ${request.url()}`);
    }
  });
};
context.on("page", watched);
context.pages().forEach(watched);

const session = {
  context,
  page: context.pages()[0] ?? (await context.newPage()),
  results,
  /** Says where the console is; pages that call anything else are complained of. */
  open(base) {
    origin = new URL(base).origin;
  },
  /** The full address of a page of the console. */
  at(address) {
    return origin + address;
  },
  /** A picture of the page as it is, for whoever reviews. */
  async picture(name, page = session.page) {
    await mkdir(results, { recursive: true });
    await page.screenshot({ path: path.join(results, `${name}.png`), animations: "disabled" });
  },
};

const answer = (line) => process.stdout.write(`${JSON.stringify(line)}\n`);

for await (const line of readline.createInterface({ input: process.stdin })) {
  const { id, step, args } = JSON.parse(line);
  try {
    if (typeof steps[step] !== "function") throw new Error(`no such step: ${step}`);
    const result = await steps[step](session, args);
    if (complaints.length > 0) throw new Error(complaints.splice(0).join("\n"));
    answer({ id, ok: true, result: result ?? null });
  } catch (error) {
    const seen = [];
    for (const [i, page] of context.pages().entries()) {
      await session.picture(`failed-${step}-${i}`, page).catch(() => {});
      const text = await page.locator("body").innerText({ timeout: 1000 }).catch(() => "");
      const snapshot = await page.locator("body").ariaSnapshot({ timeout: 1000 }).catch(() => "");
      await mkdir(results, { recursive: true });
      await writeFile(path.join(results, `failed-${step}-${i}.txt`), `${page.url()}\n\n${snapshot}\n`);
      seen.push(`${page.url()}:\n${text.slice(0, 1500)}`);
    }
    answer({ id, ok: false, error: `${error.message}\n${complaints.splice(0).join("\n")}\n--- pages\n${seen.join("\n---\n")}` });
  }
}
await context.close();
