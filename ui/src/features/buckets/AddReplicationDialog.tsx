import { useMutation, useQueryClient } from "@tanstack/react-query";
import { useState } from "react";
import { useTranslation } from "react-i18next";
import { api, body } from "@/api/client";
import { errorText, fieldText } from "@/api/errors";
import type { NewReplicationRule } from "@/api/types";
import { Alert, Button, Checkbox, Dialog, Field, Input, PasswordInput, Select, Textarea, toast } from "@/components";
import { replicationQuery } from "./queries";
import s from "./Replication.module.css";

const empty = {
  endpoint: "",
  targetBucket: "",
  accessKey: "",
  secretKey: "",
  prefix: "",
  region: "",
  style: "",
  authorities: "",
  existing: true,
  deletes: true,
};

const examples = { endpoint: "s3.example.com:9000", region: "us-east-1" };

type Form = typeof empty;
type Texts = { [K in keyof Form]: Form[K] extends string ? K : never }[keyof Form];

function requestOf(form: Form): NewReplicationRule {
  return {
    ...form,
    prefix: form.prefix || undefined,
    region: form.region || undefined,
    style: (form.style || undefined) as NewReplicationRule["style"],
    authorities: form.authorities || undefined,
  };
}

/** show scrolls to what the form ends with: the answer to a button below it. */
const show = (answer: HTMLElement | null) => answer?.scrollIntoView({ block: "nearest" });

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
      toast.ok(t("added", { name: form.targetBucket }));
      onClose();
    },
  });
  const change = (part: Partial<Form>) => {
    setForm((old) => ({ ...old, ...part }));
    test.reset();
    add.reset();
  };
  const text = (key: Texts) => ({
    value: form[key],
    onChange: (event: { target: { value: string } }) => change({ [key]: event.target.value }),
    autoComplete: "off",
    spellCheck: false,
  });
  const failed = add.error ?? test.error;
  const error = (key: Texts) => fieldText(failed, key);
  const complete = form.endpoint && form.targetBucket && form.accessKey && form.secretKey;
  return (
    <Dialog
      open
      onOpenChange={(open) => !open && onClose()}
      title={t("form.title")}
      description={t("form.hint")}
      onSubmit={() => add.mutate()}
      footer={
        <>
          <Button disabled={!complete} busy={test.isPending} onClick={() => test.mutate()}>
            {test.isPending ? t("form.testing") : t("form.test")}
          </Button>
          <Button onClick={onClose}>{t("common:cancel")}</Button>
          <Button type="submit" variant="primary" busy={add.isPending}>
            {t("add")}
          </Button>
        </>
      }
    >
      <Field label={t("form.endpoint")} hint={t("form.endpointHint")} error={error("endpoint")}>
        <Input mono required placeholder={examples.endpoint} {...text("endpoint")} />
      </Field>
      <Field label={t("form.bucket")} error={error("targetBucket")}>
        <Input mono required {...text("targetBucket")} />
      </Field>
      <Field label={t("form.accessKey")} error={error("accessKey")}>
        <Input mono required {...text("accessKey")} />
      </Field>
      <Field label={t("form.secretKey")} error={error("secretKey")}>
        <PasswordInput required {...text("secretKey")} autoComplete="new-password" />
      </Field>
      <Field label={t("form.prefix")} optional hint={t("form.prefixHint")} error={error("prefix")}>
        <Input mono {...text("prefix")} />
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
      <details className={s.more}>
        <summary>{t("form.more")}</summary>
        <div className={s.moreFields}>
          <Field label={t("form.region")} optional error={error("region")}>
            <Input mono placeholder={examples.region} {...text("region")} />
          </Field>
          <Field label={t("form.style")}>
            <Select value={form.style} onChange={(event) => change({ style: event.target.value })}>
              <option value="">{t("form.styleAuto")}</option>
              <option value="path">{t("form.stylePath")}</option>
              <option value="virtual">{t("form.styleVirtual")}</option>
            </Select>
          </Field>
          <Field label={t("form.authorities")} optional hint={t("form.authoritiesHint")} error={error("authorities")}>
            <Textarea mono rows={4} {...text("authorities")} />
          </Field>
        </div>
      </details>
      {(test.isSuccess || failed) && (
        <div ref={show}>
          {failed ? <Alert tone="danger">{errorText(failed)}</Alert> : <Alert tone="ok">{t("form.works")}</Alert>}
        </div>
      )}
    </Dialog>
  );
}
