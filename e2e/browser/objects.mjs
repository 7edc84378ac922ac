// The object browser, as a person uses it with mouse, keys and files.
const objects = (page) => page.getByTestId("objects");

export async function openBucket(session, { base, name, password, bucket }) {
  const { page } = session;
  session.open(base);
  page.on("dialog", (dialog) => dialog.accept().catch(() => {})); // the question before a reload
  await page.goto(`${base}/login`);
  await page.getByLabel("User name").fill(name);
  await page.getByLabel("Password", { exact: true }).fill(password);
  await page.getByRole("button", { name: "Sign in" }).click();
  await page.getByRole("heading", { level: 1, name: /Hello/ }).waitFor();
  await page.goto(session.at(`/buckets/${bucket}`));
  await page.getByText("This bucket is empty").waitFor();
}

/** Drops a folder onto the page, as a file manager hands it over. */
export async function dropFolder(session, { name, files }) {
  const { page } = session;
  await page.evaluate(
    ({ name, files }) => {
      const entryOf = (label, tree) =>
        typeof tree === "string"
          ? { isFile: true, name: label, file: (done) => done(new File([tree], label, { type: "text/plain" })) }
          : {
              isFile: false,
              name: label,
              createReader: () => {
                let left = Object.entries(tree).map(([child, below]) => entryOf(child, below));
                return { readEntries: (done) => done(left.splice(0, 100)) };
              },
            };
      const event = new Event("drop", { bubbles: true, cancelable: true });
      Object.defineProperty(event, "dataTransfer", { value: { items: [{ webkitGetAsEntry: () => entryOf(name, files) }] } });
      document.querySelector("h1").dispatchEvent(event);
    },
    { name, files },
  );
  await page.getByText("Uploads finished").waitFor();
  await page.getByRole("link", { name, exact: true }).click();
  await page.getByRole("heading", { level: 1, name }).waitFor();
}

/** Begins to upload a file of which one part does not get through. */
export async function uploadWithout(session, { file, part }) {
  const { page } = session;
  const stored = [];
  page.on("response", (response) => {
    const number = /\/parts\/(\d+)/.exec(response.url())?.[1];
    if (number && response.ok()) stored.push(Number(number));
  });
  session.stored = stored;
  await page.route(new RegExp(`/parts/${part}\\?`), (route) => route.abort());
  await page.getByTestId("file-input").setInputFiles(file);
  await page.getByText("Croft does not answer. Trying again…").waitFor();
  await page.waitForFunction(() => document.querySelector("[data-testid=uploads] [role=progressbar]"));
  while (stored.length < 2) await page.waitForTimeout(20);
  return stored;
}

/** Comes back after a reload and chooses the file again. */
export async function resumeUpload(session, { file }) {
  const { page } = session;
  session.stored.length = 0;
  await page.reload(); // before the part gets through, or it would go on by itself
  await page.unrouteAll();
  await page.getByText("1 upload was interrupted").waitFor();
  await session.picture("20-interrupted");
  await page.getByTestId("uploads").locator("input[type=file]").setInputFiles(file);
  await page.getByText("Uploads finished").waitFor();
  await page.getByRole("button", { name: file.split(/[\\/]/).at(-1), exact: true }).waitFor();
  await session.picture("21-uploaded");
  return session.stored;
}

/**
 * Uploads a small file of which the answer is lost: Croft has stored it, and the connection
 * breaks before the page hears of it. Says how often the file was sent.
 */
