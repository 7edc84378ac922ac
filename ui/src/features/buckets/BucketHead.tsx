import { Link } from "@tanstack/react-router";
import type { ReactNode } from "react";
import { useTranslation } from "react-i18next";
import { Breadcrumbs, NavTab, NavTabs, PageHeader } from "@/components";
import s from "./BucketHead.module.css";
import { useBucketRole } from "./useBucketRole";

type BucketHeadProps = {
  bucket: string;
  title: string;
  description?: ReactNode;
  actions?: ReactNode;
  /** Between the bucket and this page. */
  crumbs?: ReactNode[];
};

/** BucketHead begins every page of a bucket: where it is, the way to the others, and its own title. */
export function BucketHead({ bucket, title, description, actions, crumbs = [] }: BucketHeadProps) {
  const { t } = useTranslation("buckets");
  const { mayChange } = useBucketRole(bucket);
  const params = { bucket };
  return (
    <>
      <div className={s.head}>
        <Breadcrumbs
          items={[
            <Link key="buckets" to="/buckets">
              {t("title")}
            </Link>,
            <Link key="bucket" to="/buckets/$bucket" params={params} search={{}}>
              {bucket}
            </Link>,
            ...crumbs,
          ]}
        />
        <NavTabs label={t("pages", { name: bucket })}>
          <NavTab to="/buckets/$bucket" params={params} search={{}} activeOptions={{ exact: true, includeSearch: false }}>
            {t("objects")}
          </NavTab>
          <NavTab to="/buckets/$bucket/usage" params={params} search={{}} activeOptions={{ includeSearch: false }}>
            {t("usage:title")}
          </NavTab>
          <NavTab to="/buckets/$bucket/settings" params={params}>
            {t("settings.open")}
          </NavTab>
          <NavTab to="/buckets/$bucket/lifecycle" params={params}>
            {t("lifecycle:title")}
          </NavTab>
          <NavTab to="/buckets/$bucket/events" params={params}>
            {t("events:title")}
          </NavTab>
          {mayChange && (
            <NavTab to="/buckets/$bucket/replication" params={params}>
              {t("replication:title")}
            </NavTab>
          )}
          <NavTab to="/buckets/$bucket/inventory" params={params}>
            {t("inventory:title")}
          </NavTab>
        </NavTabs>
      </div>
      <PageHeader title={title} description={description} actions={actions} />
    </>
  );
}
