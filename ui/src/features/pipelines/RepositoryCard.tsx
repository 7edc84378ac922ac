import { Link } from "@tanstack/react-router";
import { GitBranch } from "lucide-react";
import { useTranslation } from "react-i18next";
import type { Repository } from "@/api/types";
import { StateBadge, Time } from "@/components";
import s from "./RepositoryCard.module.css";

export function RepositoryCard({ project, repository }: { project: string; repository: Repository }) {
  const { t } = useTranslation("pipelines");
  const last = repository.lastRun;
  return (
    <article className={s.card}>
      <div className={s.head}>
        <h3 className={s.name}>
          <Link
            className={s.link}
            to="/projects/$project/pipelines/$repository"
            params={{ project, repository: repository.name }}
          >
            {repository.name}
          </Link>
        </h3>
        {last && <StateBadge state={last.state} />}
      </div>
      <p className={s.address}>{repository.cloneUrl.replace(/^https?:\/\//, "")}</p>
      <p className={s.meta}>
        <span>
          <GitBranch size={13} aria-hidden />
          {repository.branch}
        </span>
        {last ? (
          <span>
            #{last.number} <Time value={last.createdAt} />
          </span>
        ) : (
          <span>{t("run.never")}</span>
        )}
      </p>
    </article>
  );
}
