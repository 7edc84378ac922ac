import { useMutation, useQuery } from "@tanstack/react-query";
import { useState } from "react";
import { useTranslation } from "react-i18next";
import { api } from "@/api/client";
import { errorText } from "@/api/errors";
import type { ObjectVersion } from "@/api/types";
import { Alert, Button, Checkbox, Dialog, Field, Input, Select, toast } from "@/components";
import { localTime, retained, untilOf } from "@/features/buckets/locks";
import { bucketQuery } from "@/features/buckets/queries";
import { changed } from "./changes";
import { PairsEditor, pairsOf, valuesOf } from "./PairsEditor";

type PropertiesProps = { bucket: string; object: ObjectVersion; mayChange: boolean; onClose: () => void };

const same = (a: Record<string, string>, b: Record<string, string>) => JSON.stringify(pairsOf(a)) === JSON.stringify(pairsOf(b));

/** PropertiesDialog edits what is kept beside an object's bytes. */
export function PropertiesDialog({ bucket, object, mayChange, onClose }: PropertiesProps) {
  const { t } = useTranslation("browser");
  const settings = useQuery(bucketQuery(bucket)).data?.settings;
  const [headers, setHeaders] = useState({
    contentType: object.contentType,
    cacheControl: object.headers["Cache-Control"] ?? "",
    contentDisposition: object.headers["Content-Disposition"] ?? "",
    contentEncoding: object.headers["Content-Encoding"] ?? "",
    contentLanguage: object.headers["Content-Language"] ?? "",
  });
  const [first] = useState(headers);
  const [metadata, setMetadata] = useState(pairsOf(object.metadata));
  const [tags, setTags] = useState(pairsOf(object.tags));
  const [mode, setMode] = useState(object.lock.mode);
  const [until, setUntil] = useState(object.lock.until ? localTime(object.lock.until) : "");
  const [hold, setHold] = useState(object.lock.hold);
  const [bypass, setBypass] = useState(false);
  const locks = settings?.objectLock ?? false;
  const untilNow = object.lock.until ? localTime(object.lock.until) : "";
  const lockChanged = mode !== object.lock.mode || hold !== object.lock.hold || (mode !== "none" && until !== untilNow);
  const save = useMutation({
    mutationFn: async () => {
      const query = { key: object.key };
      const tagged = valuesOf(tags);
      const named = valuesOf(metadata);
      if (JSON.stringify(headers) !== JSON.stringify(first) || !same(named, object.metadata)) {
        await api.PUT("/api/v1/buckets/{bucket}/metadata", {
          params: { path: { bucket }, query },
          body: { etag: object.etag, ...headers, metadata: named },
        });
      }
      if (!same(tagged, object.tags) || lockChanged) {
        await api.PATCH("/api/v1/buckets/{bucket}/version", {
          params: { path: { bucket }, query },
          body: {
            ...(same(tagged, object.tags) ? {} : { tags: tagged }),
            ...(lockChanged
              ? { lock: { mode, hold, ...(mode === "none" ? {} : { until: untilOf(until, object.lock.until) }) }, bypass }
              : {}),
          },
        });
      }
    },
    onSuccess: async () => {
      toast.ok(t("facts.saved"));
      await changed(bucket);
      onClose();
    },
  });
  const field = (name: keyof typeof headers, label: string) => (
    <Field label={label}>
      <Input value={headers[name]} mono spellCheck={false} onChange={(event) => setHeaders({ ...headers, [name]: event.target.value })} />
    </Field>
  );
  return (
    <Dialog
      open
      wide
      onOpenChange={(open) => !open && onClose()}
      title={t("facts.edit", { name: object.key })}
      description={settings?.versioning === "enabled" ? t("facts.newVersion") : undefined}
      onSubmit={() => save.mutate()}
      footer={
        <>
          <Button onClick={onClose}>{t("common:cancel")}</Button>
          <Button type="submit" variant="primary" busy={save.isPending}>
            {t("common:save")}
          </Button>
        </>
      }
    >
      {field("contentType", t("facts.contentType"))}
      {field("cacheControl", t("facts.cacheControl"))}
      {field("contentDisposition", t("facts.contentDisposition"))}
      {field("contentEncoding", t("facts.contentEncoding"))}
      {field("contentLanguage", t("facts.contentLanguage"))}
      <PairsEditor label={t("facts.metadata")} pairs={metadata} onChange={setMetadata} />
      <PairsEditor label={t("facts.tags")} pairs={tags} onChange={setTags} />
      {locks && (
        <>
          <Field label={t("facts.retention")}>
            <Select value={mode} onChange={(event) => setMode(event.target.value as typeof mode)}>
              <option value="none">{t("buckets:lock.none")}</option>
              <option value="governance">{t("buckets:lock.governance")}</option>
              <option value="compliance">{t("buckets:lock.compliance")}</option>
            </Select>
          </Field>
          {mode !== "none" && (
            <Field label={t("facts.keepUntil")} hint={mode === "compliance" ? t("facts.complianceHint") : undefined}>
              <Input type="datetime-local" required value={until} onChange={(event) => setUntil(event.target.value)} />
            </Field>
          )}
          <Checkbox label={t("facts.hold")} hint={t("facts.holdHint")} checked={hold} onChange={(event) => setHold(event.target.checked)} />
          {object.lock.mode === "governance" && retained(object.lock) && mayChange && lockChanged && (
            <Checkbox label={t("facts.bypass")} checked={bypass} onChange={(event) => setBypass(event.target.checked)} />
          )}
        </>
      )}
      {save.isError && <Alert tone="danger">{errorText(save.error)}</Alert>}
    </Dialog>
  );
}
