import { useMutation } from "@tanstack/react-query";
import { useState } from "react";
import { useTranslation } from "react-i18next";
import { api, body } from "@/api/client";
import { errorText } from "@/api/errors";
import { Alert, Button, Checkbox, CopyField, Dialog, Field, FutureTime, PasswordInput, Select } from "@/components";
import type { Entry } from "./keys";
import { changed } from "./changes";

const hour = 3600;
const lifetimes = [
  ["hour", hour],
  ["day", 24 * hour],
  ["week", 7 * 24 * hour],
  ["month", 30 * 24 * hour],
  ["forever", 0],
] as const;
/** S3 allows no longer signature than this. */
const longestSigned = 7 * 24 * hour;

type ShareProps = { bucket: string; entry: Entry; mayWrite: boolean; onClose: () => void };

/** ShareDialog makes a link to an object or a folder for people without an account. */
export function ShareDialog({ bucket, entry, mayWrite, onClose }: ShareProps) {
  const { t } = useTranslation("browser");
  const [kind, setKind] = useState<"page" | "signed">("page");
  const [seconds, setSeconds] = useState<number>(7 * 24 * hour);
  const [password, setPassword] = useState("");
  const [uploads, setUploads] = useState(false);
  const folder = entry.kind === "folder";
  const page = kind === "page";
  const share = useMutation({
    mutationFn: async (): Promise<{ url: string; expiresAt?: string }> => {
      const params = { path: { bucket } };
      if (!page) {
        return body(api.POST("/api/v1/buckets/{bucket}/share", { params, body: { key: entry.key, expiresSeconds: seconds } }));
      }
      const made = await body(
        api.POST("/api/v1/buckets/{bucket}/shares", {
          params,
          body: { key: entry.key, folder, uploads: folder && uploads, password: password || undefined, expiresSeconds: seconds },
        }),
      );
      await changed(bucket);
      return { url: location.origin + made.path, expiresAt: made.expiresAt };
    },
  });
  return (
    <Dialog
      open
      onOpenChange={(open) => !open && onClose()}
      title={t("share.title", { name: entry.name })}
      description={folder ? t("share.folderHint") : t("share.objectHint")}
      onSubmit={() => share.mutate()}
      footer={
        <>
          <Button onClick={onClose}>{share.isSuccess ? t("share.done") : t("common:cancel")}</Button>
          {!share.isSuccess && (
            <Button type="submit" variant="primary" busy={share.isPending}>
              {t("share.make")}
            </Button>
          )}
        </>
      }
    >
      {share.data ? (
        <>
          <CopyField label={t("share.link")} value={share.data.url} />
          <p>
            {share.data.expiresAt ? (
              <>
                {t("share.ends")} <FutureTime value={share.data.expiresAt} />
              </>
            ) : (
              t("share.never")
            )}
          </p>
          {page && <p>{t("share.shownOnce")}</p>}
        </>
      ) : (
        <>
          {!folder && (
            <Field label={t("share.kind")} hint={page ? undefined : t("share.signedHint")}>
              <Select
                value={kind}
                onChange={(event) => {
                  setKind(event.target.value as typeof kind);
                  setSeconds((now) => (now > 0 ? Math.min(now, longestSigned) : longestSigned));
                }}
              >
                <option value="page">{t("share.page")}</option>
                <option value="signed">{t("share.signed")}</option>
              </Select>
            </Field>
          )}
          <Field label={t("share.lifetime")}>
            <Select value={seconds} onChange={(event) => setSeconds(Number(event.target.value))}>
              {lifetimes
                .filter(([, length]) => page || (length > 0 && length <= longestSigned))
                .map(([name, length]) => (
                  <option key={name} value={length}>
                    {t(`share.${name}`)}
                  </option>
                ))}
            </Select>
          </Field>
          {page && (
            <Field label={t("share.password")} hint={t("share.passwordHint")}>
              <PasswordInput value={password} minLength={4} autoComplete="new-password" onChange={(event) => setPassword(event.target.value)} />
            </Field>
          )}
          {folder && mayWrite && (
            <Checkbox label={t("share.uploads")} hint={t("share.uploadsHint")} checked={uploads} onChange={(event) => setUploads(event.target.checked)} />
          )}
          <p>{t("share.worth")}</p>
        </>
      )}
      {share.isError && <Alert tone="danger">{errorText(share.error)}</Alert>}
    </Dialog>
  );
}
