import { Link } from "@tanstack/react-router";
import { GitBranch, GitCommitHorizontal } from "lucide-react";
import { useTranslation } from "react-i18next";
import type { RunSummary } from "@/api/types";
import { Duration, StateIcon, Time } from "@/components";
import s from "./RunList.module.css";

type RunListProps = { project: string; runs: RunSummary[]; withRepository?: boolean };

/** RunList is runs as lines that lead to them, newest first. */
export function RunList({ project, runs, withRepository }: RunListProps) {
  const { t } = useTranslation("pipelines");
  return (
    <ul className={s.list} data-testid="run-list">
      {runs.map((run) => (
        <li key={run.id} className={s.row}>
          <StateIcon state={run.state} size={19} />
          <div className={s.what}>
            <Link
              className={s.title}
              to="/projects/$project/pipelines/$repository/runs/$number"
              params={{ project, repository: run.repository, number: String(run.number) }}
            >
              {run.commitMessage.split("\n", 1)[0] || t("run.untitled")}
            </Link>
            <p className={s.meta}>
              <span className={s.number}>
                {withRepository ? `${run.repository} ` : ""}#{run.number}
              </span>
              <span>
                <GitBranch size={13} aria-hidden />
                {run.branch}
              </span>
              {run.commit && (
                <span className={s.mono}>
                  <GitCommitHorizontal size={13} aria-hidden />
                  {run.commit.slice(0, 8)}
                </span>
              )}
              <span>{t(`trigger.${run.trigger}`)}</span>
              {run.author && <span>{run.author}</span>}
            </p>
          </div>
          <div className={s.when}>
            <Time value={run.createdAt} />
            <span className={s.duration}>
              <Duration from={run.startedAt} to={run.finishedAt} />
            </span>
          </div>
        </li>
      ))}
    </ul>
  );
}
