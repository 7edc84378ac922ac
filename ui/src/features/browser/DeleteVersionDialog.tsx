import { useState } from "react";
import { useTranslation } from "react-i18next";
import { api } from "@/api/client";
import type { ObjectVersion } from "@/api/types";
import { Alert, Checkbox, ConfirmDialog, toast } from "@/components";
import { formatExact } from "@/lib/format";
import s from "./Browser.module.css";
import { changed } from "./changes";
import { bypassable, isLocked } from "@/features/buckets/locks";

type DeleteVersionProps = {
  bucket: string;
  name: string;
  version?: ObjectVersion;
  /** Whether the person may delete what governance keeps. */
  mayBypass: boolean;
  onClose: () => void;
};

/** DeleteVersionDialog asks before a version is deleted for ever. */
export function DeleteVersionDialog({ bucket, name, version, mayBypass, onClose }: DeleteVersionProps) {
  const { t } = useTranslation("buckets");
  const [bypass, setBypass] = useState(false);
  const close = () => {
    setBypass(false);
    onClose();
  };
  const until = version?.lock.until;
  return (
    <ConfirmDialog
      open={version !== undefined}
      onOpenChange={(open) => !open && close()}
      title={t("versions.deleteTitle", { name })}
      body={
        <div className={s.lines}>
          {version && <p>{t("versions.deleteBody", { when: formatExact(version.modifiedAt) })}</p>}
          {version && isLocked(version) && (
            <Alert tone="warn">
              {version.lock.hold
                ? t("versions.held")
                : t(`versions.kept.${version.lock.mode}`, { until: until ? formatExact(until) : "" })}
            </Alert>
          )}
          {version && bypassable(version) && mayBypass && (
            <Checkbox
              label={t("versions.bypass")}
              checked={bypass}
              onChange={(event) => setBypass(event.target.checked)}
            />
          )}
        </div>
      }
      confirm={t("versions.delete")}
      typeToConfirm={name}
      onConfirm={async () => {
        if (!version) return;
        await api.DELETE("/api/v1/buckets/{bucket}/version", {
          params: {
            path: { bucket },
            query: { key: version.key, version: version.versionId, bypass: bypass || undefined },
          },
        });
        await changed(bucket);
        toast.ok(t("versions.deleted"));
      }}
    />
  );
}
