// What a person does in the console, step by step. Controls are found as a
// person finds them, by their role and their words; what a test reads as data
// has a test id.
import { mkdir } from "node:fs/promises";
import path from "node:path";

export * from "./objects.mjs";

export * from "./access.mjs";

export * from "./accessible.mjs";

export async function visit({ page, open }, { url }) {
  open(url);
  await page.goto(url);
  return page.title();
}

/** Follows a link of the navigation. */
async function follow(page, name) {
  await page.getByRole("navigation").getByRole("link", { name, exact: true }).first().click();
}

/** The text of a field that is there to be copied. */
async function copied(scope, label) {
  return (await scope.getByLabel(label, { exact: true }).innerText()).trim();
}

const runAddress = ({ project, repository, number }) => `/projects/${project}/pipelines/${repository}/runs/${number}`;

// --- 1: set-up link, account, project ----------------------------------------

export async function setUp(session, { link, name, displayName, password }) {
  const { page } = session;
  session.open(link);
  await page.goto(link);
  await page.getByLabel("Your name").fill(displayName);
  await page.getByLabel("User name").fill(name);
  await page.getByLabel("Password", { exact: true }).fill(password);
  await session.picture("01-set-up");
  await page.getByRole("button", { name: "Create account" }).click();
  await page.getByText("No projects yet").waitFor();
  await session.picture("02-first-sight");
}

export async function createProject(session, { name, slug }) {
  const { page } = session;
  await page.getByRole("button", { name: "Create your first project" }).click();
  const dialog = page.getByRole("dialog");
  await dialog.getByLabel("Name", { exact: true }).fill(name);
  await session.picture("03-new-project");
  await dialog.getByRole("button", { name: "Create project" }).click();
  await page.waitForURL(`**/projects/${slug}`);
  await page.getByRole("heading", { name, level: 1 }).waitFor();
  await session.picture("04-project");
}

// --- 2: repository ------------------------------------------------------------

export async function addRepository(session, { project, name, cloneUrl }) {
  const { page } = session;
  await follow(page, "Pipelines");
  await page.waitForURL(`**/projects/${project}/pipelines`);
  await page.getByText("No repository yet").waitFor();
  await session.picture("05-pipelines-empty");
  await page.getByRole("button", { name: "Add repository" }).first().click();
  const dialog = page.getByRole("dialog");
  await dialog.getByLabel("Clone address").fill(cloneUrl);
  const named = dialog.getByLabel("Name in Croft");
  if ((await named.inputValue()) !== name) throw new Error(`the name offered is ${await named.inputValue()}`);
  await dialog.getByRole("button", { name: "Add repository" }).click();
  await dialog.getByText("Webhook address").waitFor();
  await session.picture("06-webhook");
  const hook = { url: await copied(dialog, "Webhook address"), secret: await copied(dialog, "Webhook secret") };
  await dialog.getByRole("button", { name: "Done" }).click();
  await page.waitForURL(`**/pipelines/${name}`);
  return hook;
}

// --- 3: push, live log, chat card ---------------------------------------------

/** Says something in a room, in a tab of its own that then watches the room's run cards. */
export async function say(session, { room, text }) {
  const chat = await session.context.newPage();
  session.chat = chat;
  await chat.goto(session.at("/chat"));
  await chat.getByRole("navigation", { name: "Rooms" }).getByRole("link", { name: room }).click();
  const box = chat.getByLabel(`Write to ${room}`);
  await box.fill(text);
  await box.press("Enter");
  await chat.getByRole("log", { name: room }).getByText(text).waitFor();
  await chat.getByText("Sending…").waitFor({ state: "hidden" });
  await chat.evaluate(() => {
    globalThis.cardStates = [];
    const note = () => {
      const state = document.querySelector('[data-testid="run-card"]')?.dataset.state;
      if (state && globalThis.cardStates.at(-1) !== state) globalThis.cardStates.push(state);
    };
    new MutationObserver(note).observe(document.body, { subtree: true, childList: true, attributes: true });
    note();
  });
  await session.page.bringToFront();
}

