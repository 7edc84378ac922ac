import { useQuery } from "@tanstack/react-query";
import { getRouteApi, Link } from "@tanstack/react-router";
import { BellRing, CalendarClock, ClipboardList, CopyPlus } from "lucide-react";
import { useTranslation } from "react-i18next";
import { Alert, ButtonLink, PageHeader, QueryView, Skeleton } from "@/components";
import { AccessCard } from "./AccessCard";
import s from "./BucketSettings.module.css";
import { CompressionCard } from "./CompressionCard";
import { EncryptionCard } from "./EncryptionCard";
import { LockCard } from "./LockCard";
import { bucketQuery } from "./queries";
import { UsageCard } from "./UsageCard";
import { useBucketRole } from "./useBucketRole";
import { VersioningCard } from "./VersioningCard";
import { WebCards } from "./WebCards";

const route = getRouteApi("/app/buckets/$bucket/settings");

export function BucketSettingsPage() {
  const { t } = useTranslation("buckets");
  const { bucket } = route.useParams();
  const details = useQuery(bucketQuery(bucket));
  const { mayChange } = useBucketRole(bucket);
  return (
    <>
      <PageHeader
        title={t("settings.title")}
        breadcrumbs={[
          <Link key="buckets" to="/buckets">
            {t("title")}
          </Link>,
          <Link key="bucket" to="/buckets/$bucket" params={{ bucket }} search={{}}>
            {bucket}
          </Link>,
        ]}
        actions={
          <>
            <ButtonLink to="/buckets/$bucket/lifecycle" params={{ bucket }} icon={<CalendarClock size={16} />}>
              {t("lifecycle:open")}
            </ButtonLink>
            <ButtonLink to="/buckets/$bucket/inventory" params={{ bucket }} icon={<ClipboardList size={16} />}>
              {t("inventory:button")}
            </ButtonLink>
            <ButtonLink to="/buckets/$bucket/events" params={{ bucket }} icon={<BellRing size={16} />}>
              {t("events:button")}
            </ButtonLink>
            {mayChange && (
              <ButtonLink to="/buckets/$bucket/replication" params={{ bucket }} icon={<CopyPlus size={16} />}>
                {t("replication:open")}
              </ButtonLink>
            )}
          </>
        }
      />
      <QueryView query={details} skeleton={<Skeleton width="100%" height={420} radius={11} />}>
        {(found) => {
          const shared = { bucket: found, readOnly: !mayChange || !found.keepsVersions };
          return (
            <div className={s.stack} key={bucket}>
              {!mayChange && <Alert>{found.system ? t("settings.system") : t("settings.maintainersOnly")}</Alert>}
              {mayChange && !found.keepsVersions && <Alert>{t("settings.unsupported")}</Alert>}
              <UsageCard {...shared} />
              <AccessCard {...shared} />
              <VersioningCard {...shared} />
              {found.settings.objectLock && <LockCard {...shared} />}
              <EncryptionCard {...shared} />
              <CompressionCard {...shared} />
              <WebCards {...shared} />
            </div>
          );
        }}
      </QueryView>
    </>
  );
}
