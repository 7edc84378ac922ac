import { useInfiniteQuery, useMutation, useQuery, useQueryClient } from "@tanstack/react-query";
import { getRouteApi, Link } from "@tanstack/react-router";
import { Download, FileArchive, FolderOpen, Upload } from "lucide-react";
import { useEffect, useRef, useState, type DragEvent } from "react";
import { useTranslation } from "react-i18next";
import { api, body } from "@/api/client";
import { ApiError, errorText, isStatus } from "@/api/errors";
import type { ObjectInfo, Shared } from "@/api/types";
import {
  Alert,
  Button,
  ButtonAnchor,
  Bytes,
  CroftMark,
  Dialog,
  EmptyState,
  Field,
  IconAnchor,
  PasswordInput,
  Progress,
  Skeleton,
  Time,
  toast,
  useDocumentTitle,
} from "@/components";
import { FileIcon } from "@/features/browser/FileIcon";
import { crumbsOf, entriesOf, previewOf, type Entry } from "@/features/browser/keys";
import { Preview } from "@/features/browser/preview/Preview";
import { filesOf } from "@/features/browser/dropped";
import { besides } from "@/features/browser/uploads/plan";
import { send } from "@/features/browser/uploads/transport";
import { Choices, Gate } from "@/features/shell/Gate";
import { cx } from "@/lib/cx";
import s from "./Shared.module.css";

const route = getRouteApi("/s/$token");

/** Which link of the path is the folder that is shown. */
const exactly = { exact: true, includeSearch: true } as const;

const addressOf = (token: string, key: string, download = false) =>
  `/api/v1/shared/${encodeURIComponent(token)}/object?${new URLSearchParams({ key, ...(download ? { download: "1" } : {}) })}`;

/** SharedPage is what somebody without an account sees of a link. */
export function SharedPage() {
  const { t } = useTranslation("shared");
  const { token } = route.useParams();
  const shared = useQuery({
    queryKey: ["shared", token],
    queryFn: ({ signal }) => body(api.GET("/api/v1/shared/{token}", { params: { path: { token } }, signal })),
    staleTime: Infinity,
    retry: false,
  });
  if (isStatus(shared.error, 404)) return <Gate title={t("gone")} description={t("goneHint")} />;
  if (shared.isError) {
    return (
      <Gate title={t("unopened")} description={errorText(shared.error)}>
        <Button variant="primary" wide busy={shared.isFetching} onClick={() => void shared.refetch()}>
          {t("common:retry")}
        </Button>
      </Gate>
    );
  }
  if (!shared.data) return <Opening />;
  if (shared.data.locked) return <Unlock token={token} />;
  return <Opened token={token} shared={shared.data} />;
}

function Opening() {
  const { t } = useTranslation("shared");
  useDocumentTitle(t("opening"));
  return (
    <main className={s.page} aria-busy>
      <h1 className="srOnly">{t("opening")}</h1>
      <Skeleton width="100%" height={200} />
    </main>
  );
}

function Opened({ token, shared: { name, folder, uploads, object } }: { token: string; shared: Shared }) {
  useDocumentTitle(name);
  return (
    <div className={s.page}>
      <main>
        <header className={s.head}>
          <CroftMark size={34} />
          <h1>{name}</h1>
        </header>
        {folder ? <Folder token={token} name={name} uploads={uploads} /> : object && <One token={token} name={name} object={object} />}
      </main>
      <Choices className={s.choices} />
    </div>
  );
}

function Unlock({ token }: { token: string }) {
  const { t } = useTranslation("shared");
  const client = useQueryClient();
  const [password, setPassword] = useState("");
  const field = useRef<HTMLInputElement>(null);
  const unlock = useMutation({
    mutationFn: () => api.POST("/api/v1/shared/{token}/unlock", { params: { path: { token } }, body: { password } }),
    onSuccess: () => client.invalidateQueries({ queryKey: ["shared", token] }),
    onError: () => field.current?.select(),
  });
  return (
    <Gate title={t("locked")} description={t("lockedHint")}>
      <form
        onSubmit={(event) => {
          event.preventDefault();
          unlock.mutate();
        }}
      >
        <Field label={t("password")}>
          <PasswordInput ref={field} required autoFocus value={password} autoComplete="off" onChange={(event) => setPassword(event.target.value)} />
        </Field>
        {unlock.isError && <Alert tone="danger">{errorText(unlock.error)}</Alert>}
        <Button type="submit" variant="primary" wide busy={unlock.isPending}>
          {t("open")}
        </Button>
      </form>
    </Gate>
  );
}

