import { ArrowDownToLine, Download } from "lucide-react";
import { memo, useEffect, useLayoutEffect, useRef, useState } from "react";
import { useTranslation } from "react-i18next";
import { errorText } from "@/api/errors";
import type { Step } from "@/api/types";
import { Alert, ButtonAnchor, IconButton, Tooltip } from "@/components";
import { cx } from "@/lib/cx";
import s from "./LogView.module.css";
import { isFinal } from "./queries";
import { useLog, type LogLine } from "./useLog";

/** Lines are drawn in blocks, so that the browser lays out only those on the screen. */
const blockSize = 200;

/** LogView is a step's log as it grows: it stays at the end unless somebody scrolls up. */
export function LogView({ url, step }: { url: string; step: Step }) {
  const { t } = useTranslation("pipelines");
  const log = useLog(url);
  const box = useRef<HTMLDivElement>(null);
  const [following, setFollowing] = useState(true);

  useLayoutEffect(() => {
    if (following && box.current) box.current.scrollTop = box.current.scrollHeight;
  }, [log.lines, following]);
  useEffect(() => setFollowing(true), [url]);

  const onScroll = () => {
    const el = box.current;
    if (el) setFollowing(el.scrollHeight - el.scrollTop - el.clientHeight < 24);
  };
  const blocks: LogLine[][] = [];
  for (let i = 0; i < log.lines.length; i += blockSize) blocks.push(log.lines.slice(i, i + blockSize));
  return (
    <section className={s.log} aria-label={t("log.of", { step: step.name })}>
      <header className={s.bar}>
        <span className={s.name}>{step.name}</span>
        <span className={s.image}>{step.image}</span>
        <span className={s.tools}>
          {!following && (
            <IconButton
              size="sm"
              label={t("log.follow")}
              icon={<ArrowDownToLine size={16} />}
              onClick={() => setFollowing(true)}
            />
          )}
          <Tooltip text={t("log.download")}>
            <ButtonAnchor
              size="sm"
              variant="ghost"
              aria-label={t("log.download")}
              icon={<Download size={16} />}
              href={url}
              download={`${step.name}.log`}
            />
          </Tooltip>
        </span>
      </header>
      <div
        className={s.lines}
        ref={box}
        onScroll={onScroll}
        tabIndex={0}
        role="log"
        aria-live="off"
        data-testid="log"
        data-ended={log.ended}
      >
        {log.dropped > 0 && <p className={s.note}>{t("log.dropped", { count: log.dropped })}</p>}
        {blocks.map((lines, index) => (
          <Block key={index} lines={lines} from={log.dropped + index * blockSize} full={lines.length === blockSize} />
        ))}
        {log.lines.length === 0 && <p className={s.note}>{emptyText()}</p>}
        {!log.ended && log.lines.length > 0 && <span className={s.cursor} aria-hidden />}
      </div>
      {log.error && <Alert tone="danger">{errorText(log.error)}</Alert>}
    </section>
  );

  function emptyText() {
    if (step.state === "skipped") return t("log.skipped");
    if (step.state === "pending") return t("log.pending");
    return log.ended || isFinal(step.state) ? t("log.empty") : t("log.waiting");
  }
}

type BlockProps = { lines: LogLine[]; from: number; full: boolean };

const Block = memo(
  function Block({ lines, from }: BlockProps) {
    return (
      <ol className={s.block} start={from + 1} style={{ containIntrinsicSize: `auto ${lines.length * 20}px` }}>
        {lines.map((line, index) => (
          <li key={index} className={cx(s.line, line.s === "stderr" && s.stderr)} title={line.t}>
            <span className={s.count} aria-hidden>
              {from + index + 1}
            </span>
            <span className={s.text}>{line.line || "\u00a0"}</span>
          </li>
        ))}
      </ol>
    );
  },
  // A full block never changes unless lines were dropped before it.
  (a, b) => a.full && b.full && a.from === b.from && a.lines[0] === b.lines[0],
);
