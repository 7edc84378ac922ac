import { getRouteApi, Link } from "@tanstack/react-router";
import { useTranslation } from "react-i18next";
import { BucketHead } from "@/features/buckets/BucketHead";
import { useBucketRole } from "@/features/buckets/useBucketRole";
import { Simulator } from "./Simulator";

const route = getRouteApi("/app/buckets/$bucket/simulator");

/** SimulatorPage asks about a bucket: whoever may change it about everybody, others about themselves. */
export function SimulatorPage() {
  const { t } = useTranslation("simulator");
  const { bucket } = route.useParams();
  const { mayChange } = useBucketRole(bucket);
  return (
    <>
      <BucketHead
        bucket={bucket}
        title={mayChange ? t("title") : t("own.title")}
        description={t("description")}
        crumbs={[
          <Link key="settings" to="/buckets/$bucket/settings" params={{ bucket }}>
            {t("buckets:settings.title")}
          </Link>,
        ]}
      />
      <Simulator key={`${bucket} ${mayChange}`} bucket={bucket} own={!mayChange} />
    </>
  );
}
