import { useQuery } from "@tanstack/react-query";
import { getRouteApi } from "@tanstack/react-router";
import { useTranslation } from "react-i18next";
import { Alert, QueryView, Skeleton } from "@/components";
import { AccessCard } from "./AccessCard";
import { BucketHead } from "./BucketHead";
import s from "./BucketSettings.module.css";
import { CompressionCard } from "./CompressionCard";
import { EncryptionCard } from "./EncryptionCard";
import { LockCard } from "./LockCard";
import { bucketQuery } from "./queries";
import { StatusCard } from "./StatusCard";
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
      <BucketHead bucket={bucket} title={t("settings.title")} />
      <QueryView query={details} skeleton={<Skeleton width="100%" height={420} radius={11} />}>
        {(found) => {
          const shared = { bucket: found, readOnly: !mayChange || !found.keepsVersions };
          return (
            <div className={s.stack} key={bucket}>
              {!mayChange && <Alert>{found.system ? t("settings.system") : t("settings.maintainersOnly")}</Alert>}
              {mayChange && !found.keepsVersions && <Alert>{t("settings.unsupported")}</Alert>}
              <StatusCard bucket={bucket} mayChange={mayChange} />
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
