import { useMutation, useQuery, useQueryClient } from "@tanstack/react-query";
import { useState } from "react";
import { useTranslation } from "react-i18next";
import { api, body } from "@/api/client";
import { errorText } from "@/api/errors";
import type { InventoryConfiguration } from "@/api/types";
import { Alert, Button, Checkbox, Dialog, Field, Input, Select, toast } from "@/components";
import s from "./Inventory.module.css";
import { inventoryQuery } from "./queries";

const empty: InventoryConfiguration = {
  id: "daily",
  enabled: true,
  weekly: false,
  all: false,
  filter: "",
  bucket: "",
  prefix: "inventory",
  format: "CSV",
  fields: ["Size", "LastModifiedDate", "ETag", "StorageClass"],
};

/** freshId is a name that no other report has. */
function freshId(others: { id: string }[]): string {
  for (let n = 1; ; n++) {
    const id = n === 1 ? empty.id : `${empty.id}-${n}`;
    if (!others.some((other) => other.id === id)) return id;
  }
}

type DialogProps = { bucket: string; report?: InventoryConfiguration; onClose: () => void };

/** InventoryDialog asks what is to be listed, how often and where to. */
export function InventoryDialog({ bucket, report, onClose }: DialogProps) {
  const { t } = useTranslation("inventory");
  const client = useQueryClient();
  const known = useQuery(inventoryQuery(bucket)).data;
  const [form, setForm] = useState(() => report ?? { ...empty, id: freshId(known?.reports ?? []) });
  const change = (part: Partial<InventoryConfiguration>) => setForm((old) => ({ ...old, ...part }));
  const save = useMutation({
    mutationFn: () =>
      body(api.PUT("/api/v1/buckets/{bucket}/inventory", { params: { path: { bucket } }, body: form })),
    onSuccess: (now) => {
      client.setQueryData(inventoryQuery(bucket).queryKey, now);
      toast.ok(t("saved"));
      onClose();
    },
  });
  const taken = !report && (known?.reports.some((other) => other.id === form.id) ?? false);
  return (
    <Dialog
      open
      onOpenChange={(open) => !open && onClose()}
      title={t(report ? "form.change" : "form.title")}
      description={t("form.hint")}
      onSubmit={() => save.mutate()}
      footer={
        <>
          <Button onClick={onClose}>{t("common:cancel")}</Button>
          <Button type="submit" variant="primary" busy={save.isPending} disabled={!form.id || !form.bucket || taken}>
            {t("form.save")}
          </Button>
        </>
      }
    >
      <Field label={t("form.id")} error={taken ? t("form.taken") : undefined}>
        <Input
          mono
          value={form.id}
          disabled={report !== undefined}
          maxLength={64}
          onChange={(event) => change({ id: event.target.value.trim() })}
        />
      </Field>
      <Field label={t("form.bucket")} hint={t("form.bucketHint")}>
        <Input mono value={form.bucket} onChange={(event) => change({ bucket: event.target.value.trim() })} autoComplete="off" spellCheck={false} />
      </Field>
      <Field label={t("form.prefix")} optional hint={t("form.prefixHint")}>
        <Input mono value={form.prefix} onChange={(event) => change({ prefix: event.target.value })} autoComplete="off" spellCheck={false} />
      </Field>
      <div className={s.pair}>
        <Field label={t("form.often")}>
          <Select value={form.weekly ? "weekly" : "daily"} onChange={(event) => change({ weekly: event.target.value === "weekly" })}>
            <option value="daily">{t("daily")}</option>
            <option value="weekly">{t("weekly")}</option>
          </Select>
        </Field>
        <Field label={t("form.format")}>
          <Select
            value={form.format}
            onChange={(event) => change({ format: event.target.value === "Parquet" ? "Parquet" : "CSV" })}
          >
            <option value="CSV">{t("form.csv")}</option>
            <option value="Parquet">{t("form.parquet")}</option>
          </Select>
        </Field>
      </div>
      <Field label={t("form.filter")} optional hint={t("form.filterHint")}>
        <Input mono value={form.filter} onChange={(event) => change({ filter: event.target.value })} autoComplete="off" spellCheck={false} />
      </Field>
      <Checkbox
        label={t("form.all")}
        hint={t("form.allHint")}
        checked={form.all}
        onChange={(event) => change({ all: event.target.checked })}
      />
      <fieldset className={s.fields}>
        <legend>{t("form.fields")}</legend>
        {known?.fields.map((field) => (
          <Checkbox
            key={field}
            label={<code>{field}</code>}
            checked={form.fields?.includes(field) ?? false}
            onChange={(event) =>
              change({
                fields: event.target.checked
                  ? [...(form.fields ?? []), field]
                  : (form.fields ?? []).filter((other) => other !== field),
              })
            }
          />
        ))}
      </fieldset>
      {save.error && <Alert tone="danger">{errorText(save.error)}</Alert>}
    </Dialog>
  );
}