function One({ token, name, object }: { token: string; name: string; object: ObjectInfo }) {
  const { t } = useTranslation("shared");
  return (
    <section className={s.one}>
      <p className={s.facts}>
        <Bytes value={object.size} /> · <Time value={object.modifiedAt} />
      </p>
      <ButtonAnchor variant="primary" icon={<Download size={16} />} href={addressOf(token, "", true)} download>
        {t("download")}
      </ButtonAnchor>
      <Preview source={{ ...object, key: name, name, address: addressOf(token, "") }} />
    </section>
  );
}

function Folder({ token, name, uploads }: { token: string; name: string; uploads: boolean }) {
  const { t } = useTranslation("shared");
  const { path = "", refused } = route.useSearch();
  const navigate = route.useNavigate();
  const [shown, setShown] = useState<Entry>();
  const client = useQueryClient();
  const list = useInfiniteQuery({
    queryKey: ["shared", token, "list", path],
    initialPageParam: "",
    queryFn: ({ signal, pageParam }) =>
      body(
        api.GET("/api/v1/shared/{token}/objects", {
          params: { path: { token }, query: { prefix: path, cursor: pageParam || undefined, limit: 200 } },
          signal,
        }),
      ),
    getNextPageParam: (page) => page.next || undefined,
  });
  const sending = useSending(token, path, () => void client.invalidateQueries({ queryKey: ["shared", token, "list"] }));
  const [dragging, setDragging] = useState(false);
  const input = useRef<HTMLInputElement>(null);
  const crumbs = useRef<HTMLElement>(null);
  const shownPath = useRef(path);
  useEffect(() => {
    if (shownPath.current === path) return;
    shownPath.current = path;
    // The row that was opened is gone; the keyboard goes on from the folder it led to.
    crumbs.current?.querySelector<HTMLElement>("a:last-of-type")?.focus();
  }, [path]);
  const entries = list.data?.pages.flatMap((page) => entriesOf(page, path)) ?? [];
  const drop = (event: DragEvent) => {
    event.preventDefault();
    setDragging(false);
    if (uploads) filesOf(event.dataTransfer.items).then(sending.send).catch(toast.error);
  };
  return (
    <section
      className={cx(s.folder, dragging && s.dragging)}
      onDragOver={(event) => {
        event.preventDefault();
        setDragging(uploads);
      }}
      onDragLeave={(event) => {
        if (!event.currentTarget.contains(event.relatedTarget as Node | null)) setDragging(false);
      }}
      onDrop={drop}
    >
      <div className={s.bar}>
        <nav aria-label={t("folders")} className={s.crumbs} ref={crumbs}>
          <Link to="/s/$token" params={{ token }} search={{}} activeOptions={exactly}>
            {name}
          </Link>
          {crumbsOf(path).map((crumb) => (
            <Link key={crumb.prefix} to="/s/$token" params={{ token }} search={{ path: crumb.prefix }} activeOptions={exactly}>
              {crumb.name}
            </Link>
          ))}
        </nav>
        {uploads && (
          <Button variant="primary" icon={<Upload size={16} />} onClick={() => input.current?.click()}>
            {t("add")}
          </Button>
        )}
        {entries.length > 0 && (
          <ButtonAnchor
            icon={<FileArchive size={16} />}
            href={`/api/v1/shared/${encodeURIComponent(token)}/zip?${new URLSearchParams({ prefix: path })}`}
            onClick={() => {
              if (refused) void navigate({ search: path ? { path } : {}, replace: true });
            }}
          >
            {t("zip")}
          </ButtonAnchor>
        )}
      </div>
      <input
        ref={input}
        type="file"
        multiple
        hidden
        data-testid="shared-input"
        onChange={(event) => {
          sending.send(Array.from(event.target.files ?? []).map((file) => ({ path: file.name, file })));
          event.target.value = "";
        }}
      />
      {refused && <Alert tone="danger">{errorText(new ApiError(0, refused, ""))}</Alert>}
      {sending.count > 0 && (
        <div className={s.sending} role="status">
          {t("sending", { count: sending.count })}
          <Progress value={sending.sent} max={sending.bytes} label={t("sendingProgress")} />
        </div>
      )}
      {list.isError ? (
        <Alert tone="danger">{errorText(list.error)}</Alert>
      ) : !list.data ? (
        <Skeleton width="100%" height={160} />
      ) : entries.length === 0 ? (
        <EmptyState icon={<FolderOpen size={22} />} title={t("empty")}>
          <p>{uploads ? t("emptyUploads") : t("emptyHint")}</p>
        </EmptyState>
      ) : (
        <ul className={s.list}>
          {entries.map((entry) => (
            <Row key={entry.key} token={token} entry={entry} onOpen={() => setShown(entry)} />
          ))}
        </ul>
      )}
      {list.hasNextPage && (
        <p className={s.more}>
          <Button busy={list.isFetchingNextPage} onClick={() => void list.fetchNextPage()}>
            {t("common:loadMore")}
          </Button>
        </p>
      )}
      {shown?.kind === "object" && (
        <Dialog
          open
          wide
          onOpenChange={() => setShown(undefined)}
          title={shown.name}
          footer={
            <ButtonAnchor variant="primary" icon={<Download size={16} />} href={addressOf(token, shown.key, true)} download>
              {t("download")}
            </ButtonAnchor>
          }
        >
          <Preview source={{ ...shown.object, name: shown.name, address: addressOf(token, shown.key) }} />
        </Dialog>
      )}
    </section>
  );
}

