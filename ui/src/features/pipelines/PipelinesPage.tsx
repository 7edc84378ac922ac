import { useQuery } from "@tanstack/react-query";
import { getRouteApi } from "@tanstack/react-router";
import { GitBranch, Plus } from "lucide-react";
import { useTranslation } from "react-i18next";
import { atLeast, projectRunsQuery, repositoriesQuery, useRole } from "@/api/queries";
import { instanceQuery } from "@/api/session";
import { Alert, Button, Card, EmptyState, PageHeader, QueryView, Skeleton } from "@/components";
import { AddRepositoryDialog } from "./AddRepositoryDialog";
import s from "./PipelinesPage.module.css";
import { RepositoryCard } from "./RepositoryCard";
import { RunList } from "./RunList";
import { sampleFile } from "./sample";

const route = getRouteApi("/app/projects/$project/pipelines");

export function PipelinesPage() {
  const { t } = useTranslation("pipelines");
  const { project } = route.useParams();
  const { add = false } = route.useSearch();
  const navigate = route.useNavigate();
  const mayChange = atLeast(useRole(project), "maintainer");
  const repositories = useQuery({ ...repositoriesQuery(project), refetchInterval: 10_000 });
  const runs = useQuery({ ...projectRunsQuery(project), refetchInterval: 5_000 });
  const setAdding = (open: boolean) => void navigate({ search: open ? { add: true } : {}, replace: true });

  const addButton = mayChange && (
    <Button variant="primary" icon={<Plus size={16} />} onClick={() => setAdding(true)}>
      {t("repository.add")}
    </Button>
  );
  return (
    <>
      <PageHeader title={t("title")} description={t("description")} actions={addButton} />
      <EngineNotice />
      <QueryView query={repositories} skeleton={<Skeleton width="100%" height={132} radius={11} />}>
        {(list) =>
          list.length === 0 ? (
            <EmptyState icon={<GitBranch size={22} />} title={t("repository.none")} action={addButton}>
              <p>{mayChange ? t("repository.noneHint") : t("repository.noneViewer")}</p>
              <pre className={s.sample} aria-label={t("sample")} tabIndex={0}>
                {sampleFile}
              </pre>
            </EmptyState>
          ) : (
            <div className={s.grid}>
              {list.map((repository) => (
                <RepositoryCard key={repository.id} project={project} repository={repository} />
              ))}
            </div>
          )
        }
      </QueryView>
      {repositories.data && repositories.data.length > 0 && (
        <section className={s.runs} aria-labelledby="recent-runs">
          <h2 id="recent-runs">{t("recent")}</h2>
          <QueryView query={runs} skeleton={<Skeleton width="100%" height={194} radius={11} />}>
            {(list) =>
              list.length > 0 ? (
                <RunList project={project} runs={list} withRepository />
              ) : (
                <Card>
                  <p className={s.quiet}>{t("run.noneYet")}</p>
                </Card>
              )
            }
          </QueryView>
        </section>
      )}
      <AddRepositoryDialog project={project} open={add && mayChange} onOpenChange={setAdding} />
    </>
  );
}

/** EngineNotice says what to install when no container can run; everything else works without. */
export function EngineNotice() {
  const { t } = useTranslation("pipelines");
  const docker = useQuery(instanceQuery).data?.docker;
  if (!docker || docker.available) return null;
  return (
    <Alert tone="warn" title={t("engine.missing")} className={s.notice}>
      {docker.message}
    </Alert>
  );
}
