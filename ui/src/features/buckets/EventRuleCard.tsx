import { useQueryClient } from "@tanstack/react-query";
import { Pencil, Trash2 } from "lucide-react";
import { useState } from "react";
import { useTranslation } from "react-i18next";
import { api } from "@/api/client";
import type { EventRule } from "@/api/types";
import { Button, Card, ConfirmButton, toast } from "@/components";
import { EventRuleDialog } from "./EventRuleDialog";
import { targetOf } from "./events";
import { eventsQuery } from "./queries";
import s from "./Replication.module.css";

/** useTargetName says what a target is, in words. */
export function useTargetName(): (arn: string) => string {
  const { t } = useTranslation("events");
  return (arn) => {
    const { kind, name, branch } = targetOf(arn);
    return branch ? t("target.branch", { name, branch }) : t(`target.${kind}`, { name });
  };
}

/** EventRuleCard says what a rule tells whom, and steers it. */
export function EventRuleCard({ bucket, rule, readOnly }: { bucket: string; rule: EventRule; readOnly: boolean }) {
  const { t } = useTranslation("events");
  const nameOf = useTargetName();
  const client = useQueryClient();
  const [editing, setEditing] = useState(false);
  const keys =
    rule.prefix && rule.suffix
      ? t("keys.both", { prefix: rule.prefix, suffix: rule.suffix })
      : rule.prefix
        ? t("keys.prefix", { prefix: rule.prefix })
        : rule.suffix
          ? t("keys.suffix", { suffix: rule.suffix })
          : t("keys.all");
  return (
    <Card
      title={<span className={s.name}>{nameOf(rule.target)}</span>}
      description={keys}
      footer={
        readOnly ? undefined : (
          <div className={s.buttons}>
            <Button size="sm" icon={<Pencil size={15} />} onClick={() => setEditing(true)}>
              {t("change")}
            </Button>
            <ConfirmButton
              label={t("remove")}
              icon={<Trash2 size={15} />}
              title={t("removeTitle")}
              body={t("removeBody", { target: nameOf(rule.target) })}
              onConfirm={async () => {
                await api.DELETE("/api/v1/buckets/{bucket}/events", { params: { path: { bucket }, query: { rule: rule.id } } });
                await client.invalidateQueries({ queryKey: eventsQuery(bucket).queryKey });
                toast.ok(t("removed"));
              }}
            />
          </div>
        )
      }
    >
      <div className={s.body}>
        <p>{rule.events?.map((event) => t(`event.${event.replaceAll(":", "_")}`, { defaultValue: event })).join(" · ")}</p>
        <p className={s.note}>{t("id", { id: rule.id })}</p>
      </div>
      {editing && <EventRuleDialog bucket={bucket} rule={rule} onClose={() => setEditing(false)} />}
    </Card>
  );
}