export async function uploadLosingAnswer(session, { file, replace }) {
  const { page } = session;
  const name = file.split(/[\\/]/).at(-1);
  const cdp = await session.context.newCDPSession(page);
  let sent = 0;
  const count = (request) => {
    if (request.method() === "PUT" && /\/object\?key=/.test(request.url())) sent++;
  };
  page.on("request", count);
  const lost = new Promise((resolve) => {
    cdp.on("Fetch.requestPaused", async ({ requestId, request }) => {
      if (request.method !== "PUT") return cdp.send("Fetch.continueRequest", { requestId });
      await cdp.send("Fetch.failRequest", { requestId, errorReason: "ConnectionReset" });
      resolve();
    });
  });
  await cdp.send("Fetch.enable", { patterns: [{ urlPattern: "*/object?key=*", requestStage: "Response" }] });
  await page.getByTestId("file-input").setInputFiles(file);
  if (replace) await page.getByRole("button", { name: "Replace", exact: true }).click();
  await lost;
  await cdp.detach();
  await page.getByText("Uploads finished").waitFor();
  await page.getByRole("button", { name: "Put away" }).click();
  await page.getByRole("button", { name, exact: true }).waitFor();
  page.off("request", count);
  return sent;
}

/** Selects everything with the keyboard and downloads it as an archive. */
export async function zipSelection(session) {
  const { page } = session;
  await objects(page).getByRole("row").first().click({ position: { x: 600, y: 20 } });
  await page.getByText("1 selected").waitFor();
  await objects(page).press("Shift+End");
  await page.getByText("3 selected").waitFor();
  const [download] = await Promise.all([
    page.waitForEvent("download"),
    page.getByRole("button", { name: "ZIP", exact: true }).click(),
  ]);
  await session.picture("22-selected");
  await page.getByRole("button", { name: "Clear selection" }).click();
  return { file: await download.path(), name: download.suggestedFilename() };
}

/** Restores the oldest version of an object. */
export async function restoreOldest(session, { name, versions }) {
  const { page } = session;
  await page.getByRole("button", { name: `Actions for ${name}` }).click();
  await page.getByRole("menuitem", { name: "Versions" }).click();
  const dialog = page.getByRole("dialog");
  const rows = dialog.getByRole("row");
  await rows.nth(versions).waitFor();
  await rows.nth(versions).getByRole("button").click();
  await page.getByRole("menuitem", { name: "Restore" }).click();
  await page.getByText("The version is on top again").waitFor();
  await dialog.getByRole("button", { name: "Close" }).click();
  await dialog.waitFor({ state: "hidden" });
}

/** Shares the folder with a password and opens the link, first with a wrong one. */
export async function shareFolder(session, { password, see }) {
  const { page } = session;
  await page.getByRole("button", { name: "More actions" }).click();
  await page.getByRole("menuitem", { name: "Share this folder" }).click();
  const dialog = page.getByRole("dialog");
  await dialog.getByLabel("Password", { exact: true }).fill(password);
  await dialog.getByRole("button", { name: "Make link" }).click();
  const link = (await dialog.getByLabel("Link", { exact: true }).innerText()).trim();
  await session.context.clearCookies(); // a stranger opens it
  await page.goto(link);
  await page.getByLabel("Password", { exact: true }).fill("not this");
  if ((await page.title()) !== "Password needed · Croft") throw new Error(`the page that asks for the password is called ${await page.title()}`);
  await page.getByRole("button", { name: "Open" }).click();
  await page.getByText("The password is not right.").waitFor();
  await page.getByLabel("Password", { exact: true }).fill(password);
  await page.getByRole("button", { name: "Open" }).click();
  await page.getByRole("button", { name: see, exact: true }).waitFor();
  await session.picture("23-shared");
  await page.getByRole("button", { name: see, exact: true }).click();
  const text = await page.getByRole("dialog").locator("pre").innerText();
  await page.keyboard.press("Escape");
  await page.getByRole("button", { name: see, exact: true }).focus();
  await page.keyboard.press("Tab");
  const reached = await page.evaluate(() => `${document.activeElement?.tagName} ${document.activeElement?.getAttribute("aria-label")}`);
  if (reached !== `A Download ${see}`) throw new Error(`behind the name of a file the keyboard reaches ${reached}`);
  const [download] = await Promise.all([page.waitForEvent("download"), page.getByRole("link", { name: "Download all" }).click()]);
  return { text, file: await download.path() };
}
