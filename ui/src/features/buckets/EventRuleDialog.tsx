import { useMutation, useQuery, useQueryClient } from "@tanstack/react-query";
import { useState } from "react";
import { useTranslation } from "react-i18next";
import { api, body } from "@/api/client";
import { errorText } from "@/api/errors";
import type { EventRule } from "@/api/types";
import { Alert, Button, Checkbox, Dialog, Field, Input, Select, toast } from "@/components";
import { useTargetName } from "./EventRuleCard";
import { eventGroups, targetOf, toggled, withBranch } from "./events";
import s from "./Inventory.module.css";
import { eventsQuery } from "./queries";

const empty: EventRule = { id: "", target: "", events: ["s3:ObjectCreated:*"], prefix: "", suffix: "" };
const examples = { prefix: "incoming/", suffix: ".jpg" };

type Props = { bucket: string; rule?: EventRule; onClose: () => void };

/** EventRuleDialog asks what is told of which objects, and to whom. */
export function EventRuleDialog({ bucket, rule, onClose }: Props) {
  const { t } = useTranslation("events");
  const nameOf = useTargetName();
  const client = useQueryClient();
  const offered = useQuery(eventsQuery(bucket)).data?.offered ?? [];
  const [form, setForm] = useState(rule ?? empty);
  const save = useMutation({
    mutationFn: () =>
      body(
        rule
          ? api.PUT("/api/v1/buckets/{bucket}/events", { params: { path: { bucket }, query: { rule: rule.id } }, body: form })
          : api.POST("/api/v1/buckets/{bucket}/events", { params: { path: { bucket } }, body: form }),
      ),
    onSuccess: (now) => {
      client.setQueryData(eventsQuery(bucket).queryKey, now);
      toast.ok(t("saved"));
      onClose();
    },
  });
  const change = (part: Partial<EventRule>) => {
    setForm((old) => ({ ...old, ...part }));
    save.reset();
  };
  const target = targetOf(form.target);
  const bare = target.kind === "pipeline" ? withBranch(form.target, "") : form.target;
  const known = offered.map((offer) => offer.target);
  const choices = bare && !known.includes(bare) ? [...known, bare] : known;
  const others = (form.events ?? []).filter((event) => !eventGroups.some((group) => group === event));
  return (
    <Dialog
      open
      onOpenChange={(open) => !open && onClose()}
      title={t(rule ? "form.change" : "form.title")}
      description={t("form.hint")}
      onSubmit={() => save.mutate()}
      footer={
        <>
          <Button onClick={onClose}>{t("common:cancel")}</Button>
          <Button type="submit" variant="primary" busy={save.isPending} disabled={!form.target || !form.events?.length}>
            {t("form.save")}
          </Button>
        </>
      }
    >
      <Field label={t("form.target")} hint={choices.length === 0 ? t("form.noTargets") : t("form.targetHint")}>
        <Select value={bare} onChange={(event) => change({ target: event.target.value })}>
          <option value="" disabled>
            {t("form.choose")}
          </option>
          {choices.map((arn) => (
            <option key={arn} value={arn}>
              {nameOf(arn)}
            </option>
          ))}
        </Select>
      </Field>
      {form.target && target.kind === "pipeline" && (
        <Field label={t("form.branch")} optional hint={t("form.branchHint")}>
          <Input
            mono
            value={target.branch}
            onChange={(event) => change({ target: withBranch(form.target, event.target.value.trim()) })}
            autoComplete="off"
            spellCheck={false}
          />
        </Field>
      )}
      <fieldset className={s.fields}>
        <legend>{t("form.events")}</legend>
        {[...eventGroups, ...others].map((event) => (
          <Checkbox
            key={event}
            label={t(`event.${event.replaceAll(":", "_")}`, { defaultValue: event })}
            checked={form.events?.includes(event) ?? false}
            onChange={({ target: box }) => change({ events: toggled(form.events, event, box.checked) })}
          />
        ))}
      </fieldset>
      <div className={s.pair}>
        <Field label={t("form.prefix")} optional>
          <Input
            mono
            placeholder={examples.prefix}
            value={form.prefix}
            onChange={(event) => change({ prefix: event.target.value })}
            autoComplete="off"
            spellCheck={false}
          />
        </Field>
        <Field label={t("form.suffix")} optional>
          <Input
            mono
            placeholder={examples.suffix}
            value={form.suffix}
            onChange={(event) => change({ suffix: event.target.value })}
            autoComplete="off"
            spellCheck={false}
          />
        </Field>
      </div>
      {save.error && <Alert tone="danger">{errorText(save.error)}</Alert>}
    </Dialog>
  );
}