/** What the run's card in the watched room has shown, once it shows success. */
async function cardStates(session, message) {
  const { chat } = session;
  await chat.bringToFront();
  const card = chat.getByTestId("run-card").filter({ hasText: message });
  await card.getByText("Success", { exact: true }).waitFor();
  if ((await chat.getByTestId("run-card").count()) !== 1) throw new Error("the run has more than one card");
  await session.picture("07-chat", chat);
  const log = card.getByRole("link", { name: "Log" });
  await log.click();
  await chat.getByTestId("log").waitFor();
  const states = await chat.evaluate(() => globalThis.cardStates);
  await session.page.bringToFront();
  return states;
}

/** Opens the run that a push has just started and stays until it has succeeded. */
export async function followRun(session, { project, repository, number, message, commit, steps }) {
  const { page } = session;
  // The page shows the repository's runs; the new one comes by itself.
  await page.getByRole("link", { name: message }).first().click();
  await page.waitForURL(`**${runAddress({ project, repository, number })}*`);
  const badge = page.getByRole("heading", { level: 1 });
  await page.getByRole("link", { name: steps[0] }).click();
  const log = page.getByRole("log");
  const line = log.getByText("go version go1.");
  await line.waitFor({ state: "attached" }); // it may have been scrolled away already
  const lineWhileRunning = await line.textContent();
  const running = await page.getByRole("link", { name: `Running ${steps[0]}` }).isVisible();
  if (!running) throw new Error("the first log line was there only when its step had ended");
  await session.picture("08-run-going");
  await badge.getByText("Success").waitFor({ timeout: 600_000 });
  for (const step of steps) await page.getByRole("link", { name: `Success ${step}` }).waitFor();
  await page.getByText(commit.slice(0, 8)).first().waitFor();
  await page.getByRole("link", { name: "Download", exact: true }).waitFor();
  await session.picture("09-run-done");
  return { lineWhileRunning, cardStates: await cardStates(session, message) };
}

// --- 4: keys ------------------------------------------------------------------

export async function createKey(session, { name }) {
  const { page } = session;
  await page.goto(session.at("/settings/keys"));
  await page.getByRole("button", { name: "Create key" }).click();
  const dialog = page.getByRole("dialog");
  await dialog.getByLabel("Name", { exact: true }).fill(name);
  await dialog.getByRole("button", { name: "Create key" }).click();
  await dialog.getByText(`Key ${name}`).waitFor();
  const keys = { accessKey: await copied(dialog, "Access key"), secretKey: await copied(dialog, "Secret key") };
  await session.picture("10-key");
  await dialog.getByRole("button", { name: "Done" }).click();
  await dialog.waitFor({ state: "hidden" });
  return keys;
}

// --- pictures for whoever reviews -----------------------------------------------

const pages = {
  home: "/",
  project: "/projects/hello",
  pipelines: "/projects/hello/pipelines",
  repository: "/projects/hello/pipelines/hello",
  run: "/projects/hello/pipelines/hello/runs/1",
  members: "/projects/hello/members",
  "project-settings": "/projects/hello/settings",
  buckets: "/buckets",
  bucket: "/buckets/hello-artifacts",
  chat: "/chat",
  audit: "/audit",
  settings: "/settings",
  security: "/settings/security",
  tokens: "/settings/tokens",
  keys: "/settings/keys",
  users: "/identities/users",
  drives: "/settings/drives",
};

