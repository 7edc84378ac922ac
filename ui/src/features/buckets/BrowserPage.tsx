import { useInfiniteQuery } from "@tanstack/react-query";
import { getRouteApi, Link } from "@tanstack/react-router";
import { Archive, FolderPlus, FolderUp, History, Settings, Trash2, Upload as UploadIcon } from "lucide-react";
import { useRef, useState, type ChangeEvent, type DragEvent } from "react";
import { useTranslation } from "react-i18next";
import { Alert, Button, ButtonLink, EmptyState, ErrorState, PageHeader, toast } from "@/components";
import { cx } from "@/lib/cx";
import s from "./Browser.module.css";
import { DeletedList } from "./DeletedList";
import { DeleteObjectsDialog } from "./DeleteObjectsDialog";
import { filesOf } from "./dropped";
import { EntryList } from "./EntryList";
import { crumbsOf, entriesOf, type Entry } from "./keys";
import { NewFolderDialog } from "./NewFolderDialog";
import { PreviewDialog } from "./PreviewDialog";
import { folderQuery } from "./queries";
import { ShareDialog } from "./ShareDialog";
import { upload } from "./uploads";
import { UploadPanel } from "./UploadPanel";
import { useBucketRole } from "./useBucketRole";
import { VersionsDialog } from "./VersionsDialog";

const route = getRouteApi("/app/buckets/$bucket");

export function BrowserPage() {
  const { bucket } = route.useParams();
  const { prefix = "", deleted = false } = route.useSearch();
  // Another folder starts without the selection of this one.
  return <Folder key={`${bucket}/${prefix}`} bucket={bucket} prefix={prefix} deleted={deleted} />;
}

