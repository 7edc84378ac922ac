import { useInfiniteQuery, useQuery } from "@tanstack/react-query";
import { getRouteApi, Link } from "@tanstack/react-router";
import { Play } from "lucide-react";
import { useState } from "react";
import { useTranslation } from "react-i18next";
import { atLeast, useRole } from "@/api/queries";
import type { Repository } from "@/api/types";
import { Button, EmptyState, PageHeader, QueryView, Skeleton, Tabs } from "@/components";
import { EngineNotice } from "./PipelinesPage";
import s from "./PipelinesPage.module.css";
import { repositoryQuery, runsQuery } from "./queries";
import { RepositorySettings } from "./RepositorySettings";
import { RunList } from "./RunList";
import { sampleFile } from "./sample";
import { StartRunDialog } from "./StartRunDialog";

const route = getRouteApi("/app/projects/$project/pipelines/$repository");

export function RepositoryPage() {
  const { t } = useTranslation("pipelines");
  const { project, repository: name } = route.useParams();
  const { view } = route.useSearch();
  const navigate = route.useNavigate();
  const role = useRole(project);
  const [starting, setStarting] = useState(false);
  const repository = useQuery(repositoryQuery(project, name));
  const runButton = atLeast(role, "developer") && repository.data && (
    <Button variant="primary" icon={<Play size={15} />} onClick={() => setStarting(true)}>
      {t("run.start")}
    </Button>
  );
  return (
    <>
      <PageHeader
        title={name}
        description={repository.data?.cloneUrl ?? <Skeleton width="22em" />}
        breadcrumbs={[
          <Link key="pipelines" to="/projects/$project/pipelines" params={{ project }}>
            {t("title")}
          </Link>,
        ]}
        actions={runButton}
      />
      <EngineNotice />
      <QueryView query={repository} skeleton={<Skeleton width="100%" height={240} radius={11} />}>
        {(data) => (
          <>
            {atLeast(role, "maintainer") ? (
              <Tabs
                label={name}
                value={view ?? "runs"}
                onValueChange={(value) =>
                  void navigate({ search: value === "settings" ? { view: "settings" } : {}, replace: true })
                }
                tabs={[
                  {
                    value: "runs",
                    label: t("run.list"),
                    content: <Runs project={project} repository={data} action={runButton} />,
                  },
                  {
                    value: "settings",
                    label: t("settings.title"),
                    content: <RepositorySettings project={project} repository={data} />,
                  },
                ]}
              />
            ) : (
              <Runs project={project} repository={data} action={runButton} />
            )}
            <StartRunDialog project={project} repository={data} open={starting} onOpenChange={setStarting} />
          </>
        )}
      </QueryView>
    </>
  );
}

type RunsProps = { project: string; repository: Repository; action: React.ReactNode };

function Runs({ project, repository, action }: RunsProps) {
  const { t } = useTranslation("pipelines");
  const runs = useInfiniteQuery(runsQuery(project, repository.name));
  if (runs.data === undefined) {
    return <QueryView query={runs} skeleton={<Skeleton width="100%" height={194} radius={11} />}>{() => null}</QueryView>;
  }
  const list = runs.data.pages.flatMap((page) => page.items);
  if (list.length === 0) {
    return (
      <EmptyState icon={<Play size={22} />} title={t("run.none")} action={action}>
        <p>{t("run.noneHint", { branch: repository.branch })}</p>
        <pre className={s.sample} aria-label={t("sample")} tabIndex={0}>
          {sampleFile}
        </pre>
      </EmptyState>
    );
  }
  return (
    <>
      <RunList project={project} runs={list} />
      {runs.hasNextPage && (
        <p className={s.more}>
          <Button busy={runs.isFetchingNextPage} onClick={() => void runs.fetchNextPage()}>
            {t("common:loadMore")}
          </Button>
        </p>
      )}
    </>
  );
}
