import { Link } from "@tanstack/react-router";
import { Download, Eye, FileText, Folder, History, Link2, MoreHorizontal, Trash2 } from "lucide-react";
import { useTranslation } from "react-i18next";
import { Bytes, DataTable, IconButton, Menu, MenuItem, MenuSeparator, Time } from "@/components";
import s from "./Browser.module.css";
import type { Entry } from "./keys";
import { objectAddress } from "./queries";

type EntryListProps = {
  bucket: string;
  entries: Entry[] | undefined;
  mayWrite: boolean;
  selected: ReadonlySet<string>;
  onSelect: (keys: ReadonlySet<string>) => void;
  onPreview: (entry: Entry) => void;
  onShare: (entry: Entry) => void;
  /** Absent where the bucket keeps no versions. */
  onVersions?: (entry: Entry) => void;
  onDelete: (entry: Entry) => void;
};

export function EntryList(props: EntryListProps) {
  const { bucket, entries, mayWrite, selected, onSelect, onPreview } = props;
  const { t } = useTranslation("buckets");
  const toggle = (key: string) => {
    const next = new Set(selected);
    if (!next.delete(key)) next.add(key);
    onSelect(next);
  };
  return (
    <DataTable
      caption={t("objects")}
      rows={entries}
      rowKey={(entry) => entry.key}
      columns={[
        {
          id: "name",
          header: t("key"),
          kind: "primary",
          cell: (entry) => (
            <span className={s.entry}>
              {mayWrite && (
                <input
                  type="checkbox"
                  className={s.check}
                  checked={selected.has(entry.key)}
                  onChange={() => toggle(entry.key)}
                  aria-label={t("select", { name: entry.name })}
                />
              )}
              {entry.kind === "folder" ? (
                <>
                  <Folder size={17} aria-hidden />
                  <Link to="/buckets/$bucket" params={{ bucket }} search={{ prefix: entry.key }}>
                    {entry.name || "/"}
                  </Link>
                </>
              ) : (
                <>
                  <FileText size={17} aria-hidden />
                  <button type="button" className={s.entryButton} onClick={() => onPreview(entry)}>
                    {entry.name}
                  </button>
                </>
              )}
            </span>
          ),
        },
        {
          id: "size",
          header: t("size"),
          align: "right",
          muted: true,
          cell: (entry) => (entry.kind === "object" ? <Bytes value={entry.object.size} /> : null),
        },
        {
          id: "modified",
          header: t("modified"),
          muted: true,
          cell: (entry) => (entry.kind === "object" ? <Time value={entry.object.modifiedAt} /> : null),
        },
        {
          id: "actions",
          header: t("common:actions"),
          kind: "actions",
          cell: (entry) => <Actions {...props} entry={entry} />,
        },
      ]}
    />
  );
}

function Actions({ bucket, entry, mayWrite, onPreview, onShare, onVersions, onDelete }: EntryListProps & { entry: Entry }) {
  const { t } = useTranslation("buckets");
  if (entry.kind === "folder" && !mayWrite) return null;
  return (
    <Menu trigger={<IconButton label={t("actionsOf", { name: entry.name })} icon={<MoreHorizontal size={17} />} />}>
      {entry.kind === "object" && (
        <>
          <MenuItem icon={<Eye size={15} />} onSelect={() => onPreview(entry)}>
            {t("preview.open")}
          </MenuItem>
          <MenuItem asChild>
            <a href={objectAddress(bucket, entry.key, true)} download>
              <Download size={15} aria-hidden />
              {t("download")}
            </a>
          </MenuItem>
          <MenuItem icon={<Link2 size={15} />} onSelect={() => onShare(entry)}>
            {t("share.open")}
          </MenuItem>
          {onVersions && (
            <MenuItem icon={<History size={15} />} onSelect={() => onVersions(entry)}>
              {t("versions.open")}
            </MenuItem>
          )}
        </>
      )}
      {entry.kind === "object" && mayWrite && <MenuSeparator />}
      {mayWrite && (
        <MenuItem danger icon={<Trash2 size={15} />} onSelect={() => onDelete(entry)}>
          {t("common:delete")}
        </MenuItem>
      )}
    </Menu>
  );
}
