import { Link } from "@tanstack/react-router";
import { useTranslation } from "react-i18next";
import type { Stage, Step } from "@/api/types";
import { Duration, StateIcon } from "@/components";
import { cx } from "@/lib/cx";
import s from "./StageList.module.css";

/** stepToShow is the step somebody most likely wants to see: one that runs, else one that went wrong, else the last. */
export function stepToShow(steps: Step[]): Step | undefined {
  const begun = steps.filter((step) => step.state !== "pending" && step.state !== "skipped");
  return (
    steps.find((step) => step.state === "running") ??
    steps.find((step) => step.state === "failed" || step.state === "error") ??
    begun.at(-1) ??
    steps[0]
  );
}

export function StageList({ stages, shown }: { stages: Stage[]; shown: string }) {
  const { t } = useTranslation("pipelines");
  return (
    <nav className={s.stages} aria-label={t("stages")}>
      {stages.map((stage) => (
        <section key={stage.name} className={s.stage}>
          <h2 className={s.stageName}>
            <StateIcon state={stage.state} size={15} />
            {stage.name}
          </h2>
          <ul>
            {stage.steps.map((step) => (
              <li key={step.id}>
                <Link
                  from="/projects/$project/pipelines/$repository/runs/$number"
                  to="."
                  search={{ step: step.id }}
                  replace
                  resetScroll={false}
                  className={cx(s.step, step.id === shown && s.shown)}
                  aria-current={step.id === shown ? "true" : undefined}
                >
                  <StateIcon state={step.state} />
                  <span className={s.stepName}>{step.name}</span>
                  <span className={s.time}>
                    {step.exitCode !== undefined && step.exitCode !== 0 && (
                      <span className={s.exit}>{t("step.exit", { code: step.exitCode })}</span>
                    )}
                    <Duration from={step.startedAt} to={step.finishedAt} />
                  </span>
                </Link>
              </li>
            ))}
          </ul>
        </section>
      ))}
    </nav>
  );
}
