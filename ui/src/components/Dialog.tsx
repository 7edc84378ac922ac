import { X } from "lucide-react";
import { Dialog as Radix } from "radix-ui";
import { useCallback, useRef, type FormEvent, type ReactNode } from "react";
import { useTranslation } from "react-i18next";
import { cx } from "@/lib/cx";
import { giveBack, opener } from "@/lib/opener";
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

/** Dialog is a window over the page; a sheet from below on phones. Closed, it gives the focus back. */
export function Dialog({ open, onOpenChange, title, description, children, footer, onSubmit, wide }: DialogProps) {
  const { t } = useTranslation();
  const from = useRef<HTMLElement>(undefined);
  const appeared = useCallback((dialog: HTMLElement | null) => {
    if (dialog) from.current = opener(dialog);
  }, []);
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
          ref={appeared}
          onOpenAutoFocus={focusFirstField}
          onCloseAutoFocus={(event) => {
            event.preventDefault();
            giveBack(from.current);
          }}
          onKeyDown={(event) => {
            // A tooltip in the dialog would take the key for itself alone.
            if (event.key === "Escape" && event.currentTarget.contains(event.target as Node)) onOpenChange(false);
          }}
          {...(description === undefined ? { "aria-describedby": undefined } : {})}
        >
          <div className={s.head}>
            <Radix.Title className={s.title} title={typeof title === "string" ? title : undefined}>
              {title}
            </Radix.Title>
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