/** Every page, on a wide window and on a phone, where nothing may be wider than it; for the docs dark, too. */
export async function pictures(session, { docs, images }) {
  const page = await session.context.newPage();
  const looks = [
    { name: "1440", width: 1440, height: 900, colorScheme: "light" },
    { name: "390", width: 390, height: 844, colorScheme: "light" },
  ];
  if (docs) looks.push({ name: "dark", width: 1440, height: 900, colorScheme: "dark" });
  const wide = [];
  for (const look of looks) {
    await page.emulateMedia({ colorScheme: look.colorScheme, reducedMotion: "reduce" });
    await page.setViewportSize({ width: look.width, height: look.height });
    for (const [name, address] of Object.entries(pages)) {
      await page.goto(session.at(address));
      await page.getByRole("heading").first().waitFor();
      await page.waitForFunction(() => !document.querySelector("[aria-busy=true]"));
      if (name === "chat") await page.getByRole("link", { name: "Hello" }).last().click();
      if (name === "run") await page.locator('[data-testid="log"][data-ended="true"]').waitFor();
      if (docs) await page.waitForLoadState("networkidle", { timeout: 2000 }).catch(() => {}); // streams stay open
      await session.picture(`page-${name}-${look.name}`, page);
      const overflow = await page.evaluate(() => document.documentElement.scrollWidth - innerWidth);
      if (overflow > 0) wide.push(`${name} at ${look.name} is ${overflow} px wider than the window`);
    }
  }
  if (docs) {
    await mkdir(images, { recursive: true });
    await page.emulateMedia({ colorScheme: "light", reducedMotion: "reduce" });
    await page.setViewportSize({ width: 1440, height: 810 });
    for (const [name, address] of Object.entries({ dashboard: "/", run: pages.run.replace("1", "3"), chat: pages.chat })) {
      await page.goto(session.at(address));
      await page.getByRole("heading").first().waitFor();
      if (name === "chat") await page.getByRole("link", { name: "Hello" }).last().click();
      if (name === "run") await page.getByRole("link", { name: "Success test" }).click();
      await page.waitForLoadState("networkidle", { timeout: 2000 }).catch(() => {});
      await page.screenshot({ path: path.join(images, `${name}.png`), animations: "disabled" });
    }
  }
  await page.close();
  if (wide.length > 0) throw new Error(wide.join("\n"));
}

// --- 5: after the crash ---------------------------------------------------------

/** Signs in as somebody who comes back from elsewhere. */
export async function logInAfresh(session, { base, name, displayName, password }) {
  await session.context.clearCookies();
  for (const page of session.context.pages().slice(1)) await page.close();
  const { page } = session;
  await page.goto(base);
  await page.waitForURL("**/login**");
  await page.getByLabel("User name").fill(name);
  await page.getByLabel("Password", { exact: true }).fill(password);
  await session.picture("11-sign-in");
  await page.getByRole("button", { name: "Sign in" }).click();
  await page.getByRole("heading", { level: 1, name: `Hello, ${displayName}` }).waitFor();
  await session.picture("12-after-the-crash");
}

export async function seeChat(session, { room, text, message }) {
  const { page } = session;
  await page.goto(session.at("/chat"));
  await page.getByRole("navigation", { name: "Rooms" }).getByRole("link", { name: room }).click();
  await page.getByRole("log", { name: room }).getByText(text).waitFor();
  const card = page.getByTestId("run-card").filter({ hasText: message });
  await card.getByText("Success", { exact: true }).waitFor();
  await session.picture("13-chat-history");
}

export async function seeRun(session, run) {
  const { page } = session;
  await page.goto(session.at(runAddress(run)));
  for (const step of run.steps) await page.getByRole("link", { name: `Success ${step}` }).waitFor();
  await page.getByRole("link", { name: `Success ${run.steps[0]}` }).click();
  await page.locator('[data-testid="log"][data-ended="true"]').waitFor();
  const log = (await page.getByRole("log").getByRole("listitem").allTextContents()).join("\n");
  const row = page.getByRole("row").filter({ hasText: run.artifact });
  const [download] = await Promise.all([
    page.waitForEvent("download"),
    row.getByRole("link", { name: "Download" }).click(),
  ]);
  return { log, file: await download.path() };
}

export async function seeDrives(session, { online, offline }) {
  const { page } = session;
  await page.goto(session.at("/settings/drives"));
  const main = page.getByRole("main");
  await main.getByText("Offline", { exact: true }).first().waitFor();
  const seen = {
    online: await main.getByText("Well", { exact: true }).count(),
    offline: await main.getByText("Offline", { exact: true }).count(),
  };
  await session.picture("14-drives");
  if (seen.online !== online || seen.offline !== offline) {
    throw new Error(`the page shows ${seen.online} drives well and ${seen.offline} offline`);
  }
}
