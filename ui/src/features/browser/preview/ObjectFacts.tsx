import { useQuery } from "@tanstack/react-query";
import { ArchiveRestore, Ban, Pencil } from "lucide-react";
import { Fragment, useState } from "react";
import { useTranslation } from "react-i18next";
import { Button, Bytes, Time } from "@/components";
import type { ObjectInfo } from "@/api/types";
import { formatBytes, formatExact } from "@/lib/format";
import s from "../Browser.module.css";
import { defaultKeyName } from "@/features/buckets/keyName";
import { retained } from "@/features/buckets/locks";
import { BringBackDialog } from "../BringBackDialog";
import { CancelCopyDialog } from "../CancelCopyDialog";
import { ClassName } from "../ClassName";
import { PropertiesDialog } from "../PropertiesDialog";
import { objectQuery } from "../queries";
import { copyText } from "../tierCopy";

type ObjectFactsProps = { bucket: string; object: ObjectInfo; mayWrite: boolean; mayChange: boolean };

/** ObjectFacts are what is known of an object besides its bytes. */
export function ObjectFacts({ bucket, object, mayWrite, mayChange }: ObjectFactsProps) {
  const { t } = useTranslation("buckets");
  const more = useQuery(objectQuery(bucket, object.key)).data;
  const [editing, setEditing] = useState(false);
  const [bringing, setBringing] = useState(false);
  const [cancelling, setCancelling] = useState(false);
  const name = object.key.slice(object.key.lastIndexOf("/") + 1);
  return (
    <>
    <dl className={s.facts}>
      <dt>{t("key")}</dt>
      <dd>
        <code>{object.key}</code>
      </dd>
      <dt>{t("size")}</dt>
      <dd>
        <Bytes value={object.size} />
        {more?.compressed && <> {t("facts.stored", { size: formatBytes(more.storedSize) })}</>}
      </dd>
      <dt>{t("type")}</dt>
      <dd>{object.contentType}</dd>
      <dt>{t("browser:column.class")}</dt>
      <dd>
        <ClassName tier={object.tier} name={object.class} />
      </dd>
      <dt>{t("modified")}</dt>
      <dd>
        <Time value={object.modifiedAt} />
      </dd>
      <dt>{t("etag")}</dt>
      <dd>
        <code>{object.etag}</code>
      </dd>
      {more && (
        <>
          {more.versionId && (
            <>
              <dt>{t("facts.version")}</dt>
              <dd>
                <code>{more.versionId}</code>
              </dd>
            </>
          )}
          {more.encryption !== "none" && (
            <>
              <dt>{t("encryption.title")}</dt>
              <dd>
                {t(`facts.encryption.${more.encryption}`)}
                {more.encryption === "named" && (
                  <>
                    {": "}
                    <code>{more.keyId || defaultKeyName}</code>
                  </>
                )}
              </dd>
            </>
          )}
          {more.tier && (
            <>
              <dt>{t("browser:tierCopy.title")}</dt>
              <dd>{copyText(more)}</dd>
            </>
          )}
          {more.lock.hold && (
            <>
              <dt>{t("facts.hold")}</dt>
              <dd>{t("facts.held")}</dd>
            </>
          )}
          {retained(more.lock) && more.lock.until && (
            <>
              <dt>{t("facts.retained")}</dt>
              <dd>
                {t(`lock.${more.lock.mode}`)}, {t("facts.until", { until: formatExact(more.lock.until) })}
              </dd>
            </>
          )}
          <Pairs title={t("facts.tags")} pairs={more.tags} />
          <Pairs title={t("facts.metadata")} pairs={more.metadata} />
          <Pairs title={t("facts.headers")} pairs={more.headers} />
        </>
      )}
    </dl>
    {mayWrite && more && (
      <p>
        <Button size="sm" icon={<Pencil size={15} />} onClick={() => setEditing(true)}>
          {t("browser:facts.open")}
        </Button>{" "}
        {more.tier && !more.restore?.ongoing && (
          <Button size="sm" icon={<ArchiveRestore size={15} />} onClick={() => setBringing(true)}>
            {more.restore?.until ? t("browser:tierCopy.extend") : t("browser:tierCopy.bring")}
          </Button>
        )}{" "}
        {(more.restore?.ongoing || more.restore?.until) && (
          <Button size="sm" icon={<Ban size={15} />} onClick={() => setCancelling(true)}>
            {t(more.restore.ongoing ? "browser:tierCopy.stop" : "browser:tierCopy.remove")}
          </Button>
        )}
      </p>
    )}
    {bringing && more && (
      <BringBackDialog bucket={bucket} name={name} object={more} onClose={() => setBringing(false)} />
    )}
    {cancelling && more && <CancelCopyDialog bucket={bucket} name={name} object={more} onClose={() => setCancelling(false)} />}
    {editing && more && <PropertiesDialog bucket={bucket} object={more} mayChange={mayChange} onClose={() => setEditing(false)} />}
    </>
  );
}

function Pairs({ title, pairs }: { title: string; pairs: Record<string, string> }) {
  const entries = Object.entries(pairs).sort(([a], [b]) => a.localeCompare(b));
  if (entries.length === 0) return null;
  return (
    <>
      <dt>{title}</dt>
      <dd>
        {entries.map(([name, value]) => (
          <Fragment key={name}>
            <code>
              {name}: {value}
            </code>
            <br />
          </Fragment>
        ))}
      </dd>
    </>
  );
}
