import { useTranslation } from "react-i18next";
import { api } from "@/api/client";
import type { ObjectVersion } from "@/api/types";
import { ConfirmDialog, toast } from "@/components";
import { changed } from "./changes";

type CancelCopyProps = {
  bucket: string;
  name: string;
  object: ObjectVersion;
  /** Whether this version is meant, and not whatever is the latest. */
  named?: boolean;
  onClose: () => void;
};

/** CancelCopyDialog asks before a copy is removed, or is not made any more, of what a tier keeps all the same. */
export function CancelCopyDialog({ bucket, name, object, named = false, onClose }: CancelCopyProps) {
  const { t } = useTranslation("browser");
  const there = object.restore?.until !== undefined;
  return (
    <ConfirmDialog
      open
      onOpenChange={(open) => !open && onClose()}
      title={t(there ? "tierCopy.removeTitle" : "tierCopy.stopTitle", { name })}
      body={t(there ? "tierCopy.removeBody" : "tierCopy.stopBody", { tier: object.tier })}
      confirm={t(there ? "tierCopy.remove" : "tierCopy.stop")}
      onConfirm={async () => {
        await api.DELETE("/api/v1/buckets/{bucket}/copy-from-tier", {
          params: { path: { bucket }, query: { key: object.key, version: named ? object.versionId || undefined : undefined } },
        });
        await changed(bucket);
        toast.ok(t(there ? "tierCopy.removed" : "tierCopy.stopped"));
      }}
    />
  );
}
