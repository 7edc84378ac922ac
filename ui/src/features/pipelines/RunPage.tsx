import { useMutation, useQueryClient } from "@tanstack/react-query";
import { getRouteApi, Link } from "@tanstack/react-router";
import { Ban, GitBranch, GitCommitHorizontal } from "lucide-react";
import { useTranslation } from "react-i18next";
import { api, body } from "@/api/client";
import { atLeast, useRole } from "@/api/queries";
import type { Run } from "@/api/types";
import { Alert, Button, Duration, PageHeader, QueryView, Skeleton, StateBadge, Time, toast } from "@/components";
import { Artifacts } from "./Artifacts";
import { LogView } from "./LogView";
import { isFinal, runAddress, runQuery } from "./queries";
import s from "./RunPage.module.css";
import { StageList, stepToShow } from "./StageList";
import { useLiveRun } from "./useLiveRun";

const route = getRouteApi("/app/projects/$project/pipelines/$repository/runs/$number");

export function RunPage() {
  const { t } = useTranslation("pipelines");
  const { project, repository, number } = route.useParams();
  const run = useLiveRun(project, repository, Number(number));
  return (
    <>
      <PageHeader
        title={
          <span className={s.title}>
            {run.data ? <StateBadge state={run.data.state} /> : <Skeleton width="5em" />}
            <span>{run.data ? headline(run.data) : `#${number}`}</span>
          </span>
        }
        documentTitle={`${repository} #${number}`}
        description={run.data ? <Facts run={run.data} /> : <Skeleton width="24em" />}
        breadcrumbs={[
          <Link key="pipelines" to="/projects/$project/pipelines" params={{ project }}>
            {t("title")}
          </Link>,
          <Link key="repository" to="/projects/$project/pipelines/$repository" params={{ project, repository }}>
            {repository}
          </Link>,
          `#${number}`,
        ]}
        actions={run.data && <Cancel project={project} run={run.data} />}
      />
      <QueryView query={run} skeleton={<Skeleton width="100%" height={420} radius={11} />}>
        {(data) => <RunBody project={project} run={data} />}
      </QueryView>
    </>
  );

  function headline(data: Run) {
    return data.commitMessage.split("\n", 1)[0] || t("run.untitled");
  }
}

function Facts({ run }: { run: Run }) {
  const { t } = useTranslation("pipelines");
  return (
    <span className={s.facts}>
      <span>
        <GitBranch size={14} aria-hidden />
        {run.branch}
      </span>
      {run.commit && (
        <span className={s.mono}>
          <GitCommitHorizontal size={14} aria-hidden />
          {run.commit.slice(0, 8)}
        </span>
      )}
      <span>{t(`trigger.${run.trigger}`)}</span>
      {run.author && <span>{run.author}</span>}
      <Time value={run.createdAt} />
      <Duration from={run.startedAt} to={run.finishedAt} />
    </span>
  );
}

function RunBody({ project, run }: { project: string; run: Run }) {
  const { t } = useTranslation("pipelines");
  const { step: chosen } = route.useSearch();
  const steps = run.stages.flatMap((stage) => stage.steps);
  const step = steps.find((candidate) => candidate.id === chosen) ?? stepToShow(steps);
  const address = runAddress(project, run.repository, run.number);
  return (
    <>
      {run.error && (
        <Alert tone={run.state === "canceled" ? "info" : "danger"} className={s.error}>
          <span className={s.errorText}>{run.error}</span>
        </Alert>
      )}
      {steps.length === 0 && !isFinal(run.state) && (
        <p className={s.waiting}>{run.state === "queued" ? t("run.queued") : t("run.fetching")}</p>
      )}
      {step && (
        <div className={s.columns}>
          <StageList stages={run.stages} shown={step.id} />
          <div className={s.main}>
            {step.error && (
              <Alert tone="warn">
                <span className={s.errorText}>{step.error}</span>
              </Alert>
            )}
            <LogView url={`${address}/steps/${encodeURIComponent(step.id)}/log`} step={step} />
          </div>
        </div>
      )}
      <Artifacts run={run} />
    </>
  );
}

function Cancel({ project, run }: { project: string; run: Run }) {
  const { t } = useTranslation("pipelines");
  const client = useQueryClient();
  const may = atLeast(useRole(project), "developer");
  const path = { project, name: run.repository, number: run.number };
  const cancel = useMutation({
    mutationFn: () =>
      body(
        api.POST("/api/v1/projects/{project}/repositories/{name}/runs/{number}/cancel", { params: { path } }),
      ),
    onSuccess: (fresh) => client.setQueryData(runQuery(project, run.repository, run.number).queryKey, fresh),
    onError: toast.error,
  });
  if (!may || isFinal(run.state)) return null;
  return (
    <Button icon={<Ban size={15} />} busy={cancel.isPending} onClick={() => cancel.mutate()}>
      {t("run.cancel")}
    </Button>
  );
}
