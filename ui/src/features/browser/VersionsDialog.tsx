import { useInfiniteQuery, useMutation } from "@tanstack/react-query";
import { ArchiveRestore, Ban, Download, Eye, MoreHorizontal, RotateCcw, Trash2, Undo2 } from "lucide-react";
import { useState } from "react";
import { useTranslation } from "react-i18next";
import { api } from "@/api/client";
import type { ObjectVersion } from "@/api/types";
import {
  Badge,
  Button,
  Bytes,
  DataTable,
  Dialog,
  ErrorState,
  IconButton,
  Menu,
  MenuItem,
  MenuSeparator,
  toast,
} from "@/components";
import { formatExact } from "@/lib/format";
import s from "./Browser.module.css";
import { BringBackDialog } from "./BringBackDialog";
import { CancelCopyDialog } from "./CancelCopyDialog";
import { changed } from "./changes";
import { DeleteVersionDialog } from "./DeleteVersionDialog";
import { isLocked } from "@/features/buckets/locks";
import { Preview } from "./preview/Preview";
import { sourceOf } from "./preview/PreviewDialog";
import { objectAddress, versionsQuery } from "./queries";
import { copyBadge, copyText } from "./tierCopy";

type VersionsProps = {
  bucket: string;
  /** The object, with its name in its folder; nothing while the dialog is closed. */
  object?: { key: string; name: string };
  mayWrite: boolean;
  mayChange: boolean;
  onClose: () => void;
};

/** VersionsDialog shows what an object was, and brings it back or deletes it for ever. */
export function VersionsDialog({ object, onClose, ...rest }: VersionsProps) {
  const { t } = useTranslation("buckets");
  if (!object) return null;
  return (
    <Dialog
      open
      wide
      onOpenChange={(open) => !open && onClose()}
      title={t("versions.title", { name: object.name })}
      description={t("versions.description")}
    >
      <Versions object={object} {...rest} />
    </Dialog>
  );
}

type ListProps = Omit<VersionsProps, "object" | "onClose"> & { object: { key: string; name: string } };