function Row({ token, entry, onOpen }: { token: string; entry: Entry; onOpen: () => void }) {
  const { t } = useTranslation("shared");
  const image = entry.kind === "object" && previewOf(entry.object) === "image" && entry.object.size < 4 << 20;
  return (
    <li className={s.row}>
      {image ? <img className={s.thumb} src={addressOf(token, entry.key)} alt="" loading="lazy" /> : <span className={s.thumb}><FileIcon entry={entry} /></span>}
      {entry.kind === "folder" ? (
        <Link className={s.name} to="/s/$token" params={{ token }} search={{ path: entry.key }}>
          {entry.name || "/"}
        </Link>
      ) : (
        <button type="button" className={s.name} onClick={onOpen}>
          {entry.name}
        </button>
      )}
      {entry.kind === "object" && (
        <>
          <span className={s.facts}>
            <Bytes value={entry.object.size} />
          </span>
          <IconAnchor
            size="sm"
            href={addressOf(token, entry.key, true)}
            download
            label={t("downloadOf", { name: entry.name })}
            icon={<Download size={16} />}
          />
        </>
      )}
    </li>
  );
}

/** useSending adds files one after the other; a name that is taken gets a number. */
function useSending(token: string, path: string, onDone: () => void) {
  const { t } = useTranslation("shared");
  const [state, setState] = useState({ count: 0, bytes: 0, sent: 0 });
  const one = async (name: string, file: File, onSent: (bytes: number) => void) => {
    const taken = new Set<string>();
    for (let key = path + name; ; key = besides(path + name, (candidate) => taken.has(candidate))) {
      try {
        await send(addressOf(token, key), { "Content-Type": file.type || "application/octet-stream" }, file, onSent).done;
        return;
      } catch (error) {
        if (!(error instanceof ApiError && error.code === "precondition_failed") || taken.size > 50) throw error;
        taken.add(key);
      }
    }
  };
  const sendAll = (files: { path: string; file: File }[]) => {
    const bytes = files.reduce((sum, { file }) => sum + file.size, 0);
    void (async () => {
      let before = 0;
      try {
        for (const [index, { path: name, file }] of files.entries()) {
          setState({ count: files.length - index, bytes, sent: before });
          await one(name, file, (sent) => setState({ count: files.length - index, bytes, sent: before + sent }));
          before += file.size;
        }
        toast.ok(t("sent", { count: files.length }));
      } catch (error) {
        toast.error(error);
      } finally {
        setState({ count: 0, bytes: 0, sent: 0 });
        onDone();
      }
    })();
  };
  return { ...state, send: sendAll };
}
