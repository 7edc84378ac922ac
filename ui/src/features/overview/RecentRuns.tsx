import { useQueries } from "@tanstack/react-query";
import { Workflow } from "lucide-react";
import { useTranslation } from "react-i18next";
import { projectRunsQuery } from "@/api/queries";
import type { Project, RunSummary } from "@/api/types";
import { Card, EmptyState, Skeleton } from "@/components";
import { RunRow } from "./RunRow";
import s from "./Overview.module.css";

const shown = 6;
/** Each project is one request: with many, only the first are asked. */
const asked = 8;

type Entry = { run: RunSummary; project: Project };

/** RecentRuns are the newest runs of all my projects. */
export function RecentRuns({ projects }: { projects: Project[] | undefined }) {
  const { t } = useTranslation("overview");
  const queries = useQueries({
    queries: (projects ?? []).slice(0, asked).map((p) => ({
      ...projectRunsQuery(p.slug, shown),
      refetchInterval: 15_000,
    })),
  });
  if (projects?.length === 0) return null;
  const pending = !projects || queries.some((q) => q.isPending);
  const entries = queries
    .flatMap((query, index): Entry[] => {
      const project = projects?.[index];
      return project && query.data ? query.data.map((run) => ({ run, project })) : [];
    })
    .sort((a, b) => b.run.createdAt.localeCompare(a.run.createdAt))
    .slice(0, shown);
  return (
    <Card title={t("recentRuns")} flush>
      {pending ? (
        <div className={s.rows} aria-busy>
          {[0, 1, 2].map((i) => (
            <div key={i} className={s.row}>
              <Skeleton width={17} height={17} radius={9} />
              <Skeleton width="60%" />
            </div>
          ))}
        </div>
      ) : entries.length === 0 ? (
        <EmptyState icon={<Workflow size={22} />} title={t("noRuns")} bare compact>
          {t("noRunsBody")}
        </EmptyState>
      ) : (
        <div className={s.rows}>
          {entries.map(({ run, project }) => (
            <RunRow key={run.id} run={run} project={project} showProject />
          ))}
        </div>
      )}
    </Card>
  );
}
