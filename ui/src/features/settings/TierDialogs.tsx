import { useMutation, useQueryClient } from "@tanstack/react-query";
import { useState } from "react";
import { useTranslation } from "react-i18next";
import { api, body } from "@/api/client";
import { fieldText } from "@/api/errors";
import type { NewTier, Tier } from "@/api/types";
import {
  Button,
  Dialog,
  emptyTarget,
  Field,
  Input,
  isTargetComplete,
  TargetAnswer,
  TargetFields,
  TargetKeyFields,
  targetRequest,
  Textarea,
  toast,
} from "@/components";
import { tiersQuery } from "./queries";

const examples = { name: "COLD", prefix: "croft/" };

type Form = typeof emptyTarget & { name: string; prefix: string };

function requestOf(form: Form): NewTier {
  return { ...targetRequest(form), name: form.name, bucket: form.bucket, prefix: form.prefix || undefined };
}

/** AddTierDialog asks for a tier's bucket, tries it, and adds the tier. */
export function AddTierDialog({ name, onClose }: { name: string; onClose: () => void }) {
  const { t } = useTranslation("tiers");
  const client = useQueryClient();
  const [form, setForm] = useState<Form>({ ...emptyTarget, name, prefix: "" });
  const test = useMutation({ mutationFn: () => api.POST("/api/v1/tiers/test", { body: requestOf(form) }) });
  const add = useMutation({
    mutationFn: () => body(api.POST("/api/v1/tiers", { body: requestOf(form) })),
    onSuccess: async () => {
      await client.invalidateQueries({ queryKey: tiersQuery.queryKey });
      toast.ok(t("added", { name: form.name }));
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
      title={name ? t("form.againTitle", { name }) : t("form.title")}
      description={name ? t("form.againHint") : t("form.hint")}
      onSubmit={() => add.mutate()}
      footer={
        <>
          <Button disabled={!form.name || !isTargetComplete(form)} busy={test.isPending} onClick={() => test.mutate()}>
            {test.isPending ? t("target:testing") : t("target:test")}
          </Button>
          <Button onClick={onClose}>{t("common:cancel")}</Button>
          <Button type="submit" variant="primary" busy={add.isPending}>
            {t("add")}
          </Button>
        </>
      }
    >
      <Field label={t("form.name")} hint={t("form.nameHint")} error={fieldText(failed, "name")}>
        <Input
          mono
          required
          maxLength={32}
          placeholder={examples.name}
          readOnly={name !== ""}
          value={form.name}
          onChange={(event) => change({ name: event.target.value.toUpperCase() })}
          autoComplete="off"
          spellCheck={false}
        />
      </Field>
      <TargetFields value={form} onChange={change} error={failed}>
        <Field label={t("form.prefix")} optional hint={t("form.prefixHint")} error={fieldText(failed, "prefix")}>
          <Input
            mono
            placeholder={examples.prefix}
            value={form.prefix}
            onChange={(event) => change({ prefix: event.target.value })}
            autoComplete="off"
            spellCheck={false}
          />
        </Field>
      </TargetFields>
      <TargetAnswer works={test.isSuccess} error={failed} />
    </Dialog>
  );
}

/** TierKeysDialog asks for other keys at a tier and uses them once they work. */
export function TierKeysDialog({ tier, onClose }: { tier: Tier; onClose: () => void }) {
  const { t } = useTranslation("tiers");
  const client = useQueryClient();
  const [form, setForm] = useState({ accessKey: tier.accessKey, secretKey: "", authorities: "" });
  const change = useMutation({
    mutationFn: () => api.PATCH("/api/v1/tiers/{tier}", { params: { path: { tier: tier.name } }, body: { ...form, authorities: form.authorities || undefined } }),
    onSuccess: async () => {
      await client.invalidateQueries({ queryKey: tiersQuery.queryKey });
      toast.ok(t("changed", { name: tier.name }));
      onClose();
    },
  });
  return (
    <Dialog
      open
      onOpenChange={(open) => !open && onClose()}
      title={t("keysTitle", { name: tier.name })}
      description={t("keysHint")}
      onSubmit={() => change.mutate()}
      footer={
        <>
          <Button onClick={onClose}>{t("common:cancel")}</Button>
          <Button type="submit" variant="primary" busy={change.isPending}>
            {t("changeKeys")}
          </Button>
        </>
      }
    >
      <TargetKeyFields
        value={form}
        onChange={(part) => {
          setForm((old) => ({ ...old, ...part }));
          change.reset();
        }}
        error={change.error}
      />
      <Field label={t("target:authorities")} optional hint={t("authoritiesHint")} error={fieldText(change.error, "authorities")}>
        <Textarea
          mono
          rows={3}
          value={form.authorities}
          onChange={(event) => {
            setForm((old) => ({ ...old, authorities: event.target.value }));
            change.reset();
          }}
          autoComplete="off"
          spellCheck={false}
        />
      </Field>
      <TargetAnswer works={false} error={change.error} />
    </Dialog>
  );
}
