import { useTranslation } from "react-i18next";
import { errorText } from "@/api/errors";
import type { EventAnswer } from "@/api/types";
import { Alert } from "@/components";
import s from "./WebhookAnswer.module.css";

/** WebhookAnswer says what a webhook answered to a test event, or why it could not. */
export function WebhookAnswer({ answer, error }: { answer?: EventAnswer; error: Error | null }) {
  const { t } = useTranslation("webhooks");
  if (error) return <Alert tone="danger">{errorText(error)}</Alert>;
  if (!answer) return null;
  return (
    <Alert tone={answer.taken ? "ok" : "danger"}>
      <p>{t(answer.taken ? "taken" : "notTaken", { status: answer.status, ms: answer.milliseconds })}</p>
      {answer.body && <pre className={s.answer}>{answer.body}</pre>}
    </Alert>
  );
}
