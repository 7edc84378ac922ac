import { useMutation, useQuery, useQueryClient } from "@tanstack/react-query";
import { useState } from "react";
import { useTranslation } from "react-i18next";
import { api, body } from "@/api/client";
import { errorText } from "@/api/errors";
import type { LifecycleRule } from "@/api/types";
import { Alert, Button, Checkbox, Dialog, Field, Input, Select, toast } from "@/components";
import { acts, emptyForm, formOf, ruleOf, sentences, type LifecycleForm } from "./lifecycle";
import { lifecycleQuery, tierNamesQuery } from "./queries";

type DialogProps = { bucket: string; rule?: LifecycleRule; onClose: () => void };
type Counts = "expireDays" | "noncurrentDays" | "noncurrentKeep" | "abortDays" | "tierDays";

const examples = { prefix: "logs/" };

/** LifecycleDialog makes a rule of the usual sort, or changes one. It shows in words what the rule will do. */
export function LifecycleDialog({ bucket, rule, onClose }: DialogProps) {
  const { t } = useTranslation("lifecycle");
  const client = useQueryClient();
  const [form, setForm] = useState<LifecycleForm>(() => (rule ? formOf(rule) : emptyForm));
  const tiers = useQuery(tierNamesQuery).data ?? [];
  const wanted = ruleOf(form, rule?.id ?? "", rule?.enabled ?? true);
  const save = useMutation({
    mutationFn: () =>
      rule
        ? body(
            api.PUT("/api/v1/buckets/{bucket}/lifecycle", {
              params: { path: { bucket }, query: { rule: rule.id } },
              body: wanted,
            }),
          )
        : body(api.POST("/api/v1/buckets/{bucket}/lifecycle", { params: { path: { bucket } }, body: wanted })),
    onSuccess: (now) => {
      client.setQueryData(lifecycleQuery(bucket).queryKey, now);
      toast.ok(rule ? t("common:saved") : t("added"));
      onClose();
    },
  });
  const change = (part: Partial<LifecycleForm>) => {
    setForm((old) => ({ ...old, ...part }));
    save.reset();
  };
  const count = (key: Counts, max: number, min = 1) => (
    <Input
      type="number"
      inputMode="numeric"
      min={min}
      max={max}
      step={1}
      value={form[key]}
      onChange={(event) => change({ [key]: event.target.value })}
    />
  );
  const names = form.tier && !tiers.includes(form.tier) ? [form.tier, ...tiers] : tiers;
  return (
    <Dialog
      open
      onOpenChange={(open) => !open && onClose()}
      title={rule ? t("form.changeTitle") : t("form.title")}
      description={t("form.hint")}
      onSubmit={() => save.mutate()}
      footer={
        <>
          <Button onClick={onClose}>{t("common:cancel")}</Button>
          <Button type="submit" variant="primary" busy={save.isPending} disabled={!acts(wanted)}>
            {rule ? t("common:save") : t("add")}
          </Button>
        </>
      }
    >
      <Field label={t("form.prefix")} optional hint={t("form.prefixHint")}>
        <Input
          mono
          autoComplete="off"
          spellCheck={false}
          placeholder={examples.prefix}
          value={form.prefix}
          onChange={(event) => change({ prefix: event.target.value })}
        />
      </Field>
      <Field label={t("form.expireDays")} optional hint={t("form.expireDaysHint")}>
        {count("expireDays", 36_500)}
      </Field>
      <Field label={t("form.noncurrentDays")} optional hint={t("form.noncurrentDaysHint")}>
        {count("noncurrentDays", 36_500)}
      </Field>
      <Field label={t("form.noncurrentKeep")} optional hint={t("form.noncurrentKeepHint")}>
        {count("noncurrentKeep", 100)}
      </Field>
      <Field label={t("form.abortDays")} optional hint={t("form.abortDaysHint")}>
        {count("abortDays", 36_500)}
      </Field>
      {names.length > 0 && (
        <>
          <Field label={t("form.tier")} hint={t("form.tierHint")}>
            <Select value={form.tier} onChange={(event) => change({ tier: event.target.value })}>
              <option value="">{t("form.tierNone")}</option>
              {names.map((name) => (
                <option key={name}>{name}</option>
              ))}
            </Select>
          </Field>
          {form.tier && <Field label={t("form.tierDays")}>{count("tierDays", 36_500, 0)}</Field>}
        </>
      )}
      {!form.expireDays && (
        <Checkbox
          label={t("form.markers")}
          hint={t("form.markersHint")}
          checked={form.expireMarkers}
          onChange={(event) => change({ expireMarkers: event.target.checked })}
        />
      )}
      {acts(wanted) && (
        <Alert>
          {sentences(wanted, t).map((sentence) => (
            <div key={sentence}>{sentence}</div>
          ))}
        </Alert>
      )}
      {save.isError && <Alert tone="danger">{errorText(save.error)}</Alert>}
    </Dialog>
  );
}
