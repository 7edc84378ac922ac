import { useMutation, useQueryClient } from "@tanstack/react-query";
import { Pause, Pencil, Play, Trash2 } from "lucide-react";
import { useState } from "react";
import { useTranslation } from "react-i18next";
import { api, body } from "@/api/client";
import type { LifecycleRule } from "@/api/types";
import { Badge, Button, Card, ConfirmButton, toast } from "@/components";
import { LifecycleDialog } from "./LifecycleDialog";
import { editable, sentences } from "./lifecycle";
import { lifecycleQuery } from "./queries";
import s from "./Replication.module.css";

type RuleProps = { bucket: string; rule: LifecycleRule; readOnly: boolean };

/** LifecycleRuleCard says in words what a rule does. Rules that the editor cannot show are kept as they are. */
export function LifecycleRuleCard({ bucket, rule, readOnly }: RuleProps) {
  const { t } = useTranslation("lifecycle");
  const [title, ...more] = sentences(rule, t);
  return (
    <Card
      title={<span className={s.name}>{title}</span>}
      actions={<Badge tone={rule.enabled ? "ok" : "idle"}>{rule.enabled ? t("on") : t("off")}</Badge>}
      footer={readOnly ? undefined : <Steering bucket={bucket} rule={rule} name={title ?? rule.id} />}
    >
      <div className={s.looking}>
        {more.map((sentence) => (
          <p key={sentence} className={s.name}>
            {sentence}
          </p>
        ))}
        {!editable(rule) && <p className={s.note}>{t("overS3")}</p>}
        <p className={s.note}>{t("name", { name: rule.id })}</p>
      </div>
    </Card>
  );
}

function Steering({ bucket, rule, name }: { bucket: string; rule: LifecycleRule; name: string }) {
  const { t } = useTranslation("lifecycle");
  const client = useQueryClient();
  const [editing, setEditing] = useState(false);
  const params = { path: { bucket }, query: { rule: rule.id } };
  const turn = useMutation({
    mutationFn: () =>
      body(api.PUT("/api/v1/buckets/{bucket}/lifecycle", { params, body: { ...rule, enabled: !rule.enabled } })),
    onSuccess: (now) => client.setQueryData(lifecycleQuery(bucket).queryKey, now),
    onError: toast.error,
  });
  return (
    <div className={s.buttons}>
      {editable(rule) && (
        <Button size="sm" icon={<Pencil size={15} />} onClick={() => setEditing(true)}>
          {t("change")}
        </Button>
      )}
      <Button
        size="sm"
        busy={turn.isPending}
        icon={rule.enabled ? <Pause size={15} /> : <Play size={15} />}
        onClick={() => turn.mutate()}
      >
        {rule.enabled ? t("turnOff") : t("turnOn")}
      </Button>
      <ConfirmButton
        label={t("remove")}
        icon={<Trash2 size={15} />}
        title={t("removeTitle")}
        body={t("removeBody", { name })}
        onConfirm={async () => {
          await api.DELETE("/api/v1/buckets/{bucket}/lifecycle", { params });
          await client.invalidateQueries({ queryKey: lifecycleQuery(bucket).queryKey });
          toast.ok(t("removed"));
        }}
      />
      {editing && <LifecycleDialog bucket={bucket} rule={rule} onClose={() => setEditing(false)} />}
    </div>
  );
}
