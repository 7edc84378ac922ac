import { Link } from "@tanstack/react-router";
import { useVirtualizer } from "@tanstack/react-virtual";
import { ArrowDown, ArrowUp, MoreHorizontal } from "lucide-react";
import { useEffect, useRef, type KeyboardEvent, type MouseEvent } from "react";
import { useTranslation } from "react-i18next";
import { Button, Bytes, ContextMenu, IconButton, Menu, MenuActions, Skeleton, Time, toast, type MenuAction } from "@/components";
import { cx } from "@/lib/cx";
import { formatBytes, formatNumber, formatRelative } from "@/lib/format";
import { ClassName } from "./ClassName";
import { FileIcon } from "./FileIcon";
import type { Entry } from "./keys";
import { sortLimit, type SortBy } from "./listing";
import s from "./ObjectList.module.css";
import { everything, isChosen, moved, nothing, only, range, stepped, toggle, type Selection, type Step } from "./selection";
import { useNarrow } from "./useNarrow";
import type { Rows } from "./useListing";

type ObjectListProps = {
  bucket: string;
  rows: Rows;
  label: string;
  selection: Selection;
  onSelect: (selection: Selection) => void;
  onOpen: (entry: Entry) => void;
  onDelete?: () => void;
  onRename?: () => void;
  /** A letter was typed: it narrows the list. */
  onType: (letter: string) => void;
  onUp?: () => void;
  /** What can be done with these entries, or with all of the selection. */
  actionsOf: (entries: Entry[] | "selection") => MenuAction[];
};

const columns: SortBy[] = ["name", "size", "changed", "class"];
const steps: Record<string, Step> = {
  ArrowUp: "up",
  ArrowDown: "down",
  PageUp: "pageUp",
  PageDown: "pageDown",
  Home: "home",
  End: "end",
};

/** ObjectList shows a folder of any size: only the rows in sight are in the page. */
export function ObjectList(props: ObjectListProps) {
  const { rows, label, selection, onSelect, actionsOf } = props;
  const { t } = useTranslation("browser");
  const { listing, count, at } = rows;
  const narrow = useNarrow();
  const scroller = useRef<HTMLDivElement>(null);
  const rowHeight = narrow ? 64 : 42;
  // The compiler of React leaves components alone that use this hook.
  const virtual = useVirtualizer({
    count,
    getScrollElement: () => scroller.current,
    estimateSize: () => rowHeight,
    overscan: 12,
  });
  const items = virtual.getVirtualItems();
  const first = items[0]?.index ?? 0;
  const last = items.at(-1)?.index ?? 0;
  useEffect(() => virtual.measure(), [virtual, rowHeight]);
  useEffect(() => listing.want(first, last), [listing, first, last, listing.version]);

  const click = (event: MouseEvent, index: number) => {
    const entry = at(index);
    if (!entry || (event.target as HTMLElement).closest("[data-own-click]")) return;
    void choose(index, entry, event.shiftKey, event.ctrlKey || event.metaKey);
  };
  const choose = async (index: number, entry: Entry, shift: boolean, more: boolean) => {
    if (shift) {
      await listing.ensure(Math.min(selection.anchor, index), Math.max(selection.anchor, index));
      onSelect(range(selection, index, at, more));
    } else if (more) onSelect(toggle(selection, index, entry));
    else onSelect(only(index, entry));
  };
  const key = (event: KeyboardEvent) => {
    if (event.target !== event.currentTarget) return;
    const control = event.ctrlKey || event.metaKey;
    const step = steps[event.key];
    const current = at(selection.cursor);
    if (step && !event.altKey) {
      const index = stepped(selection.cursor, step, count, Math.max(1, last - first - 24));
      const entry = at(index);
      virtual.scrollToIndex(index);
      if (control) onSelect(moved(selection, index));
      else if (entry) void choose(index, entry, event.shiftKey, false);
    } else if (event.key === " " && current) onSelect(toggle(selection, selection.cursor, current));
    else if (control && event.key.toLowerCase() === "a") onSelect(everything(selection));
    else if (event.key === "Escape") onSelect(nothing);
    else if (event.key === "Enter" && current) props.onOpen(current);
    else if (event.key === "Delete" && props.onDelete) props.onDelete();
    else if (event.key === "F2" && props.onRename) props.onRename();
    else if (event.key === "Backspace" && props.onUp) props.onUp();
    else if (event.key.length === 1 && !control && !event.altKey && event.key !== " ") props.onType(event.key);
    else return;
    event.preventDefault();
  };
  const sort = async (by: SortBy) => {
    const down = rows.sort?.by === by ? !rows.sort.down : by === "size" || by === "changed";
    if (!(await rows.sortBy({ by, down }))) toast.info(t("sort.tooMany", { limit: formatNumber(sortLimit) }));
  };
  const pressed = useRef(-1);
  return (
    <div className={s.frame}>
      <div className={s.head} role="presentation">
        <input
          type="checkbox"
          className={s.check}
          aria-label={t("selectAll")}
          checked={selection.all || (count > 0 && listing.complete && selection.chosen.size === count)}
          onChange={(event) => onSelect(event.target.checked ? everything(selection) : nothing)}
        />
        {columns.map((by) => (
          <button key={by} type="button" className={cx(s.sort, s[by])} onClick={() => void sort(by)}>
            {t(`column.${by}`)}
            {rows.sort?.by === by && (rows.sort.down ? <ArrowDown size={13} aria-hidden /> : <ArrowUp size={13} aria-hidden />)}
            {rows.sort?.by === by && <span className="srOnly">{rows.sort.down ? t("sort.down") : t("sort.up")}</span>}
          </button>
        ))}
      </div>
      <ContextMenu
        actions={actionsOf("selection")}
        onOpen={() => {
          const entry = at(pressed.current);
          if (entry && !isChosen(selection, entry.key)) onSelect(only(pressed.current, entry));
        }}
      >
        <div
          ref={scroller}
          className={s.scroller}
          role="grid"
          aria-label={label}
          aria-multiselectable
          aria-rowcount={listing.complete ? count : -1}
          aria-activedescendant={selection.cursor >= 0 ? `row-${selection.cursor}` : undefined}
          tabIndex={0}
          data-testid="objects"
          onKeyDown={key}
          onPointerDownCapture={(event) => {
            const row = (event.target as HTMLElement).closest<HTMLElement>("[data-index]");
            pressed.current = row ? Number(row.dataset.index) : -1;
          }}
        >
          <div className={s.rows} style={{ height: virtual.getTotalSize() }} role="presentation">
            {items.map((item) => (
              <div
                key={item.key}
                id={`row-${item.index}`}
                data-index={item.index}
                role="row"
                aria-rowindex={item.index + 1}
                aria-selected={isChosen(selection, at(item.index)?.key ?? "\0")}
                className={cx(s.row, item.index === selection.cursor && s.cursor)}
                style={{ height: item.size, translate: `0 ${item.start}px` }}
                onClick={(event) => click(event, item.index)}
                onDoubleClick={() => {
                  const entry = at(item.index);
                  if (entry) props.onOpen(entry);
                }}
              >
                <Row {...props} index={item.index} entry={at(item.index)} narrow={narrow} />
              </div>
            ))}
          </div>
        </div>
      </ContextMenu>
      <Foot rows={rows} />
    </div>
  );
}

