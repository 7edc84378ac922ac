import { render } from "@testing-library/react";
import { afterEach, expect, test } from "vitest";
import { setLocale } from "@/lib/i18n";
import { ProblemText } from "./ProblemText";

const away = { problem: "s3.example.com has no bucket cold.", problemCode: "target_bucket_missing" };
const said = (of: { problem: string; problemCode?: string }) => render(<ProblemText of={of} />).container;

afterEach(() => setLocale("en"));

test("an English reader gets the server's own sentence, once", () => {
  expect(said(away).textContent).toBe(away.problem);
});

test("others get their language's words for the code, and the server's as English", async () => {
  await setLocale("zh-CN");
  const shown = said(away);
  expect(shown.textContent).toMatch(/^[\u4e00-\u9fff]/);
  expect(shown.querySelector("small[lang=en]")?.textContent).toBe(away.problem);
});

test("what has no words of its own is said as it came", async () => {
  await setLocale("zh-CN");
  expect(said({ problem: "connection reset" }).innerHTML).toBe("connection reset");
  expect(said({ problem: "odd", problemCode: "no_such_code" }).innerHTML).toBe("odd");
});
