// What a person does in the console, step by step. Controls are found as a
// person finds them: by their role and their words.
export async function visit({ page, open }, { url }) {
  open(url);
  await page.goto(url);
  return page.title();
}