type RowProps = ObjectListProps & { index: number; entry: Entry | undefined; narrow: boolean };

function Row({ bucket, index, entry, narrow, selection, onSelect, onOpen, actionsOf }: RowProps) {
  const { t } = useTranslation("browser");
  if (!entry) return <Skeleton width="40%" />;
  const object = entry.kind === "object" ? entry.object : undefined;
  const name = entry.name || "/";
  return (
    <>
      <span role="gridcell" data-own-click>
        <label className={s.pick}>
          <input
            type="checkbox"
            className={s.check}
            tabIndex={-1}
            aria-label={t("select", { name })}
            checked={isChosen(selection, entry.key)}
            onChange={() => onSelect(toggle(selection, index, entry))}
          />
        </label>
      </span>
      <span role="gridcell" className={s.name}>
        <FileIcon entry={entry} />
        <span className={s.words}>
          {object ? (
            <button
              type="button"
              className={s.open}
              tabIndex={-1}
              title={name}
              onClick={(event) => {
                if (event.shiftKey || event.ctrlKey || event.metaKey) return;
                event.stopPropagation();
                onOpen(entry);
              }}
            >
              {name}
            </button>
          ) : (
            <Link
              className={s.open}
              to="/buckets/$bucket"
              params={{ bucket }}
              search={{ prefix: entry.key }}
              tabIndex={-1}
              title={name}
              data-own-click
            >
              {name}
            </Link>
          )}
          {narrow && object && (
            <small className={s.under}>
              {formatBytes(object.size)} · {formatRelative(object.modifiedAt)}
              {object.tier && ` · ${object.tier}`}
            </small>
          )}
        </span>
      </span>
      {!narrow && (
        <>
          <span role="gridcell" className={s.size}>
            {object && <Bytes value={object.size} />}
          </span>
          <span role="gridcell" className={s.changed}>
            {object && <Time value={object.modifiedAt} />}
          </span>
          <span role="gridcell" className={s.class}>
            {object && <ClassName tier={object.tier} name={object.class} />}
          </span>
        </>
      )}
      <span role="gridcell" className={s.actions} data-own-click>
        <Menu trigger={<IconButton size="sm" tabIndex={-1} label={t("actionsOf", { name })} icon={<MoreHorizontal size={17} />} />}>
          <MenuActions actions={actionsOf([entry])} />
        </Menu>
      </span>
    </>
  );
}

function Foot({ rows: { listing, count } }: { rows: Rows }) {
  const { t } = useTranslation("browser");
  return (
    <div className={s.foot} role="status">
      {listing.error ? (
        <>
          <span>{t("foot.failed")}</span>
          <Button size="sm" onClick={() => listing.retry()}>
            {t("common:retry")}
          </Button>
        </>
      ) : listing.complete ? (
        t("foot.all", { count })
      ) : listing.full ? (
        t("foot.full", { number: formatNumber(count) })
      ) : (
        t("foot.some", { number: formatNumber(count) })
      )}
    </div>
  );
}