function Folder({ bucket, prefix, deleted }: { bucket: string; prefix: string; deleted: boolean }) {
  const { t } = useTranslation("buckets");
  const folder = useInfiniteQuery(folderQuery(bucket, prefix));
  const { mayWrite, mayChange, versioned } = useBucketRole(bucket);
  const [selected, setSelected] = useState<ReadonlySet<string>>(new Set());
  const [deleting, setDeleting] = useState<Entry[]>([]);
  const [sharing, setSharing] = useState<Entry>();
  const [previewing, setPreviewing] = useState<Entry>();
  const [past, setPast] = useState<{ key: string; name: string }>();
  const [makingFolder, setMakingFolder] = useState(false);
  const [dragging, setDragging] = useState(false);
  const fileInput = useRef<HTMLInputElement>(null);
  const folderInput = useRef<HTMLInputElement>(null);
  const entries = folder.data && entriesOf(folder.data.pages, prefix);
  const chosen = entries?.filter((entry) => selected.has(entry.key)) ?? [];

  const onPick = (event: ChangeEvent<HTMLInputElement>) => {
    const files = Array.from(event.target.files ?? []);
    upload(bucket, files.map((file) => ({ key: prefix + (file.webkitRelativePath || file.name), file })));
    event.target.value = "";
  };
  const onDrop = (event: DragEvent) => {
    event.preventDefault();
    setDragging(false);
    if (!mayWrite) return;
    filesOf(event.dataTransfer.items)
      .then((files) => upload(bucket, files.map(({ path, file }) => ({ key: prefix + path, file }))))
      .catch(toast.error);
  };
  const uploadButton = mayWrite && (
    <Button variant="primary" icon={<UploadIcon size={16} />} onClick={() => fileInput.current?.click()}>
      {t("upload.files")}
    </Button>
  );
  return (
    <div
      className={cx(s.page, dragging && s.dragging)}
      data-drop={t("upload.drop")}
      onDragOver={(event) => {
        event.preventDefault();
        setDragging(mayWrite);
      }}
      onDragLeave={(event) => {
        if (!event.currentTarget.contains(event.relatedTarget as Node | null)) setDragging(false);
      }}
      onDrop={onDrop}
    >
      <PageHeader
        title={prefix ? (crumbsOf(prefix).at(-1)?.name ?? prefix) : bucket}
        breadcrumbs={[
          <Link key="buckets" to="/buckets">
            {t("title")}
          </Link>,
          ...(prefix
            ? [
                <Link key="root" to="/buckets/$bucket" params={{ bucket }} search={{}}>
                  {bucket}
                </Link>,
              ]
            : []),
          ...crumbsOf(prefix)
            .slice(0, -1)
            .map((crumb) => (
              <Link key={crumb.prefix} to="/buckets/$bucket" params={{ bucket }} search={{ prefix: crumb.prefix }}>
                {crumb.name}
              </Link>
            )),
        ]}
        actions={
          <>
            {versioned && (
              <ButtonLink
                to="/buckets/$bucket"
                params={{ bucket }}
                search={{ ...(prefix ? { prefix } : {}), ...(deleted ? {} : { deleted: true as const }) }}
                icon={deleted ? <Archive size={16} /> : <History size={16} />}
              >
                {deleted ? t("deleted.hide") : t("deleted.show")}
              </ButtonLink>
            )}
            <ButtonLink to="/buckets/$bucket/settings" params={{ bucket }} icon={<Settings size={16} />}>
              {t("settings.open")}
            </ButtonLink>
            {mayWrite && !deleted && (
              <>
                <Button icon={<FolderPlus size={16} />} onClick={() => setMakingFolder(true)}>
                  {t("folder.new")}
                </Button>
                <Button icon={<FolderUp size={16} />} onClick={() => folderInput.current?.click()}>
                  {t("upload.folder")}
                </Button>
                {uploadButton}
              </>
            )}
          </>
        }
      />
      <input ref={fileInput} type="file" multiple hidden onChange={onPick} data-testid="file-input" />
      <input ref={folderInput} type="file" multiple hidden onChange={onPick} {...{ webkitdirectory: "" }} />
      {deleted && <Alert className={s.deletedNote}>{t("deleted.note")}</Alert>}
      {chosen.length > 0 && !deleted && (
        <div className={s.selection} role="status">
          <span>{t("selected", { count: chosen.length })}</span>
          <Button size="sm" onClick={() => setSelected(new Set())}>
            {t("unselect")}
          </Button>
          <Button size="sm" variant="danger" icon={<Trash2 size={15} />} onClick={() => setDeleting(chosen)}>
            {t("common:delete")}
          </Button>
        </div>
      )}
      {deleted ? (
        <DeletedList bucket={bucket} prefix={prefix} onVersions={setPast} />
      ) : folder.isError && !folder.data ? (
        <ErrorState error={folder.error} onRetry={() => void folder.refetch()} />
      ) : entries?.length === 0 ? (
        <EmptyState icon={<UploadIcon size={22} />} title={prefix ? t("folder.empty") : t("empty")} action={uploadButton}>
          <p>{mayWrite ? t("emptyHint") : t("emptyViewer")}</p>
        </EmptyState>
      ) : (
        <EntryList
          bucket={bucket}
          entries={entries}
          mayWrite={mayWrite}
          selected={selected}
          onSelect={setSelected}
          onPreview={setPreviewing}
          onShare={setSharing}
          onVersions={versioned ? setPast : undefined}
          onDelete={(entry) => setDeleting([entry])}
        />
      )}
      {folder.hasNextPage && !deleted && (
        <p className={s.more}>
          <Button busy={folder.isFetchingNextPage} onClick={() => void folder.fetchNextPage()}>
            {t("common:loadMore")}
          </Button>
        </p>
      )}
      <NewFolderDialog bucket={bucket} prefix={prefix} open={makingFolder} onOpenChange={setMakingFolder} />
      <ShareDialog bucket={bucket} entry={sharing} onClose={() => setSharing(undefined)} />
      <PreviewDialog bucket={bucket} entry={previewing} onClose={() => setPreviewing(undefined)} />
      <DeleteObjectsDialog
        bucket={bucket}
        entries={deleting}
        versioned={versioned}
        onClose={() => setDeleting([])}
        onDeleted={() => setSelected(new Set())}
      />
      <VersionsDialog
        bucket={bucket}
        object={past}
        mayWrite={mayWrite}
        mayChange={mayChange}
        onClose={() => setPast(undefined)}
      />
      <UploadPanel />
    </div>
  );
}