function Versions({ bucket, object, mayWrite, mayChange }: ListProps) {
  const { t } = useTranslation("buckets");
  const versions = useInfiniteQuery(versionsQuery(bucket, object.key));
  const [deleting, setDeleting] = useState<ObjectVersion>();
  const [shown, setShown] = useState<ObjectVersion>();
  const [bringing, setBringing] = useState<ObjectVersion>();
  const [cancelling, setCancelling] = useState<ObjectVersion>();
  const look = () => changed(bucket);
  const restore = useMutation({
    mutationFn: (version: ObjectVersion) =>
      api.POST("/api/v1/buckets/{bucket}/restore", {
        params: { path: { bucket } },
        body: { key: version.key, version: version.versionId },
      }),
    onSuccess: async () => {
      await look();
      toast.ok(t("versions.restored"));
    },
    onError: toast.error,
  });
  const undelete = useMutation({
    mutationFn: (marker: ObjectVersion) =>
      api.DELETE("/api/v1/buckets/{bucket}/version", {
        params: { path: { bucket }, query: { key: marker.key, version: marker.versionId } },
      }),
    onSuccess: async () => {
      await look();
      toast.ok(t("versions.undeleted"));
    },
    onError: toast.error,
  });
  if (versions.isError && !versions.data) {
    return <ErrorState error={versions.error} onRetry={() => void versions.refetch()} bare />;
  }
  const rows = versions.data?.pages.flatMap((page) => page.items);
  if (rows?.length === 0) return <p>{t("versions.none")}</p>;
  return (
    <>
      <DataTable
        caption={t("versions.title", { name: object.name })}
        rows={rows}
        rowKey={(version) => version.versionId}
        columns={[
          {
            id: "when",
            header: t("versions.when"),
            kind: "primary",
            cell: (version) => (
              <span className={s.version}>
                <time dateTime={version.modifiedAt}>{formatExact(version.modifiedAt)}</time>
                <Marks version={version} />
                {version.restore?.failure && <small>{copyText(version)}</small>}
                <small>
                  <code>{version.versionId}</code>
                </small>
              </span>
            ),
          },
          {
            id: "size",
            header: t("size"),
            align: "right",
            muted: true,
            cell: (version) => (version.marker ? null : <Bytes value={version.size} />),
          },
          {
            id: "actions",
            header: t("common:actions"),
            kind: "actions",
            cell: (version) =>
              version.marker && !(mayWrite && version.latest) ? null : (
                <Menu
                  trigger={
                    <IconButton label={t("actionsOf", { name: version.versionId })} icon={<MoreHorizontal size={17} />} />
                  }
                >
                  {!version.marker && (
                    <MenuItem icon={<Eye size={15} />} onSelect={() => setShown(version)}>
                      {t("browser:action.open")}
                    </MenuItem>
                  )}
                  {!version.marker && (
                    <MenuItem asChild>
                      <a href={objectAddress(bucket, version.key, true, version.versionId)} download>
                        <Download size={15} aria-hidden />
                        {t("download")}
                      </a>
                    </MenuItem>
                  )}
                  {mayWrite && !version.marker && !version.latest && (
                    <MenuItem icon={<RotateCcw size={15} />} onSelect={() => restore.mutate(version)}>
                      {t("versions.restore")}
                    </MenuItem>
                  )}
                  {mayWrite && version.tier && !version.restore?.ongoing && (
                    <MenuItem icon={<ArchiveRestore size={15} />} onSelect={() => setBringing(version)}>
                      {version.restore?.until ? t("browser:tierCopy.extend") : t("browser:tierCopy.bring")}
                    </MenuItem>
                  )}
                  {mayWrite && (version.restore?.ongoing || version.restore?.until) && (
                    <MenuItem icon={<Ban size={15} />} onSelect={() => setCancelling(version)}>
                      {t(version.restore.ongoing ? "browser:tierCopy.stop" : "browser:tierCopy.remove")}
                    </MenuItem>
                  )}
                  {version.marker && (
                    <MenuItem icon={<Undo2 size={15} />} onSelect={() => undelete.mutate(version)}>
                      {t("versions.undelete")}
                    </MenuItem>
                  )}
                  {mayWrite && !version.marker && (
                    <>
                      <MenuSeparator />
                      <MenuItem danger icon={<Trash2 size={15} />} onSelect={() => setDeleting(version)}>
                        {t("versions.delete")}
                      </MenuItem>
                    </>
                  )}
                </Menu>
              ),
          },
        ]}
      />
      {versions.hasNextPage && (
        <p className={s.more}>
          <Button busy={versions.isFetchingNextPage} onClick={() => void versions.fetchNextPage()}>
            {t("common:loadMore")}
          </Button>
        </p>
      )}
      {shown && (
        <Dialog open wide onOpenChange={() => setShown(undefined)} title={object.name} description={formatExact(shown.modifiedAt)}>
          <Preview source={sourceOf(bucket, shown, object.name, shown.versionId)} />
        </Dialog>
      )}
      {bringing && (
        <BringBackDialog bucket={bucket} name={object.name} object={bringing} named onClose={() => setBringing(undefined)} />
      )}
      {cancelling && (
        <CancelCopyDialog bucket={bucket} name={object.name} object={cancelling} named onClose={() => setCancelling(undefined)} />
      )}
      <DeleteVersionDialog
        bucket={bucket}
        name={object.name}
        version={deleting}
        mayBypass={mayChange}
        onClose={() => setDeleting(undefined)}
      />
    </>
  );
}

/** Marks say what is special about a version. */
function Marks({ version }: { version: ObjectVersion }) {
  const { t } = useTranslation("buckets");
  return (
    <>
      {version.latest && <Badge tone="ok">{t("versions.latest")}</Badge>}
      {version.marker && <Badge tone="warn">{t("versions.marker")}</Badge>}
      {version.restore && (
        <Badge tone={version.restore.failure ? "warn" : "info"}>{copyBadge(version)}</Badge>
      )}
      {isLocked(version) && <Badge tone="info">{t("versions.locked")}</Badge>}
    </>
  );
}
