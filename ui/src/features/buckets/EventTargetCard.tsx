import { useMutation, useQueryClient } from "@tanstack/react-query";
import { RotateCw, Trash2 } from "lucide-react";
import { useState, type ReactNode } from "react";
import { useTranslation } from "react-i18next";
import { api, body } from "@/api/client";
import type { EventTarget } from "@/api/types";
import { Alert, Badge, Button, Card, ConfirmDialog, CopyField, FutureTime, Time, toast } from "@/components";
import { formatNumber } from "@/lib/format";
import { useTargetName } from "./EventRuleCard";
import { eventsQuery } from "./queries";
import s from "./Replication.module.css";

type Props = { bucket: string; target: EventTarget; readOnly: boolean };

/** EventTargetCard says what a target was told, what waits for it and why, and steers it. */
export function EventTargetCard({ bucket, target, readOnly }: Props) {
  const { t } = useTranslation("events");
  const nameOf = useTargetName();
  const state = target.problem ? "failing" : target.waiting > 0 ? "telling" : "current";
  return (
    <Card
      title={<span className={s.name}>{t("toTarget", { target: nameOf(target.target) })}</span>}
      description={target.ruled ? undefined : t("unruled")}
      actions={<Badge tone={state === "failing" ? "danger" : state === "telling" ? "info" : "ok"}>{t(`state.${state}`)}</Badge>}
      footer={readOnly || target.waiting === 0 ? undefined : <Steering bucket={bucket} target={target} />}
    >
      <div className={s.body}>
        {target.problem && (
          <Alert tone="danger">
            {target.problemKey ? t("refused", { key: target.problemKey, problem: target.problem }) : target.problem}
          </Alert>
        )}
        <dl className={s.facts}>
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
        </dl>
        <CopyField label={t("arn")} value={target.target} />
      </div>
    </Card>
  );
}

function Fact({ name, children }: { name: string; children: ReactNode }) {
  return (
    <div>
      <dt>{name}</dt>
      <dd>{children}</dd>
    </div>
  );
}

function Steering({ bucket, target }: Omit<Props, "readOnly">) {
  const { t } = useTranslation("events");
  const nameOf = useTargetName();
  const client = useQueryClient();
  const [discarding, setDiscarding] = useState(false);
  const params = { path: { bucket }, query: { target: target.target } };
  const look = () => client.invalidateQueries({ queryKey: eventsQuery(bucket).queryKey });
  const retry = useMutation({
    mutationFn: () => api.POST("/api/v1/buckets/{bucket}/events/retry", { params }),
    onSuccess: look,
    onError: toast.error,
  });
  return (
    <div className={s.buttons}>
      <Button size="sm" busy={retry.isPending} icon={<RotateCw size={15} />} onClick={() => retry.mutate()}>
        {t("retry")}
      </Button>
      <Button size="sm" variant="dangerGhost" icon={<Trash2 size={15} />} onClick={() => setDiscarding(true)}>
        {t("discard")}
      </Button>
      <ConfirmDialog
        open={discarding}
        onOpenChange={setDiscarding}
        title={t("discardTitle")}
        body={t("discardBody", { count: target.waiting, number: formatNumber(target.waiting), target: nameOf(target.target) })}
        confirm={t("discard")}
        onConfirm={async () => {
          const { events } = await body(api.DELETE("/api/v1/buckets/{bucket}/events/waiting", { params }));
          await look();
          toast.ok(t("discarded", { count: events, number: formatNumber(events) }));
        }}
      />
    </div>
  );
}
