import { useMutation } from "@tanstack/react-query";
import { RotateCw, Trash2 } from "lucide-react";
import type { ReactNode } from "react";
import { useTranslation } from "react-i18next";
import type { EventTarget } from "@/api/types";
import { Alert, Badge, Button, Card, ConfirmButton, CopyField, Fact, Facts, FutureTime, ProblemText, Time, toast } from "@/components";
import { formatNumber } from "@/lib/format";
import { useTargetName } from "./EventRuleCard";
import s from "./Replication.module.css";

/** How what waits is steered: tried now, or given up. */
export type EventSteering = { retry: () => Promise<unknown>; discard: () => Promise<{ events: number }> };

type Props = { target: EventTarget; title: ReactNode; note?: string; steering?: EventSteering };

/** EventTargetCard says what a target was told, what waits for it and why, and steers it. */
export function EventTargetCard({ target, title, note, steering }: Props) {
  const { t } = useTranslation("events");
  const state = target.problem ? "failing" : target.waiting > 0 ? "telling" : "current";
  const something = target.waiting > 0 || target.unreadable > 0;
  return (
    <Card
      title={<span className={s.name}>{title}</span>}
      description={note}
      actions={<Badge tone={state === "failing" ? "danger" : state === "telling" ? "info" : "ok"}>{t(`state.${state}`)}</Badge>}
      footer={steering && something ? <Steering target={target} steering={steering} /> : undefined}
    >
      <div className={s.body}>
        {target.problem && (
          <Alert tone="danger">
            {target.problemKey && <>{t("refused", { key: target.problemKey })} </>}
            <ProblemText of={target} />
          </Alert>
        )}
        {target.busy && target.waiting > 0 && <Alert>{t("busy")}</Alert>}
        {target.unreadable > 0 && (
          <Alert tone="warn">{t("unreadable", { count: target.unreadable, number: formatNumber(target.unreadable) })}</Alert>
        )}
        <Facts figures>
          <Fact name={t("waiting")}>
            {t(target.more ? "waitingMore" : "waitingText", { count: target.waiting, number: formatNumber(target.waiting) })}
            {target.oldest && (
              <small>
                {t("since")} <Time value={target.oldest} />
              </small>
            )}
          </Fact>
          <Fact name={t("delivered")}>
            {formatNumber(target.delivered)}
            {target.lastDelivered && (
              <small>
                {t("last")} <Time value={target.lastDelivered} />
              </small>
            )}
          </Fact>
          <Fact name={t("failures")}>{formatNumber(target.failures)}</Fact>
          {target.nextTry && target.waiting > 0 && (
            <Fact name={t("nextTry")}>
              <FutureTime value={target.nextTry} />
            </Fact>
          )}
        </Facts>
        <CopyField label={t("arn")} value={target.target} />
      </div>
    </Card>
  );
}

function Steering({ target, steering }: { target: EventTarget; steering: EventSteering }) {
  const { t } = useTranslation("events");
  const nameOf = useTargetName();
  const retry = useMutation({ mutationFn: steering.retry, onError: toast.error });
  const count = target.waiting + target.unreadable;
  return (
    <div className={s.buttons}>
      {target.waiting > 0 && (
        <Button size="sm" busy={retry.isPending} icon={<RotateCw size={15} />} onClick={() => retry.mutate()}>
          {t("retry")}
        </Button>
      )}
      <ConfirmButton
        label={t("discard")}
        icon={<Trash2 size={15} />}
        title={t("discardTitle")}
        body={t(target.more ? "discardBodyMore" : "discardBody", { count, number: formatNumber(count), target: nameOf(target.target), bucket: target.bucket })}
        onConfirm={async () => {
          const { events } = await steering.discard();
          toast.ok(t("discarded", { count: events, number: formatNumber(events) }));
        }}
      />
    </div>
  );
}
