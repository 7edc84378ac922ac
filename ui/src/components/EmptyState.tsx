import { CloudOff, RotateCw } from "lucide-react";
import type { ReactNode } from "react";
import { useTranslation } from "react-i18next";
import { ApiError, errorText } from "@/api/errors";
import { cx } from "@/lib/cx";
import { Button } from "./Button";
import s from "./EmptyState.module.css";

type EmptyStateProps = {
  icon: ReactNode;
  title: ReactNode;
  /** What this place is for and what to do next. */
  children?: ReactNode;
  action?: ReactNode;
  /** Inside a card, which has a border already. */
  bare?: boolean;
  compact?: boolean;
};

/** What stands in a card is under the card's title. */
const headingIn = (bare?: boolean) => (bare ? "h3" : "h2");

export function EmptyState({ icon, title, children, action, bare, compact }: EmptyStateProps) {
  const Heading = headingIn(bare);
  return (
    <div className={cx(s.empty, !bare && s.framed, compact && s.compact)}>
      <span className={s.icon} aria-hidden>
        {icon}
      </span>
      <Heading className={s.title}>{title}</Heading>
      {children !== undefined && <div className={s.body}>{children}</div>}
      {action !== undefined && <div className={s.action}>{action}</div>}
    </div>
  );
}

/** ErrorState says what could not be loaded and offers another try. */
export function ErrorState({ error, onRetry, bare }: { error: unknown; onRetry?: () => void; bare?: boolean }) {
  const { t } = useTranslation();
  const Heading = headingIn(bare);
  return (
    <div className={cx(s.empty, s.danger, !bare && s.framed)} role="alert">
      <span className={s.icon} aria-hidden>
        <CloudOff size={22} />
      </span>
      <Heading className={s.title}>{t("loadFailed")}</Heading>
      <div className={s.body}>{errorText(error)}</div>
      {error instanceof ApiError && error.requestId !== "" && (
        <div className={s.small}>{t("requestId", { id: error.requestId })}</div>
      )}
      {onRetry && (
        <div className={s.action}>
          <Button icon={<RotateCw size={15} />} onClick={onRetry}>
            {t("retry")}
          </Button>
        </div>
      )}
    </div>
  );
}
