import { useInfiniteQuery, useQuery } from "@tanstack/react-query";
import { getRouteApi, useNavigate } from "@tanstack/react-router";
import { ScrollText } from "lucide-react";
import { useState } from "react";
import { useTranslation } from "react-i18next";
import { api, body } from "@/api/client";
import { atLeast, projectsQuery } from "@/api/queries";
import { useMe } from "@/api/session";
import type { AuditEntry } from "@/api/types";
import { Button, DataTable, EmptyState, ErrorState, Field, Input, Select, Time } from "@/components";
import s from "./Audit.module.css";
import { AuditDetails } from "./AuditDetails";
import { Outcome } from "./Outcome";

const route = getRouteApi("/app/audit");

/** Changes is the audit log itself: a project's, or for administrators everything. */
export function Changes() {
  const { t } = useTranslation("audit");
  const me = useMe();
  const navigate = useNavigate();
  const { project } = route.useSearch();
  const projects = useQuery(projectsQuery);
  const choices = projects.data?.filter((p) => atLeast(p.role, "maintainer")) ?? [];
  const slug = project ?? (me.admin ? undefined : choices[0]?.slug);
  const [text, setText] = useState("");
  const [opened, setOpened] = useState<AuditEntry>();
  const log = useInfiniteQuery({
    queryKey: ["audit", slug ?? ""],
    queryFn: ({ pageParam, signal }) =>
      body(
        api.GET("/api/v1/audit", {
          params: { query: { project: slug, cursor: pageParam || undefined, limit: 50 } },
          signal,
        }),
      ),
    initialPageParam: "",
    getNextPageParam: (page) => page.next || undefined,
    enabled: me.admin || slug !== undefined,
  });
  const loaded = log.data?.pages.flatMap((page) => page.items);
  const found = loaded?.filter((entry) => contains(entry, text));
  const nothingToSee = !me.admin && projects.data !== undefined && choices.length === 0;
  if (nothingToSee) {
    return (
      <EmptyState icon={<ScrollText size={22} />} title={t("notYours")}>
        {t("notYoursBody")}
      </EmptyState>
    );
  }
  return (
    <>
      <div className={s.filters}>
        <Field label={t("project")}>
          <Select
            value={slug ?? ""}
            onChange={(event) =>
              void navigate({
                to: "/audit",
                search: event.target.value ? { project: event.target.value } : {},
                replace: true,
              })
            }
          >
            {me.admin && <option value="">{t("everything")}</option>}
            {choices.map((p) => (
              <option key={p.id} value={p.slug}>
                {p.name}
              </option>
            ))}
          </Select>
        </Field>
        <Field label={t("filter")}>
          <Input
            type="search"
            placeholder={t("filterExample")}
            value={text}
            onChange={(event) => setText(event.target.value)}
          />
        </Field>
      </div>
      {log.isError && !loaded ? (
        <ErrorState error={log.error} onRetry={() => void log.refetch()} />
      ) : found?.length === 0 ? (
        <EmptyState icon={<ScrollText size={22} />} title={text ? t("noneFound") : t("none")}>
          {text ? t("noneFoundBody", { count: loaded?.length ?? 0 }) : t("noneBody")}
        </EmptyState>
      ) : (
        <DataTable
          caption={t("title")}
          rows={found}
          rowKey={(entry) => entry.id}
          skeletonRows={8}
          columns={[
            {
              id: "action",
              header: t("action"),
              kind: "primary",
              cell: (entry) => (
                <button type="button" className={s.open} onClick={() => setOpened(entry)}>
                  <span className={s.action}>{entry.action}</span>
                </button>
              ),
            },
            { id: "actor", header: t("actor"), cell: (entry) => entry.actor.name || t("nobody") },
            {
              id: "target",
              header: t("target"),
              muted: true,
              cell: (entry) => <span className={s.target}>{entry.target}</span>,
            },
            { id: "outcome", header: t("outcome"), cell: (entry) => <Outcome value={entry.outcome} /> },
            {
              id: "at",
              header: t("at"),
              muted: true,
              align: "right",
              cell: (entry) => <Time value={entry.at} />,
            },
          ]}
        />
      )}
      <div className={s.more}>
        {log.hasNextPage ? (
          <Button busy={log.isFetchingNextPage} onClick={() => void log.fetchNextPage()}>
            {t("common:loadMore")}
          </Button>
        ) : (
          loaded !== undefined && loaded.length > 0 && t("end")
        )}
      </div>
      <AuditDetails entry={opened} onClose={() => setOpened(undefined)} />
    </>
  );
}

/** contains finds all typed words in what a row shows. */
function contains(entry: AuditEntry, text: string): boolean {
  const all = `${entry.action} ${entry.actor.name} ${entry.target} ${entry.outcome}`.toLowerCase();
  return text
    .toLowerCase()
    .split(/\s+/)
    .every((word) => all.includes(word));
}
