import { useQuery } from "@tanstack/react-query";
import { Link } from "@tanstack/react-router";
import { GitBranch, Workflow } from "lucide-react";
import { useTranslation } from "react-i18next";
import { atLeast, projectRunsQuery, repositoriesQuery } from "@/api/queries";
import type { Project } from "@/api/types";
import { ButtonLink, Card, EmptyState, PageHeader, QueryView, Skeleton, StateIcon, Time } from "@/components";
import { RunRow } from "@/features/overview/RunRow";
import rows from "@/features/overview/Overview.module.css";
import { pipelinesPath, repositoryPath } from "@/lib/paths";
import { FactsCard, PeopleCard } from "./ProjectCards";
import s from "./Project.module.css";
import { useProject } from "./useProject";

export function ProjectPage() {
  const project = useProject();
  return (
    <>
      <PageHeader title={project.name} description={project.description || undefined} />
      <div className={s.columns}>
        <div className={s.column}>
          <RunsCard project={project} />
          <RepositoriesCard project={project} />
        </div>
        <div className={s.column}>
          <PeopleCard project={project} />
          <FactsCard project={project} />
        </div>
      </div>
    </>
  );
}

function RunsCard({ project }: { project: Project }) {
  const { t } = useTranslation("projects");
  const runs = useQuery({ ...projectRunsQuery(project.slug, 8), refetchInterval: 10_000 });
  return (
    <Card title={t("runs")} flush>
      <QueryView query={runs} bare skeleton={<RowsSkeleton />}>
        {(list) =>
          list.length === 0 ? (
            <EmptyState icon={<Workflow size={22} />} title={t("noRuns")} bare compact>
              {t("noRunsBody")}
            </EmptyState>
          ) : (
            <div className={rows.rows}>
              {list.map((run) => (
                <RunRow key={run.id} run={run} project={project} />
              ))}
            </div>
          )
        }
      </QueryView>
    </Card>
  );
}

function RepositoriesCard({ project }: { project: Project }) {
  const { t } = useTranslation("projects");
  const repositories = useQuery(repositoriesQuery(project.slug));
  return (
    <Card
      title={t("repositories")}
      flush
      actions={<Link to={pipelinesPath(project.slug)}>{t("allRepositories")}</Link>}
    >
      <QueryView query={repositories} bare skeleton={<RowsSkeleton />}>
        {(list) =>
          list.length === 0 ? (
            <EmptyState
              icon={<GitBranch size={22} />}
              title={t("noRepositories")}
              bare
              compact
              action={
                atLeast(project.role, "maintainer") && (
                  <ButtonLink to={pipelinesPath(project.slug)} variant="primary">
                    {t("addRepository")}
                  </ButtonLink>
                )
              }
            >
              {t("noRepositoriesBody")}
            </EmptyState>
          ) : (
            <div className={rows.rows}>
              {list.map((repository) => (
                <Link
                  key={repository.id}
                  to={repositoryPath(project.slug, repository.name)}
                  className={rows.row}
                >
                  {repository.lastRun ? <StateIcon state={repository.lastRun.state} /> : <GitBranch size={17} />}
                  <span>
                    <b>{repository.name}</b>
                    <small>{repository.cloneUrl}</small>
                  </span>
                  {repository.lastRun ? (
                    <Time value={repository.lastRun.createdAt} />
                  ) : (
                    <span className={rows.when}>{t("neverRan")}</span>
                  )}
                </Link>
              ))}
            </div>
          )
        }
      </QueryView>
    </Card>
  );
}

function RowsSkeleton() {
  return (
    <div className={rows.rows} aria-busy>
      {[0, 1, 2].map((i) => (
        <div key={i} className={rows.row}>
          <Skeleton width={17} height={17} radius={9} />
          <Skeleton width="60%" />
        </div>
      ))}
    </div>
  );
}
