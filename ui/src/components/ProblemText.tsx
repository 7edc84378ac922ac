import i18next from "i18next";
import { type Problem, problemText } from "@/api/errors";
import s from "./ProblemText.module.css";

/** ProblemText says what a status complains of, and below it the server's own words where those are in another language. */
export function ProblemText({ of }: { of: Problem }) {
  const text = problemText(of);
  return (
    <>
      {text}
      {i18next.language !== "en" && text !== of.problem && (
        <small className={s.own} lang="en">
          {of.problem}
        </small>
      )}
    </>
  );
}
