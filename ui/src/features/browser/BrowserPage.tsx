import { getRouteApi, Link, useNavigate } from "@tanstack/react-router";
import {
  Archive,
  CircleDashed,
  Copy,
  Download,
  Eye,
  FileArchive,
  FolderOpen,
  FolderPlus,
  FolderUp,
  History,
  Link2,
  MoreHorizontal,
  Pencil,
  Search,
  Trash2,
  Upload as UploadIcon,
  X,
} from "lucide-react";
import { useRef, useState, type ChangeEvent, type DragEvent } from "react";
import { useTranslation } from "react-i18next";
import { api, body } from "@/api/client";
import {
  Alert,
  Button,
  ButtonLink,
  EmptyState,
  ErrorState,
  IconButton,
  Input,
  Menu,
  MenuActions,
  Skeleton,
  toast,
  type MenuAction,
} from "@/components";
import { BucketHead } from "@/features/buckets/BucketHead";
import { useBucketRole } from "@/features/buckets/useBucketRole";
import { cx } from "@/lib/cx";
import s from "./Browser.module.css";
import { targetsOf, type Targets } from "./bulk";
import { CopyDialog, RenameDialog } from "./CopyDialog";
import { DeletedList } from "./DeletedList";
import { DeleteObjectsDialog } from "./DeleteObjectsDialog";
import { filesOf } from "./dropped";
import { crumbsOf, type Entry } from "./keys";
import { LinksDialog } from "./LinksDialog";
import { NewFolderDialog } from "./NewFolderDialog";
import { ObjectList } from "./ObjectList";
import { PreviewDialog } from "./preview/PreviewDialog";
import { objectAddress } from "./queries";
import { nothing, only } from "./selection";
import { ShareDialog } from "./ShareDialog";
import { queue } from "./uploads";
import { UnfinishedList } from "./UnfinishedList";
import { UploadPanel } from "./uploads/UploadPanel";
import { useListing } from "./useListing";
import { useSettled } from "./useSettled";
import { VersionsDialog } from "./VersionsDialog";

const route = getRouteApi("/app/buckets/$bucket");

export function BrowserPage() {
  const { bucket } = route.useParams();
  const { prefix = "", deleted, unfinished } = route.useSearch();
  // Another folder starts without the selection of this one.
  return <Folder key={`${bucket}/${prefix}`} bucket={bucket} prefix={prefix} aside={deleted ? "deleted" : unfinished ? "unfinished" : undefined} />;
}

type Work =
  | { do: "delete"; entries: Entry[]; targets: Targets }
  | { do: "copy"; entries: Entry[]; all?: string }
  | { do: "links" }
  | { do: "rename" | "preview" | "share" | "versions"; entry: Entry };

type FolderProps = {
  bucket: string;
  prefix: string;
  /** What stands there instead of the objects. */
  aside?: "deleted" | "unfinished";
};

