import { Link } from "@tanstack/react-router";
import type { Project, RunSummary } from "@/api/types";
import { StateIcon, Time } from "@/components";
import { runPath } from "@/lib/paths";
import s from "./Overview.module.css";

/** RunRow is one run in a list outside of its repository. */
export function RunRow({
  run,
  project,
  showProject,
}: {
  run: RunSummary;
  project: Project;
  showProject?: boolean;
}) {
  const where = [showProject && project.name, run.repository, `#${run.number}`, run.branch]
    .filter(Boolean)
    .join(" · ");
  return (
    <Link to={runPath(project.slug, run.repository, run.number)} className={s.row}>
      <StateIcon state={run.state} />
      <span>
        <b>{run.commitMessage.split("\n")[0] || run.commit.slice(0, 8) || run.branch}</b>
        <small>{where}</small>
      </span>
      <Time value={run.createdAt} />
    </Link>
  );
}
