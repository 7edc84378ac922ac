import { useMutation, useQueryClient } from "@tanstack/react-query";
import { Pause, Play, Trash2 } from "lucide-react";
import { useTranslation } from "react-i18next";
import { api } from "@/api/client";
import type { ReplicationRule } from "@/api/types";
import {
  Alert,
  Badge,
  Button,
  Card,
  ConfirmButton,
  Duration,
  Fact,
  Facts,
  FutureTime,
  ProblemText,
  Progress,
  toast,
  type Tone,
} from "@/components";
import { formatBytes, formatNumber } from "@/lib/format";
import { replicationQuery } from "./queries";
import s from "./Replication.module.css";

const tones: Record<ReplicationRule["state"], Tone> = {
  current: "ok",
  copying: "info",
  failing: "danger",
  paused: "idle",
};

type RuleProps = { bucket: string; rule: ReplicationRule };

/** nameOf is where a rule copies to, as a person reads it. */
function nameOf(rule: ReplicationRule): string {
  return `${rule.endpoint.replace(/\/$/, "")}/${rule.targetBucket}`;
}

/** ReplicationRuleCard says how far a rule is, what is in its way, and steers it. */
export function ReplicationRuleCard({ bucket, rule }: RuleProps) {
  const { t } = useTranslation("replication");
  const idle = rule.objectsPerSecond < 0.005 && rule.bytesPerSecond < 1;
  return (
    <Card
      title={<span className={s.name}>{nameOf(rule)}</span>}
      description={[
        ...(rule.name ? [t("named", { name: rule.name })] : []),
        rule.prefix ? t("onlyPrefix", { prefix: rule.prefix }) : t("everything"),
        ...Object.entries(rule.tags ?? {}).map(([key, value]) => t("onlyTag", { tag: `${key}=${value}` })),
        rule.deletes ? t("withDeletes") : t("withoutDeletes"),
      ].join(" · ")}
      actions={<Badge tone={tones[rule.state]}>{t(`state.${rule.state}`)}</Badge>}
      footer={<Steering bucket={bucket} rule={rule} />}
    >
      <div className={s.body}>
        {rule.problem && (
          <Alert tone={rule.state === "failing" ? "danger" : "warn"}>
            {rule.problemKey && (
              <>
                {t("problemOf", { key: rule.problemKey })}{" "}
              </>
            )}
            <ProblemText of={rule} />
            {rule.nextTry && (
              <>
                {" "}
                {t("nextTry")}: <FutureTime value={rule.nextTry} />
              </>
            )}
          </Alert>
        )}
        {rule.looking && <Looking rule={rule} />}
        <Facts figures>
          <Fact name={t("lag")}>{rule.oldest ? <Duration from={rule.oldest} /> : t("lagNone")}</Fact>
          <Fact name={t("pending")}>
            {t("pendingText", { count: rule.pending, bytes: formatBytes(rule.pendingBytes) })}
          </Fact>
          <Fact name={t("rate")}>
            {idle
              ? t("rateNone")
              : t("rateText", {
                  objects: formatNumber(Number(rule.objectsPerSecond.toFixed(1))),
                  bytes: formatBytes(rule.bytesPerSecond),
                })}
          </Fact>
          <Fact name={t("sent")}>{t("sentText", { count: rule.sent, bytes: formatBytes(rule.sentBytes) })}</Fact>
          {rule.failures > 0 && <Fact name={t("failures")}>{formatNumber(rule.failures)}</Fact>}
          {rule.skipped > 0 && (
            <Fact name={t("skipped")}>
              {formatNumber(rule.skipped)} <small>{t("skippedHint")}</small>
            </Fact>
          )}
        </Facts>
      </div>
    </Card>
  );
}

/** Looking is how far the bucket was compared with the target. */
function Looking({ rule }: { rule: ReplicationRule }) {
  const { t } = useTranslation("replication");
  const figures = { looked: formatNumber(rule.looked), total: formatNumber(rule.total) };
  return (
    <div className={s.looking}>
      <span>
        {t("looking")}: {rule.total > 0 ? t("lookedOf", figures) : t("looked", figures)}
      </span>
      {rule.total > 0 && <Progress value={rule.looked} max={rule.total} label={t("looking")} />}
    </div>
  );
}

function Steering({ bucket, rule }: RuleProps) {
  const { t } = useTranslation("replication");
  const client = useQueryClient();
  const path = { bucket, id: rule.id };
  const look = () => client.invalidateQueries({ queryKey: replicationQuery(bucket).queryKey });
  const steer = useMutation({
    mutationFn: () =>
      api.PATCH("/api/v1/buckets/{bucket}/replication/{id}", { params: { path }, body: { paused: rule.state !== "paused" } }),
    onSuccess: look,
    onError: toast.error,
  });
  return (
    <div className={s.buttons}>
      <Button
        size="sm"
        busy={steer.isPending}
        icon={rule.state === "paused" ? <Play size={15} /> : <Pause size={15} />}
        onClick={() => steer.mutate()}
      >
        {rule.state === "paused" ? t("resume") : t("pause")}
      </Button>
      <ConfirmButton
        label={t("remove")}
        icon={<Trash2 size={15} />}
        title={t("removeTitle", { name: nameOf(rule) })}
        body={t("removeBody")}
        onConfirm={async () => {
          await api.DELETE("/api/v1/buckets/{bucket}/replication/{id}", { params: { path } });
          await look();
          toast.ok(t("removed"));
        }}
      />
    </div>
  );
}