function Folder({ bucket, prefix, aside }: FolderProps) {
  const { t } = useTranslation("browser");
  const navigate = useNavigate();
  const { mayWrite, mayChange, versioned } = useBucketRole(bucket);
  const [typed, setTyped] = useState("");
  const rows = useListing(bucket, prefix, useSettled(typed, 180));
  const [selection, setSelection] = useState(nothing);
  const [work, setWork] = useState<Work>();
  const [past, setPast] = useState<{ key: string; name: string }>();
  const [makingFolder, setMakingFolder] = useState(false);
  const [dragging, setDragging] = useState(false);
  const fileInput = useRef<HTMLInputElement>(null);
  const folderInput = useRef<HTMLInputElement>(null);
  const search = useRef<HTMLInputElement>(null);
  const { listing, count } = rows;
  const chosen = [...selection.chosen.values()];
  const some = selection.all || chosen.length > 0;
  const end = () => setWork(undefined);
  const done = () => setSelection(nothing);

  const add = (files: { key: string; file: File }[]) => void queue.add(bucket, files).catch(toast.error);
  const onPick = (event: ChangeEvent<HTMLInputElement>) => {
    add(Array.from(event.target.files ?? []).map((file) => ({ key: prefix + (file.webkitRelativePath || file.name), file })));
    event.target.value = "";
  };
  const onDrop = (event: DragEvent) => {
    event.preventDefault();
    setDragging(false);
    if (!mayWrite) return;
    filesOf(event.dataTransfer.items)
      .then((files) => add(files.map(({ path, file }) => ({ key: prefix + path, file }))))
      .catch(toast.error);
  };
  const open = (entry: Entry) => {
    if (entry.kind === "object") setWork({ do: "preview", entry });
    else void navigate({ to: "/buckets/$bucket", params: { bucket }, search: { prefix: entry.key } });
  };
  // To the next object, over folders.
  const step = (from: Entry, by: 1 | -1) => {
    let index = 0;
    while (index < count && rows.at(index)?.key !== from.key) index++;
    for (index += by; index >= 0 && index < count; index += by) {
      const entry = rows.at(index);
      if (entry?.kind === "object") {
        setSelection(only(index, entry));
        setWork({ do: "preview", entry });
        return;
      }
    }
  };
  const zip = (entries: Entry[], all: boolean) => {
    const { keys, prefixes } = targetsOf(entries, all, prefix + typed);
    const one = entries.length === 1 && !all ? entries[0] : undefined;
    body(
      api.POST("/api/v1/buckets/{bucket}/zips", {
        params: { path: { bucket } },
        body: { base: prefix, keys, prefixes, name: one?.name.replace(/\/$/, "") },
      }),
    )
      .then(({ url }) => location.assign(url))
      .catch(toast.error);
  };
  const remove = (entries: Entry[], all: boolean) =>
    setWork({ do: "delete", entries: all ? [] : entries, targets: targetsOf(entries, all, prefix + typed) });

  const actionsOf = (what: Entry[] | "selection"): MenuAction[] => {
    const all = what === "selection" && selection.all;
    const entries = what === "selection" ? chosen : what;
    const one = entries.length === 1 && !all ? entries[0] : undefined;
    if (entries.length === 0 && !all) return [];
    const actions: (MenuAction | false)[] = [
      one !== undefined && {
        id: "open",
        label: t("action.open"),
        icon: one.kind === "folder" ? <FolderOpen size={15} /> : <Eye size={15} />,
        onSelect: () => open(one),
      },
      one?.kind === "object"
        ? {
            id: "download",
            label: t("action.download"),
            icon: <Download size={15} />,
            onSelect: () => location.assign(objectAddress(bucket, one.key, true)),
          }
        : { id: "zip", label: t("action.zip"), icon: <FileArchive size={15} />, onSelect: () => zip(entries, all) },
      one !== undefined && {
        id: "share",
        label: t("action.share"),
        icon: <Link2 size={15} />,
        onSelect: () => setWork({ do: "share", entry: one }),
      },
      one?.kind === "object" &&
        versioned && {
          id: "versions",
          label: t("action.versions"),
          icon: <History size={15} />,
          onSelect: () => setPast(one),
        },
      mayWrite &&
        one !== undefined && {
          id: "rename",
          label: t("action.rename"),
          icon: <Pencil size={15} />,
          onSelect: () => setWork({ do: "rename", entry: one }),
          apart: true,
        },
      mayWrite && {
        id: "copy",
        label: t("action.copy"),
        icon: <Copy size={15} />,
        onSelect: () => setWork({ do: "copy", entries, ...(all ? { all: prefix + typed } : {}) }),
        apart: one === undefined,
      },
      mayWrite && {
        id: "delete",
        label: t("common:delete"),
        icon: <Trash2 size={15} />,
        danger: true,
        apart: true,
        onSelect: () => remove(entries, all),
      },
    ];
    return actions.filter((action) => action !== false);
  };
  const uploadButton = mayWrite && (
    <Button variant="primary" icon={<UploadIcon size={16} />} onClick={() => fileInput.current?.click()}>
      {t("upload.files")}
    </Button>
  );
  const crumbs = crumbsOf(prefix);
  const showAside = (what: { deleted?: true; unfinished?: true }) =>
    void navigate({ to: "/buckets/$bucket", params: { bucket }, search: { ...(prefix ? { prefix } : {}), ...what } });
  const more: MenuAction[] = [
    ...(mayWrite
      ? [
          { id: "folder", label: t("upload.folder"), icon: <FolderUp size={15} />, onSelect: () => folderInput.current?.click() },
          { id: "new", label: t("newFolder"), icon: <FolderPlus size={15} />, onSelect: () => setMakingFolder(true) },
        ]
      : []),
    {
      id: "share",
      label: t("action.shareFolder"),
      icon: <Link2 size={15} />,
      onSelect: () => setWork({ do: "share", entry: { kind: "folder", key: prefix, name: crumbs.at(-1)?.name ?? bucket } }),
    },
    { id: "links", label: t("action.links"), icon: <Link2 size={15} />, onSelect: () => setWork({ do: "links" }) },
    { id: "zip", label: t("action.zipFolder"), icon: <FileArchive size={15} />, onSelect: () => zip([], true) },
    ...(versioned
      ? [{ id: "deleted", label: t("action.deleted"), icon: <History size={15} />, onSelect: () => showAside({ deleted: true }), apart: true }]
      : []),
    {
      id: "unfinished",
      label: t("action.unfinished"),
      icon: <CircleDashed size={15} />,
      onSelect: () => showAside({ unfinished: true }),
      apart: !versioned,
    },
  ];
  const parent = crumbs.at(-2)?.prefix;
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
      <BucketHead
        bucket={bucket}
        title={
          aside === "unfinished"
            ? t("unfinished.title")
            : aside === "deleted"
              ? t("buckets:deleted.title")
              : (crumbs.at(-1)?.name ?? bucket)
        }
        crumbs={(aside ? crumbs : crumbs.slice(0, -1)).map((crumb) => (
          <Link key={crumb.prefix} to="/buckets/$bucket" params={{ bucket }} search={{ prefix: crumb.prefix }}>
            {crumb.name}
          </Link>
        ))}
        actions={
          <>
            {aside ? (
              <ButtonLink to="/buckets/$bucket" params={{ bucket }} search={prefix ? { prefix } : {}} icon={<Archive size={16} />}>
                {t("buckets:deleted.hide")}
              </ButtonLink>
            ) : (
              <>
                <Menu trigger={<IconButton className={s.outlined} label={t("more")} icon={<MoreHorizontal size={18} />} />}>
                  <MenuActions actions={more} />
                </Menu>
                {uploadButton}
              </>
            )}
          </>
        }
      />
      <input ref={fileInput} type="file" multiple hidden onChange={onPick} data-testid="file-input" />
      <input ref={folderInput} type="file" multiple hidden onChange={onPick} {...{ webkitdirectory: "" }} data-testid="folder-input" />
      {aside === "unfinished" ? (
        <UnfinishedList bucket={bucket} prefix={prefix} mayWrite={mayWrite} />
      ) : aside === "deleted" ? (
        <>
          <Alert className={s.deletedNote}>{t("buckets:deleted.note")}</Alert>
          <DeletedList bucket={bucket} prefix={prefix} onVersions={setPast} />
        </>
      ) : (
        <>
          <div className={s.bar}>
            {some ? (
              <div className={s.selection} role="status">
                <span>{selection.all ? t("selectedAll") : t("selected", { count: chosen.length })}</span>
                <Button size="sm" icon={<FileArchive size={15} />} onClick={() => zip(chosen, selection.all)}>
                  {t("action.zipShort")}
                </Button>
                {mayWrite && (
                  <Button size="sm" icon={<Trash2 size={15} />} variant="danger" onClick={() => remove(chosen, selection.all)}>
                    {t("common:delete")}
                  </Button>
                )}
                <Menu trigger={<IconButton size="sm" label={t("more")} icon={<MoreHorizontal size={17} />} />}>
                  <MenuActions actions={actionsOf("selection")} />
                </Menu>
                <IconButton size="sm" label={t("unselect")} icon={<X size={16} />} onClick={done} />
              </div>
            ) : (
              <div className={s.search}>
                <Search size={16} aria-hidden />
                <Input
                  ref={search}
                  type="search"
                  value={typed}
                  placeholder={t("find.placeholder")}
                  aria-label={t("find.label")}
                  onChange={(event) => setTyped(event.target.value)}
                  onKeyDown={(event) => {
                    if (event.key === "Escape") setTyped("");
                  }}
                />
              </div>
            )}
          </div>
          {!listing.begun ? (
            listing.error ? (
              <ErrorState error={listing.error} onRetry={() => listing.retry()} />
            ) : (
              <Skeleton width="100%" height={260} />
            )
          ) : count === 0 && listing.complete ? (
            typed ? (
              <EmptyState icon={<Search size={22} />} title={t("find.none", { text: typed })}>
                <p>{t("find.noneHint")}</p>
              </EmptyState>
            ) : (
              <EmptyState icon={<UploadIcon size={22} />} title={prefix ? t("emptyFolder") : t("buckets:empty")} action={uploadButton}>
                <p>{mayWrite ? t("buckets:emptyHint") : t("buckets:emptyViewer")}</p>
              </EmptyState>
            )
          ) : (
            <ObjectList
              bucket={bucket}
              rows={rows}
              label={t("list")}
              selection={selection}
              onSelect={setSelection}
              onOpen={open}
              onDelete={mayWrite && some ? () => remove(chosen, selection.all) : undefined}
              onRename={mayWrite && chosen[0] && chosen.length === 1 ? () => chosen[0] && setWork({ do: "rename", entry: chosen[0] }) : undefined}
              onType={(letter) => {
                setSelection(nothing);
                setTyped(typed + letter);
                setTimeout(() => search.current?.focus());
              }}
              onUp={prefix ? () => void navigate({ to: "/buckets/$bucket", params: { bucket }, search: parent ? { prefix: parent } : {} }) : undefined}
              actionsOf={actionsOf}
            />
          )}
        </>
      )}
      <NewFolderDialog bucket={bucket} prefix={prefix} open={makingFolder} onOpenChange={setMakingFolder} />
      {work?.do === "share" && <ShareDialog bucket={bucket} entry={work.entry} mayWrite={mayWrite} onClose={end} />}
      {work?.do === "links" && <LinksDialog bucket={bucket} mayChange={mayChange} onClose={end} />}
      {work?.do === "preview" && (
        <PreviewDialog bucket={bucket} entry={work.entry} mayWrite={mayWrite} mayChange={mayChange} onClose={end} onStep={(by) => step(work.entry, by)} />
      )}
      {work?.do === "delete" && (
        <DeleteObjectsDialog
          bucket={bucket}
          entries={work.entries}
          targets={work.targets}
          versioned={versioned}
          onClose={end}
          onDeleted={done}
        />
      )}
      {work?.do === "copy" && (
        <CopyDialog bucket={bucket} prefix={prefix} entries={work.entries} all={work.all} onClose={end} onDone={done} />
      )}
      {work?.do === "rename" && <RenameDialog bucket={bucket} prefix={prefix} entry={work.entry} onClose={end} onDone={done} />}
      <VersionsDialog bucket={bucket} object={past} mayWrite={mayWrite} mayChange={mayChange} onClose={() => setPast(undefined)} />
      <UploadPanel />
    </div>
  );
}
