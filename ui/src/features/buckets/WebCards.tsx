import { useMutation, useQuery, useQueryClient } from "@tanstack/react-query";
import { api, body } from "@/api/client";
import type { BucketWeb, BucketWebChange } from "@/api/types";
import { QueryView, Skeleton, toast } from "@/components";
import { useTranslation } from "react-i18next";
import { CorsCard } from "./CorsCard";
import { webQuery } from "./queries";
import type { SettingsProps } from "./SettingsForm";
import { WebDAVCard } from "./WebDAVCard";
import { WebsiteCard } from "./WebsiteCard";

/** WebCards say and set what web applications may do with the bucket. */
export function WebCards({ bucket, readOnly }: SettingsProps) {
  const web = useQuery(webQuery(bucket.name));
  return (
    <QueryView query={web} skeleton={<Skeleton width="100%" height={320} radius={11} />}>
      {(found) => {
        const shared = { bucket: bucket.name, readOnly: readOnly || !found.changeable, web: found };
        return (
          <>
            <WebsiteCard {...shared} />
            <CorsCard {...shared} />
            <WebDAVCard {...shared} />
          </>
        );
      }}
    </QueryView>
  );
}

/** What each of the cards gets. */
export type WebProps = { bucket: string; readOnly: boolean; web: BucketWeb };

/** useSaveWeb changes what is named, and tells how it is then. */
export function useSaveWeb(bucket: string, saved: (web: BucketWeb) => void) {
  const { t } = useTranslation("buckets");
  const client = useQueryClient();
  return useMutation({
    mutationFn: (change: BucketWebChange) =>
      body(api.PATCH("/api/v1/buckets/{bucket}/web", { params: { path: { bucket } }, body: change })),
    onSuccess: (changed) => {
      client.setQueryData(webQuery(bucket).queryKey, changed);
      saved(changed);
      toast.ok(t("common:saved"));
    },
  });
}
