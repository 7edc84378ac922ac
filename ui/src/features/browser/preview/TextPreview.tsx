import { useQuery } from "@tanstack/react-query";
import hljs from "highlight.js/lib/common";
import { useMemo, useState } from "react";
import { useTranslation } from "react-i18next";
import { Button, QueryView, Skeleton } from "@/components";
import { formatBytes } from "@/lib/format";
import s from "./Preview.module.css";
import { prettyJson } from "./json";
import { readRange, wholeText, type Source } from "./read";

const step = 256 * 1024;
/** A text is shown up to here, and coloured up to the other. */
const most = 4 << 20;
const coloured = 512 * 1024;

export default function TextPreview({ source }: { source: Source }) {
  const { t } = useTranslation("browser");
  const [limit, setLimit] = useState(step);
  const text = useQuery({
    queryKey: ["preview", "text", source.address, source.etag, limit],
    queryFn: async ({ signal }) => wholeText(await readRange(source, 0, limit, signal), source.size > limit),
    placeholderData: (before) => before,
  });
  const left = source.size - limit;
  return (
    <QueryView query={text} bare skeleton={<Skeleton width="100%" height={240} />}>
      {(content) => (
        <>
          <Code text={content} name={source.key} whole={left <= 0} />
          {left > 0 && (
            <p className={s.more}>
              {t("preview.cut", { shown: formatBytes(limit), size: formatBytes(source.size) })}
              {limit < most && (
                <Button size="sm" busy={text.isFetching} onClick={() => setLimit(Math.min(most, limit * 4))}>
                  {t("preview.more")}
                </Button>
              )}
            </p>
          )}
        </>
      )}
    </QueryView>
  );
}

function Code({ text, name, whole }: { text: string; name: string; whole: boolean }) {
  const { t } = useTranslation("browser");
  const [asIs, setAsIs] = useState(false);
  const pretty = useMemo(() => (whole && /\.json$/i.test(name) ? prettyJson(text) : undefined), [text, name, whole]);
  const shown = pretty !== undefined && !asIs ? pretty : text;
  // What comes out is the text with everything escaped, in spans that the library made.
  const html = useMemo(() => (shown.length <= coloured ? colour(shown, name) : undefined), [shown, name]);
  return (
    <>
      {pretty !== undefined && pretty !== text && (
        <p className={s.more}>
          <Button size="sm" onClick={() => setAsIs(!asIs)}>
            {asIs ? t("preview.pretty") : t("preview.asIs")}
          </Button>
        </p>
      )}
      <div className={s.frame}>
        {html !== undefined ? (
          <pre className={s.text} tabIndex={0} dangerouslySetInnerHTML={{ __html: html }} />
        ) : (
          <pre className={s.text} tabIndex={0}>
            {shown}
          </pre>
        )}
      </div>
    </>
  );
}

function colour(text: string, name: string): string | undefined {
  const file = name.slice(name.lastIndexOf("/") + 1).toLowerCase();
  const ending = file.slice(file.lastIndexOf(".") + 1);
  // Markdown is shown as it was written: coloured it says nothing more.
  const language = hljs.getLanguage(ending) ? ending : undefined;
  return language && hljs.highlight(text, { language, ignoreIllegals: true }).value;
}
