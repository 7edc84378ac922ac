import { X } from "lucide-react";
import { Dialog as Radix } from "radix-ui";
import type { FormEvent, ReactNode } from "react";
import { useTranslation } from "react-i18next";
import { cx } from "@/lib/cx";
import { IconButton } from "./Button";
import s from "./Dialog.module.css";

type DialogProps = {
  open: boolean;
  onOpenChange: (open: boolean) => void;
  title: ReactNode;
  description?: ReactNode;
  children?: ReactNode;
  /** Buttons; the last one is the main action. */
  footer?: ReactNode;
  /** Makes body and footer one form, so that Enter does the main action. */
  onSubmit?: () => void;
  wide?: boolean;
};

/** The first thing to fill in has the focus, else the window itself: never its close button. */
function focusFirstField(event: Event) {
  event.preventDefault();
  const dialog = event.currentTarget as HTMLElement;
  const field = dialog.querySelector<HTMLElement>("input:enabled, select:enabled, textarea:enabled");
  (field ?? dialog).focus();
}

/** Dialog is a window over the page; a sheet from below on phones. */
export function Dialog({ open, onOpenChange, title, description, children, footer, onSubmit, wide }: DialogProps) {
  const { t } = useTranslation();
  const inside = (
    <>
      {children !== undefined && <div className={s.body}>{children}</div>}
      {footer !== undefined && <div className={s.footer}>{footer}</div>}
    </>
  );
  return (
    <Radix.Root open={open} onOpenChange={onOpenChange}>
      <Radix.Portal>
        <Radix.Overlay className={s.overlay} />
        <Radix.Content
          className={cx(s.dialog, wide && s.wide)}
          onOpenAutoFocus={focusFirstField}
          {...(description === undefined ? { "aria-describedby": undefined } : {})}
        >
          <div className={s.head}>
            <Radix.Title className={s.title}>{title}</Radix.Title>
            <Radix.Close asChild>
              <IconButton size="sm" label={t("close")} icon={<X size={17} />} />
            </Radix.Close>
          </div>
          {description !== undefined && (
            <Radix.Description className={s.description}>{description}</Radix.Description>
          )}
          {onSubmit ? (
            <form
              className={s.form}
              onSubmit={(event: FormEvent) => {
                event.preventDefault();
                event.stopPropagation();
                onSubmit();
              }}
            >
              {inside}
            </form>
          ) : (
            inside
          )}
        </Radix.Content>
      </Radix.Portal>
    </Radix.Root>
  );
}
