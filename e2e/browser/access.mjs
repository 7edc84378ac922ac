// Who may reach a bucket: its policy edited as cards, and the question who may do what.

export async function signIn(session, { url, name, password }) {
  const { page } = session;
  session.open(url);
  await page.goto(session.at("/login"));
  await page.getByLabel("User name").fill(name);
  await page.getByLabel("Password", { exact: true }).fill(password);
  await page.getByRole("button", { name: "Sign in" }).click();
  await page.getByRole("navigation").first().waitFor();
}

const accessForm = (page) => page.locator("form").filter({ has: page.getByRole("radiogroup", { name: "Access" }) });

async function save(page) {
  const answered = page.waitForResponse((response) => response.request().method() === "PATCH");
  await accessForm(page).getByRole("button", { name: "Save" }).click();
  if (!(await answered).ok()) throw new Error(`the policy was not kept: ${await (await answered).text()}`);
}

/** Lets a user read what is below a prefix, without writing a line of JSON. */
export async function letRead(session, { bucket, user, keys }) {
  const { page } = session;
  await page.goto(session.at(`/buckets/${bucket}/settings`));
  await page.getByRole("radio", { name: /Custom policy/ }).check();
  await page.getByRole("button", { name: "Remove statement 1" }).click();
  await page.getByRole("button", { name: "Add a statement" }).click();
  const card = page.getByRole("group", { name: "Statement 1" });
  await card.getByText("Name at least one principal").waitFor();
  await card.getByLabel("Name (Sid)").fill("Readers");
  const named = page.getByRole("group", { name: "Readers" });
  await named.getByLabel("User name, or ARN of a role").fill(user);
  await named.getByLabel("User name, or ARN of a role").press("Enter");
  await named.getByText("Choose actions").click();
  await named.getByRole("searchbox").fill("getobject");
  await named.getByRole("checkbox", { name: "GetObject", exact: true }).check();
  await named.getByLabel("Objects 1").fill(keys);
  await session.picture("31-policy-cards");
  await save(page);
}

/** Adds an example that denies, at a network of its own. */
export async function onlyFrom(session, { network }) {
  const { page } = session;
  await page.getByRole("button", { name: "Examples" }).click();
  await page.getByRole("menuitem", { name: "Only from our office network" }).click();
  const card = page.getByRole("group", { name: "OfficeOnly" });
  await card.getByLabel("Value of condition 1").fill(network);
  await page.getByRole("button", { name: "Edit as JSON" }).click();
  const text = await page.getByRole("textbox", { name: "Bucket policy" }).inputValue();
  await save(page);
  return text;
}

/** What the simulator says of somebody: yes or no, and why. */
export async function mayThey(session, { bucket, user, action, object }) {
  const { page } = session;
  await page.goto(session.at(`/buckets/${bucket}/simulator`));
  await page.getByLabel("User", { exact: true }).selectOption(user);
  await page.getByLabel("Wants to").selectOption(action);
  await page.getByLabel("Object").fill(object);
  await page.getByRole("button", { name: "Ask" }).click();
  const answer = page.getByRole("region", { name: action, exact: true });
  await answer.waitFor();
  await session.picture("32-simulator");
  return { allowed: (await answer.getAttribute("data-allowed")) === "true", reason: await answer.locator("p").innerText() };
}
