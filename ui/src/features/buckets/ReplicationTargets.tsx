import { useMutation, useQuery, useQueryClient } from "@tanstack/react-query";
import { Trash2 } from "lucide-react";
import { useTranslation } from "react-i18next";
import { api } from "@/api/client";
import type { ReplicationTarget } from "@/api/types";
import { Badge, Button, Card, CopyButton, toast } from "@/components";
import { replicationTargetsQuery } from "./queries";
import s from "./Replication.module.css";

/** ReplicationTargets says what rules that are set over S3 call the targets, and forgets those that none has. */
export function ReplicationTargets({ bucket }: { bucket: string }) {
  const { t } = useTranslation("replication");
  const targets = useQuery(replicationTargetsQuery(bucket));
  if (!targets.data || targets.data.length === 0) return null;
  return (
    <Card title={t("targets.title")} description={t("targets.description")}>
      <ul className={s.targets}>
        {targets.data.map((target) => (
          <Target key={target.id} bucket={bucket} target={target} />
        ))}
      </ul>
    </Card>
  );
}

function Target({ bucket, target }: { bucket: string; target: ReplicationTarget }) {
  const { t } = useTranslation("replication");
  const client = useQueryClient();
  const remove = useMutation({
    mutationFn: () =>
      api.DELETE("/api/v1/buckets/{bucket}/replication-targets/{id}", { params: { path: { bucket, id: target.id } } }),
    onSuccess: async () => {
      await client.invalidateQueries({ queryKey: replicationTargetsQuery(bucket).queryKey });
      toast.ok(t("targets.removed"));
    },
    onError: toast.error,
  });
  return (
    <li>
      <div className={s.target}>
        <code>{target.arn}</code>
        <small>{`${target.endpoint.replace(/\/$/, "")}/${target.targetBucket}`}</small>
      </div>
      <CopyButton value={target.arn} />
      {target.used ? (
        <Badge tone="ok">{t("targets.used")}</Badge>
      ) : (
        <Button
          size="sm"
          variant="dangerGhost"
          busy={remove.isPending}
          icon={<Trash2 size={15} />}
          onClick={() => remove.mutate()}
        >
          {t("remove")}
        </Button>
      )}
    </li>
  );
}
