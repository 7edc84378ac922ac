import { useMutation, useQueryClient } from "@tanstack/react-query";
import { useState } from "react";
import { useTranslation } from "react-i18next";
import { api, body } from "@/api/client";
import { fieldText } from "@/api/errors";
import type { NewReplicationRule } from "@/api/types";
import {
  Button,
  Checkbox,
  Dialog,
  emptyTarget,
  Field,
  Input,
  isTargetComplete,
  TargetAnswer,
  TargetFields,
  targetRequest,
  toast,
} from "@/components";
import { replicationQuery } from "./queries";

const empty = { ...emptyTarget, prefix: "", existing: true, deletes: true };

type Form = typeof empty;

function requestOf(form: Form): NewReplicationRule {
  const { bucket, prefix, existing, deletes } = form;
  return { ...targetRequest(form), targetBucket: bucket, prefix: prefix || undefined, existing, deletes };
}

/** AddReplicationDialog asks for a target, tries it, and adds the rule. */
export function AddReplicationDialog({ bucket, onClose }: { bucket: string; onClose: () => void }) {
  const { t } = useTranslation("replication");
  const client = useQueryClient();
  const [form, setForm] = useState(empty);
  const path = { bucket };
  const test = useMutation({
    mutationFn: () =>
      api.POST("/api/v1/buckets/{bucket}/replication/test", { params: { path }, body: requestOf(form) }),
  });
  const add = useMutation({
    mutationFn: () => body(api.POST("/api/v1/buckets/{bucket}/replication", { params: { path }, body: requestOf(form) })),
    onSuccess: async () => {
      await client.invalidateQueries({ queryKey: replicationQuery(bucket).queryKey });
      toast.ok(t("added", { name: form.bucket }));
      onClose();
    },
  });
  const change = (part: Partial<Form>) => {
    setForm((old) => ({ ...old, ...part }));
    test.reset();
    add.reset();
  };
  const failed = add.error ?? test.error;
  return (
    <Dialog
      open
      onOpenChange={(open) => !open && onClose()}
      title={t("form.title")}
      description={t("form.hint")}
      onSubmit={() => add.mutate()}
      footer={
        <>
          <Button disabled={!isTargetComplete(form)} busy={test.isPending} onClick={() => test.mutate()}>
            {test.isPending ? t("target:testing") : t("target:test")}
          </Button>
          <Button onClick={onClose}>{t("common:cancel")}</Button>
          <Button type="submit" variant="primary" busy={add.isPending}>
            {t("add")}
          </Button>
        </>
      }
    >
      <TargetFields value={form} onChange={change} error={failed} bucketPath="targetBucket">
        <Field label={t("form.prefix")} optional hint={t("form.prefixHint")} error={fieldText(failed, "prefix")}>
          <Input
            mono
            value={form.prefix}
            onChange={(event) => change({ prefix: event.target.value })}
            autoComplete="off"
            spellCheck={false}
          />
        </Field>
        <Checkbox
          label={t("form.existing")}
          hint={t("form.existingHint")}
          checked={form.existing}
          onChange={(event) => change({ existing: event.target.checked })}
        />
        <Checkbox
          label={t("form.deletes")}
          hint={t("form.deletesHint")}
          checked={form.deletes}
          onChange={(event) => change({ deletes: event.target.checked })}
        />
      </TargetFields>
      <TargetAnswer works={test.isSuccess} error={failed} />
    </Dialog>
  );
}
