import { Link } from "@tanstack/react-router";
import { GitBranch, GitCommitHorizontal } from "lucide-react";
import { useTranslation } from "react-i18next";
import type { RunCard } from "@/api/types";
import { Duration, StateBadge, StateIcon } from "@/components";
import s from "./Chat.module.css";

/** RunCardView is a run in its project's room; it changes in place as the run goes. */
export function RunCardView({ card }: { card: RunCard }) {
  const { t } = useTranslation("chat");
  return (
    <article className={s.card} data-state={card.state} data-testid="run-card">
      <div className={s.cardHead}>
        <Link to={card.url} className={s.cardTitle}>
          {card.repository} #{card.number}
        </Link>
        <StateBadge state={card.state} />
      </div>
      {card.commitMessage && <p className={s.cardMessage}>{card.commitMessage.split("\n", 1)[0]}</p>}
      {card.stages.length > 0 && (
        <ul className={s.cardStages}>
          {card.stages.map((stage) => (
            <li key={stage.name}>
              <StateIcon state={stage.state} size={15} />
              {stage.name}
            </li>
          ))}
        </ul>
      )}
      <p className={s.cardMeta}>
        <span>
          <GitBranch size={13} aria-hidden />
          {card.branch}
        </span>
        {card.commit && (
          <span>
            <GitCommitHorizontal size={13} aria-hidden />
            {card.commit.slice(0, 8)}
          </span>
        )}
        {card.author && <span>{card.author}</span>}
        <Duration from={card.startedAt} to={card.finishedAt} />
        <Link to={card.url} className={s.cardLog}>
          {t("log")}
        </Link>
      </p>
    </article>
  );
}
